/**
 * What a router is to do about mail and names, read strictly from words and turned into rules that every printer shares. Pure.
 * Only addresses that were read and are written again from their octets reach a printed text, so no word given can become a command.
 */
import { type Ip, type Prefix, readIp, readPrefix, within, writeIp, writePrefix } from '../../base/ip.ts'
import { fail, ok, type Result } from '../../base/result.ts'

const MOST_ADDRESSES = 16 // of servers, and of resolvers: a home or an office has two or three

type Version = 4 | 6
export type Trap = { readonly ip: Ip; readonly port: number }
export type Plan = {
  /** One IPv4 network, one of IPv6, or both: the PCs. */
  readonly lan: readonly Prefix[]
  readonly servers: readonly Ip[]
  readonly resolvers: readonly Ip[]
  readonly trap?: Trap
}

/** The words as they were typed; lists are parted by commas. */
export type PlanWords = {
  readonly lan?: string | undefined
  readonly lan6?: string | undefined
  readonly server?: string | undefined
  readonly resolver?: string | undefined
  readonly trap?: string | undefined
}

const readNetwork = (word: string, option: string, version: Version, wanted: string): Result<Prefix, string> => {
  const prefix = word.includes('/') && !word.includes('%') ? readPrefix(word) : fail('not-a-prefix' as const)
  if (!prefix.ok || prefix.value.version !== version)
    return fail(`--${option} is "${word}", which is no IPv${version} network; write it like ${wanted}`)
  const [least, most] = version === 4 ? [8, 30] : [16, 126]
  if (prefix.value.bits < least || prefix.value.bits > most)
    return fail(
      `--${option} has /${prefix.value.bits}; a network of PCs has from /${least} to /${most}, like ${wanted}`,
    )
  return ok(prefix.value)
}

const readAddresses = (words: string, option: string): Result<readonly Ip[], string> => {
  const found: Ip[] = []
  for (const word of words.split(',').filter((one) => one !== '')) {
    const ip = word.includes('%') ? fail('not-an-address' as const) : readIp(word)
    if (!ip.ok) return fail(`--${option} is "${word}", which is no IP address; give the address itself, not a name`)
    if (!found.some((one) => writeIp(one) === writeIp(ip.value))) found.push(ip.value)
  }
  if (found.length > MOST_ADDRESSES)
    return fail(`--${option} names ${found.length} addresses; at most ${MOST_ADDRESSES}`)
  return ok(found)
}

const readTrap = (word: string): Result<Trap, string> => {
  const parts = /^(?:\[([^\]%]+)\]|([^:%]+)):(\d{1,5})$/.exec(word)
  const ip = readIp(parts?.[1] ?? parts?.[2] ?? '')
  const port = Number(parts?.[3])
  if (!ip.ok || !(port >= 1 && port <= 65_535))
    return fail(`--trap is "${word}"; write an address and a port, like 192.168.1.10:2525 or [2001:db8::10]:2525`)
  return ok({ ip: ip.value, port })
}

/** @returns whether `ip` lies in the network of the PCs. */
export const inLan = (plan: Plan, ip: Ip): boolean => plan.lan.some((one) => within(ip, one))

/** @returns the plan, or a sentence that says what to write instead. */
export const readPlan = (words: PlanWords): Result<Plan, string> => {
  const lan: Prefix[] = []
  if (words.lan === undefined && words.lan6 === undefined)
    return fail('say which network the PCs are in: --lan 192.168.1.0/24, and --lan6 where they have IPv6')
  for (const [word, option, version, wanted] of [
    [words.lan, 'lan', 4, '192.168.1.0/24'],
    [words.lan6, 'lan6', 6, '2001:db8:1::/64'],
  ] as const) {
    if (word === undefined) continue
    const network = readNetwork(word, option, version, wanted)
    if (!network.ok) return network
    lan.push(network.value)
  }
  const servers = readAddresses(words.server ?? '', 'server')
  if (!servers.ok) return servers
  if (servers.value.length === 0) return fail('say which machine may send mail: --server 192.168.1.10')
  const resolvers = readAddresses(words.resolver ?? '', 'resolver')
  if (!resolvers.ok) return resolvers
  const plan = { lan, servers: servers.value, resolvers: resolvers.value }
  if (words.trap === undefined) return ok(plan)
  const trap = readTrap(words.trap)
  if (!trap.ok) return trap
  if (!lan.some(({ version }) => version === trap.value.ip.version))
    return fail(
      `--trap is an IPv${trap.value.ip.version} address, and no network of that kind is named (--lan, --lan6)`,
    )
  return ok({ ...plan, trap: trap.value })
}

/** One rule for packets of the network `lan`. `let`: no concern of ours, the router's own rules go on. `trap`: to the trap. */
export type Rule = {
  readonly says: string
  readonly version: Version
  readonly lan: string
  /** Beside coming from `lan`. */
  readonly from?: string
  readonly to?: string
  readonly protocol?: 'tcp' | 'udp'
  readonly ports?: readonly number[]
  /** The rule is not for packets to the router's own addresses. */
  readonly notRouter?: true
  readonly act: 'let' | 'note' | 'refuse' | 'trap' | 'return-by-router'
}
type Row = Omit<Rule, 'version' | 'lan'>

export const MAIL_PORT = 25
export const NAME_PORTS = [53, 853] // DNS (RFC 1035 section 4.2), DNS over TLS and QUIC (RFC 7858 section 3.1, RFC 9250 section 4.1.1)

