/**
 * Commands of the owner's: for a packet filter that we do not know (pf, a router). Templates with `{prefix}`, `{seconds}` and `{gate}`, run without a shell, word by word.
 * The command is told how long a ban lasts; it is taken back by `remove` when the time is over, or at the next start by `flush`.
 */
import { ok, type Result } from '../base/result.ts'
import { type Backend, networkOf, type Run, secondsOf } from './backend.ts'
import type { Gate } from './request.ts'

export type CommandTemplates = {
  readonly add: string
  readonly remove: string
  readonly flush: string
  readonly list: string
}

/** Words of a template, with what is filled in: never more than one word each. */
export const fillTemplate = (template: string, values: Readonly<Record<string, string>>): readonly string[] =>
  template
    .split(/\s+/)
    .filter((word) => word !== '')
    .map((word) => word.replaceAll(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole))

/** @param later calls back after so many milliseconds. @returns its end. */
export const commandBackend = (
  templates: CommandTemplates,
  run: Run,
  later: (ms: number, then: () => void) => () => void,
): Backend => {
  const ends = new Map<string, () => void>()
  const call = async (template: string, values: Readonly<Record<string, string>>): Promise<Result<string, string>> => {
    const [program, ...words] = fillTemplate(template, values)
    return program === undefined ? ok('') : run(program, words)
  }
  const remove = async (prefix: string, gate: Gate): Promise<Result<string, string>> => {
    ends.get(`${gate} ${prefix}`)?.()
    ends.delete(`${gate} ${prefix}`)
    return call(templates.remove, { prefix, gate })
  }
  const flush = async (): Promise<Result<undefined, string>> => {
    for (const end of ends.values()) end()
    ends.clear()
    const done = await call(templates.flush, {})
    return done.ok ? ok(undefined) : done
  }
  return {
    name: 'command',
    setUp: flush,
    ban: async (bans) => {
      for (const { prefix, ms, gates } of bans)
        for (const gate of gates) {
          const text = `${networkOf(prefix)}/${prefix.bits}`
          const done = await call(templates.add, { prefix: text, gate, seconds: String(secondsOf(ms)) })
          if (!done.ok) return done
          ends.get(`${gate} ${text}`)?.()
          ends.set(
            `${gate} ${text}`,
            later(ms, () => void remove(text, gate)),
          )
        }
      return ok(undefined)
    },
    unban: async (prefixes) => {
      for (const prefix of prefixes)
        for (const gate of ['mail', 'login'] as const) {
          const text = `${networkOf(prefix)}/${prefix.bits}`
          if (ends.has(`${gate} ${text}`)) await remove(text, gate)
        }
      return ok(undefined)
    },
    print: () => call(templates.list, {}),
    tearDown: async () => {
      await flush()
    },
  }
}
