/** A Postern of its own for a benchmark: `./postern serve` as a user runs it, in a folder of its own, on loopback, ended by its pid. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { cpuSecondsOf } from './peers/postfix-dovecot.ts'

export const DOMAIN = 'bench.example'
export const PASSWORD = 'bench-password'
const READY_MS = 60_000

export type BenchServer = {
  readonly folder: string
  readonly smtp: number
  readonly imap: number
  readonly imaps: number
  readonly pop3: number
  readonly pid: number
  readonly cpuSeconds: () => number
  /** Resident octets of the process, all threads. */
  readonly resident: () => number
  /** SIGKILL, nothing is finished. */
  readonly kill: () => Promise<void>
  readonly stop: () => Promise<void>
}
export type BenchOptions = {
  readonly portBase: number
  /** user0@bench.example … */
  readonly users?: number
  readonly scan?: boolean
  /** A resolver, as `127.0.0.1:53`; with scanning on. */
  readonly dns?: string
  /** Its warnings are expected: they are not shown. */
  readonly quiet?: boolean
  /** Kept, and used again as it is, where it is given. */
  readonly folder?: string
  /** More of the configuration. */
  readonly more?: string
  /** Hears every line of the log. */
  readonly heard?: (line: string) => void
}

const configOf = ({ portBase, scan = false, dns, more = '' }: BenchOptions): string => `host = "mail.${DOMAIN}"
data = "data"
[listen]
smtp = ["127.0.0.1:${portBase + 25}"]
imap = ["127.0.0.1:${portBase + 43}"]
imaps = ["127.0.0.1:${portBase + 93}"]
pop3 = ["127.0.0.1:${portBase + 10}"]
pop3s = ["127.0.0.1:${portBase + 95}"]
submissions = []
submission = []
metrics = []
[smtp.limits]
greet-pause = "0 ms"
messages = 1000000
[connections]
most = 5000
most-per-ip = 5000
most-per-net = 5000
[dns]
servers = [${dns === undefined ? '' : `"${dns}"`}]
[spam]
scan = ${scan}
${scan ? `[[blocklists]]\nzone = "dnsbl.${DOMAIN}"\n` : ''}
[bans]
require-reverse = false
enabled = false
[log]
level = "info"
[dangerous]
passwords-without-encryption-from-loopback = true
${more}`

const cli = (folder: string, words: readonly string[], input = ''): void => {
  const done = spawnSync('./postern', [...words, '--config', join(folder, 'postern.toml')], { input, encoding: 'utf8' })
  if (done.status !== 0) throw new Error(`postern ${words.join(' ')}: ${done.stderr}`)
}

const ready = (child: ChildProcess, { quiet = false, heard }: BenchOptions): Promise<number> =>
  new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('postern was not ready in a minute')), READY_MS)
    child.once('exit', (code) => reject(new Error(`postern ended with ${code} before it was ready`)))
    if (child.stderr === null) return
    let isReady = false
    createInterface({ input: child.stderr }).on('line', (line) => {
      heard?.(line)
      // Most of what comes later is of no interest, and the reader shares the machine with what is measured.
      if (isReady && !/"level":"(?:warn|error)"/.test(line)) return undefined
      const event: unknown = line.startsWith('{') ? JSON.parse(line) : undefined
      if (typeof event !== 'object' || event === null || !('event' in event)) return console.error(line)
      if (!quiet && 'level' in event && (event.level === 'warn' || event.level === 'error')) console.error(line)
      if (event.event !== 'server-ready') return undefined
      clearTimeout(late)
      isReady = true
      return resolve('pid' in event ? Number(event.pid) : 0)
    })
  })

/** Starts one; makes domain and accounts where the folder is new. */
export const startPostern = async (options: BenchOptions): Promise<BenchServer> => {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'postern-bench-'))
  mkdirSync(folder, { recursive: true })
  const config = join(folder, 'postern.toml')
  const isNew = spawnSync('test', ['-e', config]).status !== 0
  writeFileSync(config, configOf(options))
  if (isNew) {
    cli(folder, ['domain', 'add', DOMAIN])
    for (let user = 0; user < (options.users ?? 20); user += 1)
      cli(folder, ['account', 'add', `user${user}@${DOMAIN}`, '--password-stdin'], PASSWORD)
  }
  const child = spawn('./postern', ['serve', '--config', config], { stdio: ['ignore', 'ignore', 'pipe'] })
  const pid = await ready(child, options)
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    process.kill(pid, signal)
    await exited
  }
  return {
    folder,
    smtp: options.portBase + 25,
    imap: options.portBase + 43,
    imaps: options.portBase + 93,
    pop3: options.portBase + 10,
    pid,
    cpuSeconds: () => cpuSecondsOf([pid]),
    resident: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024,
    kill: () => end('SIGKILL'),
    stop: async () => {
      await end('SIGTERM')
      if (options.folder === undefined) rmSync(folder, { recursive: true, force: true })
    },
  }
}