const of = (version: Version, addresses: readonly Ip[]): readonly string[] =>
  addresses.filter((one) => one.version === version).map(writeIp)

const homeRows = (version: Version, lan: string, plan: Plan): readonly Row[] => [
  { says: 'What stays in the house is no concern of ours.', to: lan, act: 'let' },
  ...of(version, plan.servers).map(
    (from): Row => ({ says: 'The mail server sends mail and asks for names itself.', from, act: 'let' }),
  ),
]

const toServer = (version: Version, plan: Plan): readonly Row[] =>
  of(version, plan.servers).map(
    (to): Row => ({
      says: 'Printers and scanners may bring mail to our own server.',
      to,
      protocol: 'tcp',
      ports: [MAIL_PORT],
      act: 'let',
    }),
  )

const nameRows = (version: Version, plan: Plan): readonly Row[] => {
  if (plan.resolvers.length === 0) return []
  const both = ['udp', 'tcp'] as const
  const ours = plan.resolvers.filter((ip) => inLan(plan, ip))
  const asks = (says: string, act: Row['act'], to: { from?: string; to?: string }): readonly Row[] =>
    both.map((protocol) => ({ says, protocol, ports: NAME_PORTS, act, ...to }))
  return [
    ...of(version, ours).flatMap((from) => asks('A resolver in the house asks the world.', 'let', { from })),
    ...of(version, plan.resolvers).flatMap((to) => asks('PCs ask this resolver (also over TLS).', 'let', { to })),
    ...asks('PCs ask no other resolver.', 'refuse', {}),
  ]
}

const filterRows = (version: Version, lan: string, plan: Plan): readonly Row[] => {
  const mail = { protocol: 'tcp', ports: [MAIL_PORT] } as const
  const { trap } = plan
  return [
    ...homeRows(version, lan, plan),
    ...toServer(version, plan),
    ...(trap?.ip.version === version
      ? [
          {
            says: 'What was sent to the trap goes there.',
            to: writeIp(trap.ip),
            protocol: 'tcp',
            ports: [trap.port],
            act: 'let',
          } as const,
        ]
      : []),
    { says: "A PC that sends mail past the server goes into the router's log,", ...mail, act: 'note' },
    { says: 'and is refused at once: only the mail server may use port 25.', ...mail, act: 'refuse' },
    ...nameRows(version, plan),
  ]
}

const each = (plan: Plan, rows: (version: Version, lan: string) => readonly Row[]): readonly Rule[] =>
  plan.lan.flatMap((prefix) => {
    const lan = writePrefix(prefix)
    return rows(prefix.version, lan).map((row) => ({ ...row, version: prefix.version, lan }))
  })

/** @returns the rules for packets that the router forwards, the first that fits decides (a `note` goes on). */
export const filterRules = (plan: Plan): readonly Rule[] => each(plan, (version, lan) => filterRows(version, lan, plan))

/** @returns the rules that lead a PC's port 25 to the trap; none without a trap. */
export const trapRules = (plan: Plan): readonly Rule[] =>
  each(plan, (version, lan) =>
    plan.trap?.ip.version === version
      ? [
          ...homeRows(version, lan, plan),
          ...toServer(version, plan),
          {
            says: "A PC's mail past the server ends in Postern's trap.",
            protocol: 'tcp',
            ports: [MAIL_PORT],
            notRouter: true,
            act: 'trap',
          },
        ]
      : [],
  )

/** @returns the rule that a trap inside the network needs, so that its answers come back through the router; none elsewhere. */
export const backRules = (plan: Plan): readonly Rule[] => {
  const { trap } = plan
  if (trap === undefined || !inLan(plan, trap.ip)) return []
  return each(plan, (version) =>
    version === trap.ip.version
      ? [
          {
            says: "The trap is in the PCs' own network and must answer through the router: it sees the router's address. Elsewhere it would see the PC's.",
            to: writeIp(trap.ip),
            protocol: 'tcp',
            ports: [trap.port],
            act: 'return-by-router',
          },
        ]
      : [],
  )
}

/** @returns `192.0.2.1:2525`, `[2001:db8::1]:2525`. */
export const writeTrap = ({ ip, port }: Trap): string =>
  ip.version === 4 ? `${writeIp(ip)}:${port}` : `[${writeIp(ip)}]:${port}`

/** @returns what a reader must know, whatever the router: as sentences. */
export const remarks = (plan: Plan): readonly string[] => [
  `Only ${plan.servers.map(writeIp).join(', ')} may use outgoing port 25; PCs are in ${plan.lan.map(writePrefix).join(', ')}.`,
  plan.resolvers.length === 0
    ? 'No resolver was named (--resolver), so DNS is left as it is.'
    : `PCs may ask ${plan.resolvers.map(writeIp).join(', ')} for names, and nobody else (ports 53 and 853). DNS over HTTPS cannot be told from the web by its port: switch it off in the browsers.`,
  ...(plan.trap === undefined ? [] : [`A PC's port 25 is led to the trap at ${writeTrap(plan.trap)}.`]),
  ...plan.servers
    .filter((ip) => !inLan(plan, ip))
    .map((ip) => `${writeIp(ip)} is outside that network: other machines beside it are not held back by these rules.`),
  ...([4, 6] as const)
    .filter((version) => !plan.lan.some((one) => one.version === version))
    .map(
      (version) =>
        `These rules hold back no IPv${version}: name that network too (${version === 4 ? '--lan' : '--lan6'}) where the PCs have it.`,
    ),
]
