/**
 * The lists of rule files: whose mail is welcome or blocked (`welcomelist_from`, `blocklist_to`…), hosts (`enlist_uri_host`), free mail providers. Both spellings
 * of 4.0 (welcomelist, whitelist; blocklist, blacklist) are one. Mail::SpamAssassin::Conf(3), "WELCOMELIST AND BLOCKLIST OPTIONS". Pure.
 */
import type { RuleSet } from './rules.ts'

/** Addresses and globs (`*@example.org`). */
type AddressList = { readonly has: (address: string) => boolean; readonly size: number }
type ReceivedEntry = { readonly has: (address: string) => boolean; readonly domain: string }
export type Lists = {
  /** By the setting's newer name (`welcomelist_from`), or by the name in `enlist_addrlist (NAME)`. */
  readonly addresses: (name: string) => AddressList
  /** `welcomelist_from_rcvd` and `def_welcomelist_from_rcvd`. */
  readonly received: (name: string) => readonly ReceivedEntry[]
  /** Hosts by list; false where `!` takes one out. */
  readonly hosts: ReadonlyMap<string, ReadonlyMap<string, boolean>>
  readonly subjects: (name: 'welcomelist_subject' | 'blocklist_subject') => AddressList
  readonly bounceRelays: AddressList
  readonly freemail: {
    readonly domains: ReadonlySet<string>
    readonly globs: readonly RegExp[]
    readonly exempt: ReadonlySet<string>
    readonly skipOverMost: boolean
    readonly mostEmails: number
    readonly mostFreemails: number
    readonly skipBulk: boolean
  }
}

/** The newer spelling of a setting. */
const newer = (name: string): string => name.replace(/whitelist/, 'welcomelist').replace(/blacklist/, 'blocklist')

const globOf = (glob: string): RegExp =>
  new RegExp(
    `^${glob
      .toLowerCase()
      .replaceAll(/[\0\\(]/g, '_')
      .replaceAll(/[^*?_a-zA-Z0-9]/g, '\\$&')
      .replaceAll('?', '.')
      .replaceAll(/\*+/g, '.*')}$`,
  )

const listOf = (globs: readonly string[]): AddressList => {
  const exact = new Set(globs.filter((one) => !/[*?]/.test(one)).map((one) => one.toLowerCase()))
  const patterns = globs.filter((one) => /[*?]/.test(one)).map(globOf)
  return {
    size: globs.length,
    has: (address) => {
      const lower = address.toLowerCase()
      return exact.has(lower) || patterns.some((one) => one.test(lower))
    },
  }
}

const remembered = <T>(make: (name: string) => T): ((name: string) => T) => {
  const known = new Map<string, T>()
  return (name) => {
    const before = known.get(name)
    if (before !== undefined) return before
    const made = make(name)
    known.set(name, made)
    return made
  }
}

/** @returns the lists that a rule set's settings make. */
export const listsOf = (set: RuleSet): Lists => {
  const settings = new Map<string, string[]>()
  for (const [name, lines] of set.settings) {
    const list = settings.get(newer(name))
    if (list === undefined) settings.set(newer(name), [...lines])
    else list.push(...lines)
  }
  const words = (name: string): readonly string[] => (settings.get(name) ?? []).flatMap((line) => line.split(/\s+/))
  const named = (name: string, list: string): readonly string[] =>
    (settings.get(name) ?? []).flatMap((line) => {
      const found = /^\(\s*(\w+)\s*\)\s+(.*)$/s.exec(line)
      return found?.[1] === list ? (found[2] ?? '').split(/\s+/) : []
    })
  const hosts = new Map<string, Map<string, boolean>>()
  const enlist = (list: string, names: readonly string[]): void => {
    const into = hosts.get(list) ?? new Map<string, boolean>()
    hosts.set(list, into)
    for (const name of names) into.set(name.replace(/^!/, '').toLowerCase(), !name.startsWith('!'))
  }
  for (const line of settings.get('enlist_uri_host') ?? []) {
    const found = /^\(\s*(\w+)\s*\)\s+(.*)$/s.exec(line)
    if (found !== null) enlist((found[1] ?? '').toUpperCase(), (found[2] ?? '').split(/\s+/))
  }
  if (settings.has('blocklist_uri_host')) enlist('BLOCK', words('blocklist_uri_host'))
  if (settings.has('welcomelist_uri_host')) enlist('WELCOME', words('welcomelist_uri_host'))
  const free = words('freemail_domains').map((one) => one.toLowerCase())
  const number = (name: string, usual: number): number => {
    const value = Number(settings.get(name)?.at(-1) ?? Number.NaN)
    return Number.isFinite(value) ? value : usual
  }
  return {
    addresses: remembered((name) => {
      const taken = new Set(words(`un${newer(name)}`).map((one) => one.toLowerCase()))
      return listOf(
        [...words(newer(name)), ...named('enlist_addrlist', name)].filter(
          (one) => one !== '' && !taken.has(one.toLowerCase()),
        ),
      )
    }),
    received: remembered((name) =>
      (settings.get(newer(name)) ?? []).flatMap((line) => {
        const [glob = '', ...domains] = line.split(/\s+/)
        const list = listOf([glob])
        return domains.map((domain) => ({ has: list.has, domain: domain.toLowerCase() }))
      }),
    ),
    hosts,
    subjects: remembered((name) => listOf(settings.get(name) ?? [])),
    bounceRelays: listOf(words('welcomelist_bounce_relays')),
    freemail: {
      domains: new Set(free.filter((one) => !/[*?]/.test(one))),
      globs: free
        .filter((one) => /[*?]/.test(one))
        .map((one) => new RegExp(`@${one.replaceAll('.', '\\.').replaceAll('?', '.').replaceAll('*', '[^.]*')}$`)),
      exempt: new Set(words('freemail_welcomelist').map((one) => one.toLowerCase())),
      skipOverMost: number('freemail_skip_when_over_max', 1) !== 0,
      mostEmails: number('freemail_max_body_emails', 5),
      mostFreemails: number('freemail_max_body_freemails', 3),
      skipBulk: number('freemail_skip_bulk_envfrom', 1) !== 0,
    },
  }
}
