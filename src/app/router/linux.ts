/** The rules as nftables, OpenWrt's fw4 and iptables read them. Each text says how to put it in force and how to undo it. Pure. */
import { writeIp } from '../../base/ip.ts'
import { backRules, filterRules, type Plan, type Rule, remarks, trapRules, writeTrap } from './plan.ts'

const NOTES_A_MINUTE = 10 // a PC that spams would fill the router's log

/** @returns every sentence as a comment line. */
export const comment = (sentences: readonly string[], mark = '#'): string =>
  sentences.map((one) => (one === '' ? `${mark}\n` : `${mark} ${one}\n`)).join('')

/** @returns each rule's line, and its sentence above it where it differs from the one before. */
export const explained = (rules: readonly Rule[], line: (rule: Rule) => string, indent = ''): string =>
  rules
    .map((rule, at) => {
      const same = rules[at - 1]?.says === rule.says && rules[at - 1]?.lan === rule.lan
      return `${same ? '' : `${indent}# ${rule.says}\n`}${indent}${line(rule)}\n`
    })
    .join('')

const nftAct = (rule: Rule, plan: Plan): string => {
  switch (rule.act) {
    case 'let':
      return 'return'
    case 'note':
      return `limit rate ${NOTES_A_MINUTE}/minute log prefix "postern-port25 "`
    case 'refuse':
      return rule.protocol === 'tcp'
        ? 'counter reject with tcp reset'
        : 'counter reject with icmpx type admin-prohibited'
    case 'trap':
      return `counter dnat ip${rule.version === 6 ? '6' : ''} to ${plan.trap === undefined ? '' : writeTrap(plan.trap)}`
    case 'return-by-router':
      return 'masquerade'
  }
}

const nftLine = (rule: Rule, plan: Plan): string => {
  const ip = rule.version === 4 ? 'ip' : 'ip6'
  return [
    `${ip} saddr ${rule.lan}`,
    ...(rule.from === undefined ? [] : [`${ip} saddr ${rule.from}`]),
    ...(rule.to === undefined ? [] : [`${ip} daddr ${rule.to}`]),
    ...(rule.notRouter === undefined ? [] : ['fib daddr type != local']),
    ...(rule.protocol === undefined ? [] : [`${rule.protocol} dport { ${(rule.ports ?? []).join(', ')} }`]),
    nftAct(rule, plan),
  ].join(' ')
}

const nftChains = (plan: Plan): string => {
  const chains = [
    ['postern_forward', 'type filter hook forward priority filter - 10; policy accept;', filterRules(plan)],
    ['postern_trap', 'type nat hook prerouting priority dstnat - 10; policy accept;', trapRules(plan)],
    ['postern_trap_back', 'type nat hook postrouting priority srcnat - 10; policy accept;', backRules(plan)],
  ] as const
  return chains
    .filter(([, , rules]) => rules.length > 0)
    .map(
      ([name, hook, rules]) =>
        `chain ${name} {\n  ${hook}\n${explained(rules, (rule) => nftLine(rule, plan), '  ')}}\n`,
    )
    .join('')
}

/** @returns a file for `nft -f`: one table of its own, replaced as a whole when it is read again. */
export const nftables = (plan: Plan): string =>
  `#!/usr/sbin/nft -f\n${comment([
    'Packet filter of a router, printed by `postern router --target nftables`.',
    ...remarks(plan),
    '',
    'In force:  nft -f THIS-FILE   (again whenever it was changed)',
    'At boot:   include "/etc/nftables.d/postern.nft" at the end of /etc/nftables.conf',
    'What it did: nft list table inet postern_router   (counters)',
    'Undo:      nft delete table inet postern_router   (and take the include away)',
  ])}table inet postern_router\ndelete table inet postern_router\n\ntable inet postern_router {\n${nftChains(
    plan,
  ).replaceAll(/^(?=.)/gm, '  ')}}\n`

/** @returns a file for OpenWrt 22.03 and later, whose fw4 reads /etc/nftables.d/*.nft inside its own table. */
export const openwrt = (plan: Plan): string =>
  `${comment([
    'Packet filter for OpenWrt 22.03 and later (fw4), printed by `postern router --target openwrt`.',
    ...remarks(plan),
    '',
    'In force:  save it on the router as /etc/nftables.d/postern.nft, then: fw4 check && fw4 reload   (it stays at boot)',
    'What it did: nft list chain inet fw4 postern_forward   (counters)',
    'Undo:      rm /etc/nftables.d/postern.nft && fw4 reload',
  ])}\n${nftChains(plan)}`

