/** Starts the demo as its user would (`./postern demo`), in a folder of its own, and ends it by its pid. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export type Demo = {
  readonly folder: string
  readonly host: string
  readonly ports: Readonly<
    Record<'smtp' | 'submissions' | 'submission' | 'imap' | 'imaps' | 'pop3' | 'pop3s' | 'metrics' | 'dns', number>
  >
  readonly accounts: readonly { readonly address: string; readonly password: string }[]
  /** The demo's own certificate authority, PEM file. */
  readonly ca: string
  readonly pid: number
  readonly child: ChildProcess
  readonly stop: () => Promise<void>
}

const READY_MS = 60_000

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/** @param portBase a range of the test's own. @param folder kept when given, else made and removed. */
export const startDemo = async (
  portBase: number,
  options: { readonly messages?: number; readonly folder?: string; readonly args?: readonly string[] } = {},
): Promise<Demo> => {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'postern-demo-'))
  const words = [
    'demo',
    '--data',
    folder,
    '--messages',
    String(options.messages ?? 0),
    '--port-base',
    String(portBase),
    '--json',
  ]
  const child = spawn('./postern', [...words, ...(options.args ?? [])], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const ready = await new Promise<Record<string, unknown>>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('the demo was not ready in a minute')), READY_MS)
    child.once('exit', (code) => reject(new Error(`the demo ended with ${code} before it was ready`)))
    createInterface({ input: child.stdout }).on('line', (line) => {
      const event: unknown = JSON.parse(line)
      if (isRecord(event) && event['event'] === 'ready') {
        clearTimeout(late)
        resolve(event)
      }
    })
  })
  return {
    folder,
    // The `ready` event has these fields by src/app/cli/demo.ts; a test that finds them missing fails where it uses them.
    ...(ready as Pick<Demo, 'host' | 'ports' | 'accounts' | 'ca' | 'pid'>),
    child,
    stop: async () => {
      child.kill('SIGTERM')
      await exited
      if (options.folder === undefined) rmSync(folder, { recursive: true, force: true })
    },
  }
}
