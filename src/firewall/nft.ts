/**
 * nftables: one table of our own, a set for each gate, version and prefix length, looked up with the address cut to that length. So no two elements overlap, every
 * look-up is a hash, and the kernel forgets an element by itself when its time is over. nft(8). What is written to `nft -i` is one transaction a line.
 */
import type { Prefix } from '../base/ip.ts'
import { ok, type Result } from '../base/result.ts'
import { type Backend, networkOf, type Ports, type Run, secondsOf, shelfOf } from './backend.ts'
import type { Channel } from './channel.ts'
import type { Closing, Gate } from './request.ts'

const TABLE = 'inet postern'
const MOST_A_LINE = 500

const maskOf = (version: 4 | 6, bits: number): string =>
  version === 4
    ? [0, 8, 16, 24].map((from) => 256 - 2 ** (8 - Math.max(0, Math.min(8, bits - from)))).join('.')
    : Array.from({ length: 8 }, (_, group) => {
        const own = Math.max(0, Math.min(16, bits - group * 16))
        return (0x1_0000 - 2 ** (16 - own)).toString(16)
      }).join(':')

const matchOf = (version: 4 | 6, bits: number): string => {
  const field = version === 4 ? 'ip saddr' : 'ip6 saddr'
  return bits === (version === 4 ? 32 : 128) ? field : `${field} & ${maskOf(version, bits)}`
}

const kindOf = (version: 4 | 6): string => (version === 4 ? 'ipv4_addr' : 'ipv6_addr')

/** The table, empty, with those who are never kept out. One transaction. */
export const setUpText = (ports: Ports, allow: readonly Prefix[]): string => {
  const own = (version: 4 | 6): readonly string[] =>
    allow.filter((one) => one.version === version).map((one) => `${networkOf(one)}/${one.bits}`)
  const allowed = ([4, 6] as const)
    .filter((version) => own(version).length > 0)
    .map((version) => ` ${version === 4 ? 'ip' : 'ip6'} saddr { ${[...new Set(own(version))].join(', ')} } return;`)
  const gates = (['mail', 'login'] as const).filter((gate) => ports[gate].length > 0)
  const jumps = gates.map((gate) => ` tcp dport { ${ports[gate].join(', ')} } jump ${gate};`)
  const chains = (['mail', 'login'] as const).map((gate) => ` chain ${gate} { };`)
  return (
    `add table ${TABLE}; delete table ${TABLE}; table ${TABLE} { comment "Postern's bans: made and filled by it alone"; counter ack { };${chains.join('')}` +
    ` chain input { type filter hook input priority -150; policy accept;${allowed.join('')}${jumps.join('')} }; }`
  )
}

/** Knows which sets are there already. */
export class NftText {
  readonly #shelves = new Set<string>()

  reset(): void {
    this.#shelves.clear()
  }

  /** Commands for the bans, each line a transaction. An element that is there already is put in anew: its time counts from now. */
  ban(bans: readonly Closing[]): readonly string[] {
    const commands: string[] = []
    const elements = new Map<string, Map<string, number>>()
    for (const { prefix, ms, gates } of bans)
      for (const gate of gates) {
        const shelf = shelfOf(prefix.version, prefix.bits, gate)
        if (!this.#shelves.has(shelf)) commands.push(...this.#open(shelf, prefix, gate))
        const list = elements.get(shelf) ?? new Map<string, number>()
        elements.set(shelf, list)
        list.set(networkOf(prefix), secondsOf(ms))
      }
    const lines = commands.length === 0 ? [] : [commands.join('; ')]
    for (const [shelf, list] of elements) {
      const all = [...list]
      for (let from = 0; from < all.length; from += MOST_A_LINE) {
        const some = all.slice(from, from + MOST_A_LINE)
        const names = some.map(([name]) => name).join(', ')
        const timed = some.map(([name, seconds]) => `${name} timeout ${seconds}s`).join(', ')
        const set = `${TABLE} ${shelf}`
        lines.push(
          `add element ${set} { ${names} }; delete element ${set} { ${names} }; add element ${set} { ${timed} }`,
        )
      }
    }
    return lines
  }

  #open(shelf: string, { version, bits }: Prefix, gate: Gate): readonly string[] {
    this.#shelves.add(shelf)
    return [
      `add set ${TABLE} ${shelf} { type ${kindOf(version)}; flags timeout; timeout 1d; }`,
      `add rule ${TABLE} ${gate} ${matchOf(version, bits)} @${shelf} counter drop`,
    ]
  }

  unban(prefixes: readonly Prefix[]): readonly string[] {
    return prefixes.flatMap((prefix) =>
      (['mail', 'login'] as const)
        .map((gate) => shelfOf(prefix.version, prefix.bits, gate))
        .filter((shelf) => this.#shelves.has(shelf))
        .map((shelf) => {
          const element = `element ${TABLE} ${shelf} { ${networkOf(prefix)} }`
          return `add ${element}; delete ${element}`
        }),
    )
  }
}

/** What asks for an answer: its end says that everything before is done. */
export const nftAsk = `list counter ${TABLE} ack`
export const isNftAnswer = (text: string): boolean => /counter ack \{[^}]*\}\s*\}\s*$/.test(text)

/** Our table is gone: the question is printed with what is wrong about it. */
export const isNftRefusal = (text: string): boolean => text.includes(nftAsk)

/** @param channel to `nft -i`. */
export const nftBackend = (channel: Channel, run: Run): Backend => {
  const text = new NftText()
  const all = async (lines: readonly string[]): Promise<Result<undefined, string>> => channel.say(lines)
  return {
    name: 'nftables',
    setUp: async (ports, allow) => {
      text.reset()
      // By a file: a channel that was opened on a table that somebody flushed would not know it.
      const made = await run('nft', ['-f', '-'], `${setUpText(ports, allow)}\n`)
      return made.ok ? ok(undefined) : made
    },
    ban: (bans) => all(text.ban(bans)),
    unban: (prefixes) => all(text.unban(prefixes)),
    print: () => run('nft', ['list', 'table', ...TABLE.split(' ')]),
    tearDown: async () => {
      channel.close()
      await run('nft', ['delete', 'table', ...TABLE.split(' ')])
    },
  }
}
