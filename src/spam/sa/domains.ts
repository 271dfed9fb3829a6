/**
 * Host names as rules see them: which are well formed, which end in a top-level domain that the rule files list, and where an organisation's part
 * begins (`util_rb_tld`, `util_rb_2tld`, `util_rb_3tld`). RFC 1035 section 2.3, RFC 5891 (A-labels). Pure.
 */
import { domainToASCII } from 'node:url'
import { ipAddress } from './received-ip.ts'

const states = new Set(
  (
    'ak al ar az ca co ct dc de fl ga gu hi ia id il in ks ky la ma md me mi mn mo ms mt nc nd ne nh nj nm nv ny oh ok or pa pr ri sc sd tn tx ut va ' +
    'vi vt wa wi wv wy'
  ).split(' '),
)

export type Domains = {
  /** Whether the last label is a listed top-level domain. */
  readonly isListed: (host: string) => boolean
  /** The part that an organisation registers: `mail.shop.co.uk` gives `shop.co.uk`. */
  readonly organisation: (host: string) => string
  /** Host and organisation of a web or mail address; undefined where it names no listed host. */
  readonly ofUri: (uri: string) => { readonly host: string; readonly domain: string } | undefined
  /** Listed top-level domains as one alternation, the longest first. */
  readonly tlds: string
}

/** Octets to A-labels, lower case; what cannot be said stays as it is. */
export const toAscii = (host: string): string => {
  if (/^[\w.:[\]-]*$/.test(host)) return host.toLowerCase()
  const text = Buffer.from(host, 'latin1').toString('utf8')
  if (text.includes('�')) return host.toLowerCase()
  const ascii = domainToASCII(text.replaceAll(/[。．｡]/g, '.'))
  return ascii === '' ? host.toLowerCase() : ascii
}

const label = /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?$/

/** Two labels at least, each of letters, digits and inner hyphens, none over 63; underscores only above the organisation. */
export const isHostName = (text: string): boolean => {
  const host = text.toLowerCase().replace(/\.+$/, '')
  if (host.length > 253) return false
  const labels = host.split('.')
  if (labels.length < 2) return false
  return labels.every(
    (one, index) => one.length <= 63 && label.test(one) && (index < labels.length - 2 || !one.includes('_')),
  )
}

const wordsOf = (settings: ReadonlyMap<string, readonly string[]>, key: string): ReadonlySet<string> =>
  new Set((settings.get(key) ?? []).flatMap((line) => line.toLowerCase().split(/\s+/)))

/** @param settings of a rule set. */
export const domainsOf = (settings: ReadonlyMap<string, readonly string[]>): Domains => {
  const one = wordsOf(settings, 'util_rb_tld')
  const two = wordsOf(settings, 'util_rb_2tld')
  const three = wordsOf(settings, 'util_rb_3tld')

  const isListed = (text: string): boolean => {
    const host = toAscii(text)
    const last = /\.([^.]+)$/.exec(host)?.[1]
    return !/\s/.test(host) && last !== undefined && one.has(last)
  }

  const stops = (parts: readonly string[]): boolean => {
    const [a = '', b = '', c = ''] = parts
    if (parts.length === 2) return two.has(parts.join('.'))
    if (parts.length === 3) return c === 'us' ? states.has(b) : three.has(parts.join('.'))
    return (
      parts.length === 4 && parts[3] === 'us' && ((a === 'pvt' && b === 'k12') || /^c[io]$/.test(a)) && states.has(c)
    )
  }

  const organisation = (text: string): string => {
    const parts = toAscii(text).replaceAll(/\.+/g, '.').replace(/^\.+/, '').replace(/\.+$/, '').split('.')
    let last: string | undefined
    while (parts.length > 1 && !stops(parts)) last = parts.shift()
    return (last === undefined ? parts : [last, ...parts]).join('.')
  }

  const hostOfUri = (text: string): string | undefined => {
    const uri = text.toLowerCase()
    if (/^(?:javascript|cid|file):/.test(uri)) return undefined
    if (!uri.startsWith('mailto:'))
      return uri
        .replace(/^[a-z]+:\/{0,2}/, '')
        .replace(/[/?#].*/s, '')
        .replace(/^[^/]*@/, '')
        .replace(/:\d*$/, '')
    const address = uri.slice(7).replace(/\?.*/s, '')
    const at = address.lastIndexOf('@')
    return at < 0 || address.indexOf('@') !== at ? undefined : address.slice(at + 1)
  }

  return {
    isListed,
    organisation,
    ofUri: (uri) => {
      const text = hostOfUri(uri)
      if (text === undefined || /%(?:2[1-9a-f]|[3-6][0-9a-f]|7[0-9a-e])/.test(text)) return undefined
      const host = toAscii(text)
      if (ipAddress.whole.test(host)) return { host, domain: host }
      return isHostName(host) && isListed(host) ? { host, domain: organisation(host) } : undefined
    },
    tlds: [...one]
      .sort((a, b) => b.length - a.length || (a < b ? -1 : 1))
      .map((tld) => tld.replaceAll(/[^\w-]/g, ''))
      .join('|'),
  }
}
