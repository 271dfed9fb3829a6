/** `postern router`: packet filters for the router of a home or an office, so that a PC with a virus sends no mail. */
import { nearest } from '../nearest.ts'
import { readPlan } from '../router/plan.ts'
import { targets } from '../router/targets.ts'
import type { Command, Given } from './command.ts'

const names = Object.keys(targets)

const print = (given: Given): { readonly target: string; readonly text: string } | string => {
  const word = (name: string): string | undefined => {
    const value = given.values[name]
    return typeof value === 'string' ? value : undefined
  }
  const stray = given.words[0]
  if (stray !== undefined) return `"${stray}" belongs to no option; write --server, --resolver or --lan before it`
  const target = word('target')
  if (target === undefined) return `say which router it is for: --target ${names.join(', ')}`
  const found = Object.hasOwn(targets, target) ? targets[target] : undefined
  if (found === undefined) {
    const near = nearest(target, names)
    return `--target is "${target}"; it is one of ${names.join(', ')}${near === undefined ? '' : `; did you mean ${near}?`}`
  }
  const plan = readPlan({
    lan: word('lan'),
    lan6: word('lan6'),
    server: word('server'),
    resolver: word('resolver'),
    trap: word('trap'),
  })
  if (!plan.ok) return plan.error
  return found.refusal(plan.value) ?? { target, text: found.print(plan.value) }
}

export const router: Command = {
  usage: 'router --target TARGET --lan CIDR --server ADDRESS',
  about: `Prints packet filters for your router: only the mail server may use outgoing port 25, and PCs ask only the resolvers that are named.
Targets: ${names.join(', ')}. The text says what each rule does, how to put it in force and how to undo it. Changes nothing here.`,
  options: [
    { name: 'target', value: 'NAME', says: `the router's packet filter: ${names.join(', ')}` },
    { name: 'lan', value: 'CIDR', says: "the PCs' IPv4 network: 192.168.1.0/24" },
    { name: 'lan6', value: 'CIDR', says: "the PCs' IPv6 network: 2001:db8:1::/64" },
    { name: 'server', value: 'ADDRESS', many: true, says: 'the mail server; again for its IPv6 address' },
    {
      name: 'resolver',
      value: 'ADDRESS',
      many: true,
      says: 'a resolver that PCs may ask (DNS, DNS over TLS); again for more; none: DNS is left as it is',
    },
    {
      name: 'trap',
      value: 'ADDRESS:PORT',
      says: "where a PC's port 25 is led to: Postern's trap; none: it is refused",
    },
  ],
  example: 'postern router --target nftables --lan 192.168.1.0/24 --server 192.168.1.10 --resolver 192.168.1.1',
  json: true,
  run: async (given, shell) => {
    const printed = print(given)
    if (typeof printed === 'string') {
      shell.err(`postern router: ${printed}\n`)
      return 2
    }
    shell.out(given.values['json'] === true ? `${JSON.stringify(printed)}\n` : printed.text)
    return 0
  },
}
