/**
 * The tags of fail2ban's patterns as Python's `re` has them: `<HOST>`, `<ADDR>`, `<IP4>`, `<IP6>`, `<DNS>`, `<CIDR>`, `<SUBNET>`,
 * `<SKIPLINES>`, `<F-NAME>…</F-NAME>`, `<F-ID>` (fail2ban 1.0, jail.conf(5), "FILTERS"). Pure.
 */

const ip4 = '(?:::f{4,6}:)?(?P<ip4>(?:\\d{1,3}\\.){3}\\d{1,3})'
const ip6 = '(?P<ip6>(?:[0-9a-fA-F]{1,4}::?|::){1,7}(?:[0-9a-fA-F]{1,4}|(?<=:):))'
const dns = '(?P<dns>[\\w\\-.^_]*\\w)'
const cidr = '(?P<cidr>\\d+)'
const address = `\\[?(?:${ip4}|${ip6})\\]?`
const host = `(?:${address}|${dns})`
const subnet = `\\[?(?:${ip4}|${ip6})(?:/${cidr})?\\]?`

const fixed: ReadonlyMap<string, string> = new Map(
  Object.entries({
    IP4: ip4,
    'F-IP4/': ip4,
    IP6: ip6,
    'F-IP6/': ip6,
    ADDR: address,
    'F-ADDR/': address,
    CIDR: cidr,
    'F-CIDR/': cidr,
    SUBNET: subnet,
    'F-SUBNET/': subnet,
    DNS: dns,
    'F-DNS/': dns,
    'F-ID/': '(?P<fid>\\S+)',
    'F-PORT/': '(?P<fport>\\w+)',
  }),
)
const renamed: ReadonlyMap<string, string> = new Map([
  ['id', 'fid'],
  ['port', 'fport'],
])

/** @returns the group that a tag `<F-NAME>` stands for. */
export const groupOfTag = (name: string): string => {
  const lower = name.toLowerCase()
  return renamed.get(lower) ?? lower
}

/** `((?i)…` and `(?:(?i)…` are older spellings of `(?i:…`. */
const olderFlags = /(?<!\\)\((?:\?:)?(\(\?[a-z]+)\)/g

/** @param names whether `<HOST>` may be a name (`usedns` other than `no`). @returns the pattern without tags of fail2ban. */
export const withoutTags = (pattern: string, names: boolean): string => {
  const open = new Set<string>()
  let skips = 0
  const replaced = pattern.replaceAll(/<(\/?[\p{L}\p{N}_-]+\/?)>/gu, (whole, tag: string) => {
    if (tag === 'HOST') return names ? host : address
    if (tag === 'SKIPLINES') {
      skips += 1
      return `\\n(?P<skiplines${skips - 1}>(?:(?:.*\\n)*?))`
    }
    const known = fixed.get(tag)
    if (known !== undefined) return known
    const custom = /^(\/?)F-([A-Z0-9_-]+)$/.exec(tag)
    if (custom?.[2] === undefined) return whole
    if (custom[1] === '/') return open.has(custom[2]) ? ')' : whole
    open.add(custom[2])
    return `(?P<${groupOfTag(custom[2])}>`
  })
  return replaced.replaceAll(olderFlags, '$1:')
}
