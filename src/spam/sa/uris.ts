/**
 * The web and mail addresses of a message, as rules of kind `uri` see them: those of the pages' tags, those that a reader's program would turn into links in
 * the text, and each in plainer forms (percent codes undone, odd IP notations, redirectors followed once). RFC 3986; what mail programs link is their custom.
 * Pure; bounded by MOST_URIS and MOST_LENGTH.
 */
import { type Domains, isHostName, toAscii } from './domains.ts'

const MOST_URIS = 4000
const MOST_LENGTH = 8192

export type UriDetail = {
  readonly cleaned: ReadonlySet<string>
  readonly types: ReadonlySet<string>
  readonly anchors: readonly string[]
  readonly hosts: ReadonlyMap<string, string>
}

const percentDecoded = (uri: string): string =>
  uri
    .split(/(%[0-9a-fA-F]{2})/)
    .map((piece) =>
      /^%[0-9a-fA-F]{2}$/.test(piece)
        ? /20|7f|[0189a-f][0-9a-f]/i.test(piece)
          ? piece
          : String.fromCharCode(Number.parseInt(piece.slice(1), 16))
        : piece.replaceAll(/[\0- \x7f-\xff"%<>]/g, (octet) => `%${octet.charCodeAt(0).toString(16).padStart(2, '0')}`),
    )
    .join('')

const ofNumber = (text: string): string => {
  const value = BigInt.asUintN(32, BigInt(text.slice(0, 40)))
  return [24n, 16n, 8n, 0n].map((by) => String((value >> by) & 255n)).join('.')
}

const octetOf = (text: string): string => {
  if (/^0x/i.test(text)) return String(BigInt(`0x${text.slice(2, 60)}`))
  const octal = /^0+([1-3][0-7]{0,2}|[4-7][0-7]?)$/.exec(text)
  return octal === null ? text.replace(/^0+/, '') : String(Number.parseInt(octal[1] ?? '0', 8))
}

const mailForms = (uri: string): readonly string[] => {
  const out: string[] = []
  const add = (form: RegExp, lead = ''): void => {
    const found = form.exec(uri)?.[1]
    if (found !== undefined) out.push(lead + found)
  }
  add(/^([^@]+@[^?]+)\?/)
  add(/^([^@]+@[^?&]+)&/)
  if (uri.includes('%20')) add(/^(?:mailto:)?(?:%20)*([^@]+@[^?&%]+)/, 'mailto:')
  add(/^[^?&]*<([^@>]+@[^>]+)>/, 'mailto:')
  return out
}

const numericHost = (host: string): string | undefined => {
  const four = /^(0x[0-9a-f]+|\d+)\.(0x[0-9a-f]+|\d+)\.(0x[0-9a-f]+|\d+)\.(0x[0-9a-f]+|\d+)$/i.exec(host)
  if (four !== null) return four.slice(1).map(octetOf).join('.')
  if (/^0x[0-9a-f]+$/i.test(host)) return ofNumber(String(BigInt(`0x${host.slice(2).slice(-8)}`)))
  return /^\d+$/.test(host) ? ofNumber(host) : undefined
}

/** Forms of a web address beyond its plain one. @param follow takes an address found behind a redirector. */
const hostForms = (
  uri: string,
  redirectors: readonly RegExp[],
  domains: Domains,
  follow: (uri: string) => void,
): readonly string[] => {
  const found = /^(https?:\/\/)([^@/?#]*@)?([^/?#:]+)((?::(\d*))?.*)$/is.exec(uri)
  if (found === null) return []
  const [, scheme = '', auth = '', first = '', rest = '', port = ''] = found
  const out: string[] = []
  let host = first
  const usual = scheme.toLowerCase() === 'http://' ? '80' : '443'
  const without = rest.replace(new RegExp(`^:${usual}\\b`), '')
  if (port !== '' && without !== rest) out.push(scheme + host + without)
  const ascii = toAscii(host)
  if (ascii !== host.toLowerCase()) {
    out.push(scheme + ascii + rest)
    host = ascii
  }
  const plain = host.replaceAll(/[\0- ]/g, '')
  if (plain !== host) out.push(scheme + plain + rest)
  host = plain
  const whole = scheme + host + rest
  const behind = redirectors.map((one) => one.exec(whole)?.[1]).find((one) => one?.includes('.') === true)
  const generic = behind === undefined ? /(https?:\/{0,2}[^&#]+)/i.exec(rest)?.[1] : behind
  if (generic?.includes('.') === true) follow(generic)
  const cut = host.replace(/^[^@]+@/s, '')
  if (cut !== host) out.push(scheme + cut + rest)
  host = cut
  const tidy = host.replace(/[^0-9A-Za-z]+$/, '')
  if (tidy !== host) out.push(scheme + tidy + rest)
  host = tidy
  const numeric = numericHost(host)
  if (numeric !== undefined) out.push(scheme + numeric + rest)
  else if (scheme === 'http://' && auth === '' && ascii !== 'localhost' && (port === '' || port === '80')) {
    const bare = /^(?:www\.)?([^.]+)$/.exec(ascii)?.[1]
    if (bare !== undefined && !domains.isListed(ascii)) out.push(`${scheme}www.${bare}.com${rest}`)
  }
  return out
}

/** @returns the address and its plainer forms. */
export const plainForms = (raw: string, redirectors: readonly RegExp[], domains: Domains): ReadonlySet<string> => {
  const given = [raw]
  const out = new Set<string>()
  for (let index = 0; index < given.length && index < 20; index += 1) {
    const uri = (given[index] ?? '').replaceAll('\n', '').replace(/^\s+/, '').replace(/\s+$/, '').replaceAll('\r', '')
    out.add(uri)
    if (uri.length <= 1 || /^(?:[#?&]|\/(?!\/))/.test(uri)) continue
    if (/^mailto:/i.test(uri) || /^[^:]*@/.test(uri)) {
      for (const one of mailForms(uri)) out.add(one)
      continue
    }
    let plain = uri.replaceAll('\\', '/').replace(/^(https?:)\/{0,2}/i, '$1//')
    if (/%[0-9a-fA-F]{2}/.test(plain)) plain = percentDecoded(plain)
    if (!/^[-_a-z0-9]+:/i.test(plain)) plain = (/^ftp\./.test(plain) ? 'ftp://' : 'http://') + plain
    plain = plain
      .replace(/^(https?:\/\/[^/?#]+)([?#])/i, '$1/$2')
      .replaceAll(/&#0*(3[3-9]|[4-9]\d|1[01]\d|12[0-6]);/g, (_, code: string) => String.fromCharCode(Number(code)))
      .replaceAll(/&#x0*(2[1-9]|[3-6][a-fA-F0-9]|7[0-9a-eA-E]);/g, (_, code: string) =>
        String.fromCharCode(Number.parseInt(code, 16)),
      )
      .replaceAll(/&#(?:x2e|12290|x3002|65294|xff0e|65377|xff61);/gi, '.')
    out.add(plain)
    for (const one of hostForms(plain, redirectors, domains, (behind) => given.push(behind))) out.add(one)
  }
  return out
}

const startMarks = '><"\'`,{[(|\\s\\x1b\\xa0'
const endMarks = '><"`}\\]{[|\\s\\x1b\\xa0'
const mailEnd = `${endMarks},('\\x80-\\xff`

/** What a mail program would make a link of: with a scheme or `www.`, with an at sign, or a name under a listed domain. */
const linkPattern = (domains: Domains): RegExp => {
  const known = `(?<known>(?:(?:https?|ftp)://|(?:www\\d{0,2}|ftp)\\.)[^${endMarks}]{1,2048})(?=[${endMarks}]|$)`
  const mail = `(?<mail>mailto:[^${mailEnd}]{1,2048}|[^${mailEnd}@]{1,251}@[^${mailEnd}]{1,251})(?=[${mailEnd}]|$)`
  const bare = `(?:^|(?<=[!"#$&'()*+,/:;<=>?@[\\\\\\]^\`{|}~\\s\\x1b\\xa0]))(?<bare>(?<host>[a-z\\d][a-z\\d._-]{0,251}\\.(?:${domains.tlds}))\\.?(?::\\d{1,5})?(?:/[^${endMarks}]{1,2048})?)(?=[${endMarks}]|$)`
  return new RegExp(`(?:\\b|(?<=\\x1b\\([^\\n])|(?<=[${startMarks}]))(?:${known}|${mail}|${bare})`, 'gi')
}

type Parsed = { readonly uri: string; readonly types: readonly string[] }

const schemed = (raw: string): Parsed | undefined => {
  if (/^(?:https?|ftp|mailto):/i.test(raw)) return { uri: raw, types: ['parsed'] }
  const types = ['parsed', 'schemeless']
  if (/^ftp\./i.test(raw)) return { uri: `ftp://${raw}`, types }
  if (/^www\d{0,2}\./i.test(raw) || /\/[^\n]+@/.test(raw)) return { uri: `http://${raw}`, types }
  if (raw.includes('@')) {
    if (!/@.+?\./.test(raw) || raw.includes('&nbsp;')) return undefined
    return { uri: `mailto:${raw.replace(/^(?:skype|e?-?mail)?:+/i, '')}`, types }
  }
  return raw.includes('.') ? { uri: `http://${raw}`, types: [...types, 'unlinked'] } : undefined
}

const parsed = (
  groups: Readonly<Record<string, string | undefined>>,
  domains: Domains,
  seen: Set<string>,
): Parsed | undefined => {
  const text = groups['known'] ?? groups['mail'] ?? groups['bare'] ?? ''
  // A closing parenthesis ends it where none was opened; then the marks that readers' programs leave off.
  const raw = text.replace(/^([^(]*)\).*$/s, '$1').replace(/[-~!@#^&*()_+=:;'?,.]*$/, '')
  if (seen.has(raw)) return undefined
  seen.add(raw)
  if (groups['mail'] !== undefined && !raw.includes('@')) return undefined
  if (groups['host'] !== undefined && !isHostName(groups['host'])) return undefined
  if (/^[cm]id:/i.test(raw) || /^\w+:\/{0,2}$/i.test(raw)) return undefined
  const found = schemed(raw)
  if (found === undefined || !/^mailto:/i.test(found.uri)) return found
  const uri = /%[0-9a-f]{2}/i.test(found.uri) ? percentDecoded(found.uri) : found.uri
  const host = /@([^?&>]*)/.exec(uri)?.[1]?.replace(/(?:%20)+$/, '')
  return host !== undefined && domains.isListed(host) ? { ...found, uri } : undefined
}

type Marked = {
  readonly uris: ReadonlyMap<string, ReadonlySet<string>>
  readonly links: readonly { readonly href: string; readonly text: string }[]
}
export type UriFinder = {
  readonly find: (lines: readonly string[], pages: readonly Marked[]) => ReadonlyMap<string, UriDetail>
}

/** @param redirectors patterns whose first group is the address behind. */
export const uriFinder = (domains: Domains, redirectors: readonly RegExp[]): UriFinder => {
  const pattern = linkPattern(domains)
  type Open = { cleaned: Set<string>; types: Set<string>; anchors: string[]; hosts: Map<string, string> }
  const add = (into: Map<string, Open>, uri: string, types: Iterable<string>, strict: boolean): Open | undefined => {
    const forms = [...plainForms(uri, redirectors, domains)].map((one) => one.slice(0, MOST_LENGTH))
    const hosts = new Map<string, string>()
    for (const one of forms) {
      const named = domains.ofUri(one)
      if (named !== undefined) hosts.set(named.host, named.domain)
    }
    if ((strict && hosts.size === 0) || into.size >= MOST_URIS) return undefined
    const detail = into.get(uri) ?? { cleaned: new Set(), types: new Set(), anchors: [], hosts: new Map() }
    into.set(uri, detail)
    for (const one of forms) detail.cleaned.add(one)
    for (const type of types) detail.types.add(type)
    for (const [host, domain] of hosts) detail.hosts.set(host, domain)
    return detail
  }
  return {
    find: (lines, pages) => {
      const out = new Map<string, Open>()
      const seen = new Set<string>()
      for (const line of lines)
        for (const match of line.matchAll(pattern)) {
          const found = parsed(match.groups ?? {}, domains, seen)
          if (found !== undefined) add(out, found.uri, found.types, true)
        }
      for (const page of pages)
        for (const [uri, types] of page.uris) {
          const detail = add(out, uri, types, false)
          if (detail === undefined) continue
          for (const link of page.links)
            if (link.href === uri && !detail.anchors.includes(link.text)) detail.anchors.push(link.text)
        }
      return out
    },
  }
}
