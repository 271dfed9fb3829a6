/** A whole Postern for a drill: `./postern serve` as a user runs it, in a folder of its own, on loopback, its mail relayed to a sink, ended by its pid. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { silentLog } from '../../src/base/log.ts'
import { openHistory } from '../../src/post/history.ts'
import { openInline } from '../../src/store/sqlite/inline.ts'

export const DOMAIN = 'club.example'
const READY_MS = 60_000

/** An event of the server's log. */
export type Heard = { readonly event: string; readonly at: number; readonly fields: Readonly<Record<string, unknown>> }
export type DrillServer = {
  readonly submissions: number
  readonly heard: readonly Heard[]
  /** Runs a command of Postern. @returns what it printed. */
  readonly command: (words: readonly string[]) => Promise<string>
  readonly stop: () => Promise<void>
}
export type DrillUser = {
  readonly name: string
  readonly password: string
  readonly secondAddress?: string
  /** Whom it wrote to before, months ago. */
  readonly correspondents?: readonly string[]
}

const freePort = async (): Promise<number> => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return address === null || typeof address === 'string' ? 0 : address.port
}

const configOf = (submissions: number, sink: number, scan: boolean): string => `host = "mail.${DOMAIN}"
data = "data"
postmaster = "admin@${DOMAIN}"
[listen]
smtp = []
submission = []
submissions = ["127.0.0.1:${submissions}"]
imap = []
imaps = []
pop3 = []
pop3s = []
metrics = []
[[relay]]
host = "127.0.0.1"
port = ${sink}
tls = "if-offered"
verify = false
[dns]
servers = ["127.0.0.1:9"]
timeout = "500 ms"
[spam]
scan = ${scan}
[log]
level = "info"
`

/** Never blocks: a server whose log nobody reads would stand still, and this waits for its answer. */
const run = async (config: string, words: readonly string[], input = ''): Promise<string> => {
  const child = spawn('./postern', [...words, '--config', config])
  child.stdin.end(input)
  const [out, err, status] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise((resolve) => child.once('exit', resolve)),
  ])
  if (status !== 0) throw new Error(`postern ${words.join(' ')}: ${err}`)
  return out
}

/** What the server remembers of whom a user wrote to: put where it keeps it, for a drill has no months. */
const rememberCorrespondents = async (folder: string, users: readonly DrillUser[]): Promise<void> => {
  const store = openInline({ folder })
  if (!store.ok) throw new Error(`the store cannot be opened: ${store.error}`)
  const history = openHistory({ store: store.value, now: Date.now, log: silentLog })
  for (const { name, correspondents = [] } of users) {
    const account = await store.value.account({ name })
    if (account.ok) for (const address of correspondents) history.wrote(account.value.id, address)
  }
  await history.flushed()
  await store.value.close()
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/** Makes the users and starts it. @param sink the port that all mail goes to. @param scan whether the filter looks at mail. */
export const startDrillServer = async (
  users: readonly DrillUser[],
  sink: number,
  scan: boolean,
): Promise<DrillServer> => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-drill-'))
  const config = join(folder, 'postern.toml')
  const submissions = await freePort()
  writeFileSync(config, configOf(submissions, sink, scan))
  await run(config, ['domain', 'add', DOMAIN])
  for (const { name, password, secondAddress } of users) {
    await run(config, ['account', 'add', name, '--password-stdin'], password)
    if (secondAddress !== undefined) await run(config, ['account', 'second-address', name, secondAddress])
  }
  await rememberCorrespondents(join(folder, 'data'), users)
  const heard: Heard[] = []
  const child = spawn('./postern', ['serve', '--config', config], { stdio: ['ignore', 'ignore', 'pipe'] })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const pid = await new Promise<number>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('postern was not ready in a minute')), READY_MS)
    child.once('exit', (code) => reject(new Error(`postern ended with ${code} before it was ready`)))
    createInterface({ input: child.stderr }).on('line', (line) => {
      const fields: unknown = line.startsWith('{') ? JSON.parse(line) : undefined
      if (!isRecord(fields) || typeof fields['event'] !== 'string') return
      heard.push({ event: fields['event'], at: performance.now(), fields })
      if (fields['event'] !== 'server-ready') return
      clearTimeout(late)
      resolve(Number(fields['pid']))
    })
  })
  return {
    submissions,
    heard,
    command: (words) => run(config, words),
    stop: async () => {
      process.kill(pid, 'SIGTERM')
      await exited
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
