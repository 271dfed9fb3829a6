/**
 * ipset with iptables and ip6tables: a set for each gate, version and prefix length (`hash:net` of one length each), a chain of our own with a rule a set. The kernel
 * forgets an element when its time is over. ipset(8), iptables(8).
 */
import type { Prefix } from '../base/ip.ts'
import { fail, ok, type Result } from '../base/result.ts'
import { type Backend, networkOf, type Ports, type Run, secondsOf, shelfOf } from './backend.ts'
import type { Closing, Gate } from './request.ts'

const CHAIN = 'POSTERN'
const nameOf = (shelf: string): string => `postern_${shelf}`
const toolOf = (version: 4 | 6): string => (version === 4 ? 'iptables' : 'ip6tables')
/** For the `-restore` tools: our chain, empty, and a jump to it for the ports of both gates. */
const chainsText = (version: 4 | 6, ports: Ports, allow: readonly Prefix[]): string => {
  const own = allow.filter((one) => one.version === version)
  return [
    '*filter',
    ...['', '_MAIL', '_LOGIN'].map((end) => `:${CHAIN}${end} - [0:0]`),
    ...own.map((one) => `-A ${CHAIN} -s ${networkOf(one)}/${one.bits} -j RETURN`),
    ...(['mail', 'login'] as const)
      .filter((gate) => ports[gate].length > 0)
      .map(
        (gate) =>
          `-A ${CHAIN} -p tcp -m multiport --dports ${ports[gate].slice(0, 15).join(',')} -j ${CHAIN}_${gate.toUpperCase()}`,
      ),
    'COMMIT',
    '',
  ].join('\n')
}

/** Puts our chain before everything else of INPUT, once. */
export const setUpChains = async (
  run: Run,
  ports: Ports,
  allow: readonly Prefix[],
): Promise<Result<undefined, string>> => {
  for (const version of [4, 6] as const) {
    const tool = toolOf(version)
    const made = await run(`${tool}-restore`, ['--noflush'], chainsText(version, ports, allow))
    if (!made.ok) {
      if (version === 6) continue // a machine without IPv6
      return made
    }
    const there = await run(tool, ['-w', '-C', 'INPUT', '-p', 'tcp', '-j', CHAIN])
    if (!there.ok) {
      const put = await run(tool, ['-w', '-I', 'INPUT', '1', '-p', 'tcp', '-j', CHAIN])
      if (!put.ok) return put
    }
  }
  return ok(undefined)
}

export const tearDownChains = async (run: Run): Promise<void> => {
  for (const version of [4, 6] as const) {
    const tool = toolOf(version)
    await run(tool, ['-w', '-D', 'INPUT', '-p', 'tcp', '-j', CHAIN])
    for (const end of ['', '_MAIL', '_LOGIN']) await run(tool, ['-w', '-F', CHAIN + end])
    for (const end of ['', '_MAIL', '_LOGIN']) await run(tool, ['-w', '-X', CHAIN + end])
  }
}

type Shelf = { readonly name: string; readonly version: 4 | 6; readonly gate: Gate; readonly bits: number }

/** `ipset restore` text: new sets, then the elements; `-exist` renews the time of one that is there. */
export const elementsText = (
  bans: readonly Closing[],
): { readonly text: string; readonly shelves: readonly Shelf[] } => {
  const shelves = new Map<string, Shelf>()
  const adds: string[] = []
  for (const { prefix, ms, gates } of bans)
    for (const gate of gates) {
      const name = nameOf(shelfOf(prefix.version, prefix.bits, gate))
      shelves.set(name, { name, version: prefix.version, gate, bits: prefix.bits })
      adds.push(`add ${name} ${networkOf(prefix)}/${prefix.bits} timeout ${Math.min(2_147_483, secondsOf(ms))}`)
    }
  const creates = [...shelves.values()].map(
    ({ name, version }) =>
      `create ${name} hash:net family ${version === 4 ? 'inet' : 'inet6'} timeout 86400 maxelem 262144`,
  )
  return { text: `${[...creates, ...adds].join('\n')}\n`, shelves: [...shelves.values()] }
}

/** @param run starts the tools. */
export const ipsetBackend = (run: Run): Backend => {
  const ruled = new Set<string>()
  const removeSets = async (): Promise<void> => {
    const names = await run('ipset', ['list', '-n'])
    const own = names.ok ? names.value.split('\n').filter((name) => name.startsWith('postern_')) : []
    for (const name of own) await run('ipset', ['destroy', name])
    ruled.clear()
  }
  return {
    name: 'ipset',
    setUp: async (ports, allow) => {
      const made = await setUpChains(run, ports, allow)
      if (made.ok) await removeSets()
      return made
    },
    ban: async (bans) => {
      const { text, shelves } = elementsText(bans)
      const put = await run('ipset', ['restore', '-exist'], text)
      if (!put.ok) return put
      for (const { name, version, gate } of shelves) {
        if (ruled.has(name)) continue
        const rule = await run(toolOf(version), [
          '-w',
          '-A',
          `${CHAIN}_${gate.toUpperCase()}`,
          '-m',
          'set',
          '--match-set',
          name,
          'src',
          '-j',
          'DROP',
        ])
        if (!rule.ok) return rule
        ruled.add(name)
      }
      return ok(undefined)
    },
    unban: async (prefixes) => {
      const lines = prefixes.flatMap((prefix) =>
        (['mail', 'login'] as const)
          .map((gate) => nameOf(shelfOf(prefix.version, prefix.bits, gate)))
          .filter((name) => ruled.has(name))
          .map((name) => `del ${name} ${networkOf(prefix)}/${prefix.bits}`),
      )
      const gone = lines.length === 0 ? ok('') : await run('ipset', ['restore', '-exist'], `${lines.join('\n')}\n`)
      return gone.ok ? ok(undefined) : gone
    },
    print: async () => {
      const sets = await run('ipset', ['list'])
      const rules = await run('iptables', ['-w', '-S'])
      return sets.ok && rules.ok ? ok(`${rules.value}${sets.value}`) : fail('ipset or iptables does not answer')
    },
    tearDown: async () => {
      await tearDownChains(run)
      await removeSets()
    },
  }
}
