/**
 * iptables and ip6tables alone: a rule for each ban, which the kernel stops to apply when its time is over (`-m time --datestop`), so that a crash leaves nobody
 * shut out. Rules that are over are cleared away at the next ban. For machines without sets: a few hundred bans at most. iptables-extensions(8), "time".
 */
import type { Prefix } from '../base/ip.ts'
import { ok, type Result } from '../base/result.ts'
import { type Backend, networkOf, type Run } from './backend.ts'
import { setUpChains, tearDownChains } from './ipset.ts'
import type { Closing, Gate } from './request.ts'

const MOST_RULES = 1000

type Rule = {
  readonly version: 4 | 6
  readonly gate: Gate
  readonly source: string
  readonly stop: string
  readonly until: number
}
const keyOf = ({ gate, source }: Pick<Rule, 'gate' | 'source'>): string => `${gate} ${source}`
const wordsOf = (rule: Rule): readonly string[] => [
  `POSTERN_${rule.gate.toUpperCase()}`,
  ...['-s', rule.source, '-m', 'time', '--datestop', rule.stop, '-j', 'DROP'],
]
const toolOf = ({ version }: Rule): string => (version === 4 ? 'iptables' : 'ip6tables')

/** @param now epoch milliseconds. */
export const iptablesBackend = (run: Run, now: () => number): Backend => {
  const rules = new Map<string, Rule>()
  const drop = async (rule: Rule): Promise<void> => {
    rules.delete(keyOf(rule))
    await run(toolOf(rule), ['-w', '-D', ...wordsOf(rule)])
  }
  const put = async (rule: Rule): Promise<Result<undefined, string>> => {
    const before = rules.get(keyOf(rule))
    const made = await run(toolOf(rule), ['-w', '-A', ...wordsOf(rule)])
    if (!made.ok) return made
    if (before !== undefined) await drop(before)
    rules.set(keyOf(rule), rule)
    return ok(undefined)
  }
  const ruleOf = (prefix: Prefix, ms: number, gate: Gate): Rule => {
    const until = now() + ms
    return {
      version: prefix.version,
      gate,
      source: `${networkOf(prefix)}/${prefix.bits}`,
      stop: new Date(until).toISOString().slice(0, 19),
      until,
    }
  }
  return {
    name: 'iptables',
    setUp: (ports, allow) => {
      rules.clear()
      return setUpChains(run, ports, allow)
    },
    ban: async (bans: readonly Closing[]) => {
      for (const rule of [...rules.values()]) if (rule.until <= now()) await drop(rule)
      for (const { prefix, ms, gates } of bans)
        for (const gate of gates) {
          const [oldest] = rules.values()
          if (rules.size >= MOST_RULES && oldest !== undefined) await drop(oldest)
          const made = await put(ruleOf(prefix, ms, gate))
          if (!made.ok) return made
        }
      return ok(undefined)
    },
    unban: async (prefixes) => {
      for (const prefix of prefixes)
        for (const gate of ['mail', 'login'] as const) {
          const rule = rules.get(keyOf({ gate, source: `${networkOf(prefix)}/${prefix.bits}` }))
          if (rule !== undefined) await drop(rule)
        }
      return ok(undefined)
    },
    print: () => run('iptables', ['-w', '-S']),
    tearDown: async () => {
      rules.clear()
      await tearDownChains(run)
    },
  }
}
