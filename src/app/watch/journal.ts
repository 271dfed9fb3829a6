/**
 * The systemd journal as a source of lines: `journalctl --follow --output=json`, each entry made the line that fail2ban makes of it
 * (systemd.journal-fields(7), "Journal JSON Format"). The place in the journal is its cursor. Where there is no journalctl, or it ends, the
 * caller is told and may start it again.
 */
import { spawn } from 'node:child_process'
import { LineCutter } from './lines.ts'

/** Characters of an entry that are read; the rest of a longer one is passed over. */
const MOST_MESSAGE = 16_384

export type JournalEntry = { readonly line: string; readonly seconds: number; readonly cursor: string }

/** @param text one entry as `journalctl -o json` prints it. @returns the line, its time and cursor; undefined: it is no entry with a message. */
export const readEntry = (text: string): JournalEntry | undefined => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
  if (typeof value !== 'object' || value === null) return undefined
  const field = (name: string): string | undefined => textOf(Reflect.get(value, name))
  const message = field('MESSAGE')
  const micros = Number(field('_SOURCE_REALTIME_TIMESTAMP') ?? field('__REALTIME_TIMESTAMP'))
  if (message === undefined || !Number.isFinite(micros)) return undefined
  const name = field('SYSLOG_IDENTIFIER') ?? field('_COMM')
  const process = field('SYSLOG_PID') ?? field('_PID')
  const parts: string[] = []
  const host = field('_HOSTNAME')
  if (host !== undefined) parts.push(host)
  if (name !== undefined) parts.push(`${name}${process === undefined ? '' : `[${process}]`}:`)
  if (name === 'kernel' && process === undefined)
    parts.push(
      `[${(Number(field('_SOURCE_MONOTONIC_TIMESTAMP') ?? field('__MONOTONIC_TIMESTAMP') ?? 0) / 1e6).toFixed(6).padStart(12)}]`,
    )
  parts.push(message)
  const line = parts.join(' ').replaceAll('\n', '\\n').slice(0, MOST_MESSAGE)
  return { line, seconds: micros / 1e6, cursor: field('__CURSOR') ?? '' }
}

/** Fields are text, or octets where they are no UTF-8; a field that stands several times is a list of them. */
const textOf = (value: unknown): string | undefined => {
  if (typeof value === 'string') return value === '' ? undefined : value
  if (!Array.isArray(value)) return undefined
  const list: readonly unknown[] = value
  if (list.every((one) => typeof one === 'number')) return Buffer.from(list).toString('utf8')
  return list.map((one) => textOf(one) ?? '').join(' ')
}

export type Journal = { readonly stop: () => void }

/** @param matches as journalctl takes them (`_SYSTEMD_UNIT=ssh.service`, `+`). @param ended told why it ended, if it was not stopped. */
export const followJournal = (
  matches: readonly string[],
  cursor: string | undefined,
  each: (entry: JournalEntry) => void,
  ended: (why: string) => void,
  program = 'journalctl',
): Journal => {
  const from = cursor === undefined || cursor === '' ? ['--lines=0'] : [`--after-cursor=${cursor}`]
  const child = spawn(program, ['--follow', '--output=json', '--quiet', ...from, ...matches], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines = new LineCutter(MOST_MESSAGE * 16)
  let stopped = false
  let says = ''
  const end = (why: string): void => {
    if (!stopped) ended(why)
    stopped = true
  }
  child.stdout.on('data', (chunk: Buffer) => {
    lines.feed(chunk, (line) => {
      const entry = stopped ? undefined : readEntry(line)
      if (entry !== undefined) each(entry)
    })
  })
  child.stderr.on('data', (chunk: Buffer) => {
    says = `${says}${chunk.toString('utf8')}`.slice(-300)
  })
  child.on('error', (error) => end(`${program} cannot be started: ${error.message}`))
  child.on('exit', (code) =>
    end(`${program} ended${code === null ? '' : ` with ${code}`}${says === '' ? '' : `: ${says.trim()}`}`),
  )
  return {
    stop: () => {
      stopped = true
      child.kill()
    },
  }
}
