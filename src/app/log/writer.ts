/**
 * The log: one event a line, as JSON or as text for people, and a count of each event for the metrics. Strings are cut and cleaned, so that a peer's
 * words cannot forge a line. A log that cannot be written does not stop the server.
 */
import { type EventName, events } from '../../base/events.ts'
import type { Fields, Log } from '../../base/log.ts'

const levels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof levels)[number]
export type LogFormat = 'json' | 'text'

const MOST_CHARACTERS = 200

const clean = (text: string): string =>
  text.slice(0, MOST_CHARACTERS).replaceAll(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/g, '?')

const entries = (fields: Fields): readonly (readonly [string, string | number | boolean | null])[] =>
  Object.entries(fields).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, typeof value === 'string' ? clean(value) : value] as const],
  )

const writeText = (at: string, level: LogLevel, name: EventName, fields: Fields): string => {
  const words = entries(fields).map(([key, value]) => {
    const text = String(value)
    return `${key}=${typeof value === 'string' && /[\s"=]|^$/.test(text) ? JSON.stringify(text) : text}`
  })
  return `${at} ${level.padEnd(5)} ${name}${words.length === 0 ? '' : ` ${words.join(' ')}`}\n`
}

export type LogWriter = Log & {
  /** How often each event happened since the start, whatever the level that is written. */
  readonly counts: ReadonlyMap<EventName, number>
  readonly setLevel: (level: LogLevel) => void
}

/**
 * @param write takes one whole line. @param level the least level that is written; all are counted.
 * @returns the log.
 */
export const createLog = (options: {
  readonly write: (line: string) => void
  readonly format: LogFormat
  readonly level: LogLevel
  readonly now: () => number
}): LogWriter => {
  const counts = new Map<EventName, number>()
  let least = levels.indexOf(options.level)
  return {
    counts,
    setLevel: (level) => {
      least = levels.indexOf(level)
    },
    event: (name, fields) => {
      counts.set(name, (counts.get(name) ?? 0) + 1)
      const { level } = events[name]
      if (levels.indexOf(level) < least) return
      const at = new Date(options.now()).toISOString()
      options.write(
        options.format === 'text'
          ? writeText(at, level, name, fields)
          : `${JSON.stringify({ at, level, event: name, ...Object.fromEntries(entries(fields)) })}\n`,
      )
    },
  }
}
