/** The rules as an anchor of OpenBSD's and FreeBSD's pf. Tables with exceptions (`!address`) say who is meant. Pure. */
import { type Ip, writeIp, writePrefix } from '../../base/ip.ts'
import { comment } from './linux.ts'
import { inLan, MAIL_PORT, NAME_PORTS, type Plan, remarks, writeTrap } from './plan.ts'

const table = (name: string, members: readonly string[]): string => `table <${name}> const { ${members.join(', ')} }\n`

const but = (plan: Plan, spared: readonly Ip[]): readonly string[] => [
  ...plan.lan.map(writePrefix),
  ...spared.filter((ip) => inLan(plan, ip)).map((ip) => `!${writeIp(ip)}`),
]

const trapLines = (plan: Plan): string => {
  const { trap } = plan
  if (trap === undefined) return ''
  const inet = trap.ip.version === 4 ? 'inet' : 'inet6'
  const match = `${inet} proto tcp from <postern_pcs> to ! <postern_home> port ${MAIL_PORT}`
  return (
    "\n# A PC's mail past the server ends in Postern's trap.\n" +
    `pass in log quick ${match} rdr-to ${writeIp(trap.ip)} port ${trap.port}\n` +
    '# FreeBSD before 15 and pfSense: in place of the line above this one, as the first rule of the file, and `rdr-anchor "postern"` in pf.conf:\n' +
    `#rdr pass log ${match} -> ${writeIp(trap.ip)} port ${trap.port}\n`
  )
}

const nameLines = (plan: Plan): string =>
  plan.resolvers.length === 0
    ? ''
    : '\n# PCs ask only these resolvers (a router that answers for itself must be among them); the mail server and a resolver in the house ask whom they like.\n' +
      table('postern_askers', but(plan, [...plan.servers, ...plan.resolvers])) +
      table('postern_resolvers', plan.resolvers.map(writeIp)) +
      `block return in log quick proto { tcp, udp } from <postern_askers> to ! <postern_resolvers> port { ${NAME_PORTS.join(', ')} }\n`

/** @returns a file for `load anchor`. */
export const pf = (plan: Plan): string =>
  `${comment([
    'Packet filter for pf (OpenBSD, FreeBSD), printed by `postern router --target pf`.',
    ...remarks(plan),
    '',
    'In force:  save it as /etc/pf.postern and write into /etc/pf.conf, before your own pass rules:',
    '             anchor "postern"',
    '             load anchor "postern" from "/etc/pf.postern"',
    '           then: pfctl -nf /etc/pf.conf && pfctl -f /etc/pf.conf   (it stays at boot)',
    'What it did: pfctl -a postern -vsr   (counters), tcpdump -n -e -i pflog0 port 25   (who)',
    'Undo:      take both lines out of /etc/pf.conf, then: pfctl -a postern -F all; pfctl -f /etc/pf.conf',
  ])}\n# The PCs: everybody in the network but the mail server.\n${table('postern_pcs', but(plan, plan.servers))}` +
  `# Where PCs may bring mail: the router, the house, and our own server.\n${table('postern_home', [
    'self',
    ...plan.lan.map(writePrefix),
    ...plan.servers.filter((ip) => !inLan(plan, ip)).map(writeIp),
  ])}${trapLines(plan)}\n# Only the mail server may use port 25; others are refused at once, and logged.\n` +
  `block return in log quick proto tcp from <postern_pcs> to ! <postern_home> port ${MAIL_PORT}\n${nameLines(plan)}`

/** @returns why pf cannot keep `plan`, if so: it cannot lead a PC back into its own network without knowing the interface. */
export const pfRefusal = (plan: Plan): string | undefined =>
  plan.trap !== undefined && inLan(plan, plan.trap.ip)
    ? `--trap ${writeTrap(plan.trap)} is in the PCs' own network, to which pf cannot lead them back; give the trap an address outside it, or 127.0.0.1 where Postern runs on the router`
    : undefined