const tableAct = (rule: Rule, plan: Plan): string => {
  switch (rule.act) {
    case 'let':
      return '-j RETURN'
    case 'note':
      return `-m limit --limit ${NOTES_A_MINUTE}/minute -j LOG --log-prefix "postern-port25 "`
    case 'refuse':
      if (rule.protocol === 'tcp') return '-j REJECT --reject-with tcp-reset'
      return `-j REJECT --reject-with ${rule.version === 4 ? 'icmp-admin-prohibited' : 'icmp6-adm-prohibited'}`
    case 'trap':
      return `-j DNAT --to-destination ${plan.trap === undefined ? '' : writeTrap(plan.trap)}`
    case 'return-by-router':
      return '-j MASQUERADE'
  }
}

const tableLine = (chain: string, rule: Rule, plan: Plan): string => {
  const from = rule.from ?? rule.lan // an address of `from` is the narrower of the two
  return [
    `-A ${chain} -s ${from}`,
    ...(rule.to === undefined ? [] : [`-d ${rule.to}`]),
    ...(rule.notRouter === undefined ? [] : ['-m addrtype ! --dst-type LOCAL']),
    ...(rule.protocol === undefined
      ? []
      : [`-p ${rule.protocol} -m multiport --dports ${(rule.ports ?? []).join(',')}`]),
    tableAct(rule, plan),
  ].join(' ')
}

const CHAINS = [
  ['filter', 'FORWARD', 'POSTERN_ROUTER', filterRules],
  ['nat', 'PREROUTING', 'POSTERN_TRAP', trapRules],
  ['nat', 'POSTROUTING', 'POSTERN_TRAP_BACK', backRules],
] as const

const restoreOf = (plan: Plan, version: 4 | 6): string => {
  const tool = version === 4 ? 'iptables' : 'ip6tables'
  const used = CHAINS.map(([table, hook, chain, rules]) => ({
    table,
    hook,
    chain,
    rules: rules(plan).filter((rule) => rule.version === version),
  })).filter(({ rules }) => rules.length > 0)
  if (used.length === 0) return ''
  const texts = used.map(
    ({ table, chain, rules }) =>
      `*${table}\n:${chain} - [0:0]\n${explained(rules, (rule) => tableLine(chain, rule, plan))}COMMIT\n`,
  )
  const hooks = used.map(({ table, hook, chain }) => `${tool} -w -t ${table} -I ${hook} 1 -j ${chain}\n`)
  return `\n${tool}-restore -w --noflush <<'END'\n${texts.join('')}END\n${hooks.join('')}`
}

/** @returns a shell script for iptables and ip6tables: chains of its own; it can be run again, and undoes itself. */
export const iptables = (plan: Plan): string => {
  const versions = plan.lan.map(({ version }) => version)
  const tools = versions.map((version) => (version === 4 ? 'iptables' : 'ip6tables')).join(' ')
  const undo = CHAINS.map(
    ([table, hook, chain]) =>
      `    while "$tool" -w -t ${table} -D ${hook} -j ${chain} 2>/dev/null; do :; done\n` +
      `    "$tool" -w -t ${table} -F ${chain} 2>/dev/null && "$tool" -w -t ${table} -X ${chain}\n`,
  ).join('')
  return `#!/bin/sh\n${comment([
    'Packet filter of a router, printed by `postern router --target iptables`.',
    ...remarks(plan),
    '',
    'In force:  sh THIS-FILE        (again at every boot, and whenever it was changed)',
    'What it did: iptables -vnL POSTERN_ROUTER   (counters)',
    'Undo:      sh THIS-FILE undo',
  ])}set -u\n\n# Takes away what an earlier run made; nothing else is touched.\nundo() {\n  for tool in ${tools}; do\n${undo}  done\n}\nundo\n[ "\${1-}" = undo ] && exit 0\nset -e\n${versions.map((version) => restoreOf(plan, version)).join('')}`
}

/** @returns whether `plan` can be kept by Linux: a loopback trap cannot, the kernel drops what is led there from outside. */
export const linuxRefusal = (plan: Plan): string | undefined =>
  plan.trap !== undefined && /^(127\.|::1$)/.test(writeIp(plan.trap.ip))
    ? `--trap ${writeTrap(plan.trap)} cannot be reached from the network; name an address of the machine, and let the trap listen there`
    : undefined
