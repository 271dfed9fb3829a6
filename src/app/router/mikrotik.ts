/** The rules as a RouterOS 7 script: chains of its own, marked by their comment, so that they can be found and undone. Pure. */
import { writeIp } from '../../base/ip.ts'
import { comment, explained, linuxRefusal } from './linux.ts'
import { backRules, filterRules, type Plan, type Rule, remarks, trapRules } from './plan.ts'

const act = (rule: Rule, plan: Plan): string => {
  switch (rule.act) {
    case 'let':
      return 'action=return'
    case 'note':
      return 'action=log limit=10/1m,5:packet log-prefix=postern-port25'
    case 'refuse':
      if (rule.protocol === 'tcp') return 'action=reject reject-with=tcp-reset'
      return `action=reject reject-with=icmp-admin-prohibited`
    case 'trap':
      return `action=dst-nat to-addresses=${plan.trap === undefined ? '' : writeIp(plan.trap.ip)} to-ports=${plan.trap?.port}`
    case 'return-by-router':
      return 'action=masquerade'
  }
}

const line = (menu: string, chain: string, rule: Rule, plan: Plan): string =>
  [
    `/${rule.version === 4 ? 'ip' : 'ipv6'} firewall ${menu} add chain=${chain}`,
    `src-address=${rule.from ?? rule.lan}`, // an address of `from` is the narrower of the two
    ...(rule.to === undefined ? [] : [`dst-address=${rule.to}`]),
    ...(rule.notRouter === undefined ? [] : ['dst-address-type=!local']),
    ...(rule.protocol === undefined ? [] : [`protocol=${rule.protocol} dst-port=${(rule.ports ?? []).join(',')}`]),
    act(rule, plan),
    'comment=postern-router',
  ].join(' ')

const jump = (plan: Plan): string =>
  plan.lan
    .map(
      ({ version }) =>
        `/${version === 4 ? 'ip' : 'ipv6'} firewall filter add chain=forward action=jump jump-target=postern-router comment=postern-router\n`,
    )
    .join('')

const undoLines = (plan: Plan): readonly string[] => [
  ...plan.lan.map(
    ({ version }) => `/${version === 4 ? 'ip' : 'ipv6'} firewall filter remove [find comment=postern-router]`,
  ),
  '/ip firewall nat remove [find comment=postern-router]',
]

/** @returns a script for `/import`. */
export const mikrotik = (plan: Plan): string => {
  const [trap, back] = [trapRules(plan), backRules(plan)]
  return `${comment([
    'Packet filter for MikroTik RouterOS 7, printed by `postern router --target mikrotik`.',
    ...remarks(plan),
    '',
    'In force:  save it as postern.rsc, upload it, then: /import postern.rsc   (again whenever it was changed; it stays at boot)',
    'The jump comes last in the chain "forward". Where a rule of yours above it accepts what comes from the PCs, move the jump up:',
    '  /ip firewall filter print chain=forward   then   /ip firewall filter move NUMBER destination=NUMBER',
    'Undo:',
    ...undoLines(plan).map((one) => `  ${one}`),
  ])}\n# Takes away what an earlier run made.\n${undoLines(plan)
    .map((one) => `${one}\n`)
    .join('')}\n${explained(filterRules(plan), (rule) => line('filter', 'postern-router', rule, plan))}${
    trap.length === 0
      ? ''
      : `\n${explained(trap, (rule) => line('nat', 'postern-trap', rule, plan))}${explained(back, (rule) => line('nat', 'srcnat', rule, plan))}# The trap is in force; a redirection of yours above this jump wins.\n/ip firewall nat add chain=dstnat action=jump jump-target=postern-trap comment=postern-router\n`
  }\n# From here on the rules are in force.\n${jump(plan)}`
}

/** @returns why RouterOS cannot keep `plan`, if so. */
export const mikrotikRefusal = (plan: Plan): string | undefined =>
  plan.trap?.ip.version === 6
    ? '--trap must be an IPv4 address for mikrotik; port 25 over IPv6 is refused there instead'
    : linuxRefusal(plan)
