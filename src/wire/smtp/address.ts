/**
 * Paths and addresses of the envelope. RFC 5321 section 4.1.2 (grammar), 4.1.1.3 (Postmaster without a domain), appendix C (source
 * routes, read over), 4.1.3 (literals); RFC 6531 section 3.3 (UTF-8 in both parts). Pure.
 *
 * Lenient where the world is: no angle brackets (old devices), dots at the end of or doubled in an unquoted local part (mobile
 * carriers in Japan gave out such addresses), underscores in a domain, a dot after it. A local part may be longer than 64
 * octets (VERP makes such); the whole path is bounded. General address literals (`[tag:…]`) are refused: nobody has registered a tag.
 */
import { domainToASCII } from 'node:url'
import { readIp, writeIp } from '../../base/ip.ts'
import { fail, ok, type Result } from '../../base/result.ts'

/** `local` is unquoted and keeps its case; `domain` is lower-case A-labels, a literal in brackets, or empty for `<Postmaster>`; `text` is what goes between angle brackets. */
export type SmtpAddress = { readonly local: string; readonly domain: string; readonly text: string }
/** A path as it was written; `utf8` when it needs SMTPUTF8. A null address is the null sender. */
export type SmtpPath = { readonly address: SmtpAddress | null; readonly utf8: boolean }

export const MOST_PATH = 512 // octets; RFC 5321 section 4.5.3.1.3 asks for 256 at least
const MOST_DOMAIN = 255
const MOST_LABEL = 63

const atext = /^[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~.\u0080-\u{10ffff}]+$/u
const hostName = /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*$/
const ascii = /^[\x00-\x7f]*$/

const isHostName = (name: string): boolean =>
  name.length <= MOST_DOMAIN &&
  hostName.test(name) &&
  (name.length <= MOST_LABEL || name.split('.').every((label) => label.length <= MOST_LABEL))

/** @returns `[192.0.2.1]`, `[IPv6:2001:db8::1]`, in one spelling; undefined for what is no literal. */
const readLiteral = (text: string): string | undefined => {
  const inner = text.slice(1, -1)
  const six = /^ipv6:/i.test(inner)
  const ip = readIp(six ? inner.slice(5) : inner)
  if (!ip.ok || inner.includes('%') || (!six && inner.includes(':'))) return undefined
  return ip.value.version === 6 ? `[IPv6:${writeIp(ip.value)}]` : `[${writeIp(ip.value)}]`
}

/** @param text a domain as a peer wrote it. @returns it in lower-case A-labels, or a literal in brackets; undefined when it is neither. */
export const readDomain = (text: string): string | undefined => {
  if (text.startsWith('[')) return text.endsWith(']') ? readLiteral(text) : undefined
  const bare = text.endsWith('.') ? text.slice(0, -1) : text
  const lower = bare.toLowerCase()
  if (ascii.test(bare)) return isHostName(lower) ? lower : undefined
  if (bare.length > MOST_DOMAIN || /[\x00-\x20\x22-\x2c\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\x7f]/.test(bare))
    return undefined
  const name = domainToASCII(bare)
  return isHostName(name) && !/(?:^|\.)\d+$/.test(name) ? name : undefined
}

/** @returns the local part as it must stand in a path: quoted where it is not a run of atoms. */
export const writeLocal = (local: string): string =>
  atext.test(local) ? local : `"${local.replaceAll(/["\\]/g, '\\$&')}"`

const make = (local: string, domain: string): SmtpAddress => ({
  local,
  domain,
  text: domain === '' ? writeLocal(local) : `${writeLocal(local)}@${domain}`,
})

/** The local part at the head of `text`. */
const readLocal = (text: string): { readonly local: string; readonly length: number } | undefined => {
  if (!text.startsWith('"')) {
    const at = text.lastIndexOf('@')
    const length = at < 0 ? text.length : at
    const local = text.slice(0, length)
    return atext.test(local) ? { local, length } : undefined
  }
  const quoted = /^"((?:[^"\\\x00-\x1f\x7f]|\\[\x20-\x7e])*)"/.exec(text)
  const inner = quoted?.[1]
  if (inner === undefined) return undefined
  return { local: inner.replaceAll(/\\(.)/gu, '$1'), length: inner.length + 2 }
}

/** @param text `local@domain`, or a local part alone. @returns the address; `bad-address` otherwise. */
export const readAddress = (text: string): Result<SmtpPath & { readonly address: SmtpAddress }, 'bad-address'> => {
  const head = readLocal(text)
  if (head === undefined || (head.local === '' && head.length === 0)) return fail('bad-address')
  const rest = text.slice(head.length)
  if (rest === '') return ok({ address: make(head.local, ''), utf8: !ascii.test(text) })
  const domain = rest.startsWith('@') ? readDomain(rest.slice(1)) : undefined
  return domain === undefined ? fail('bad-address') : ok({ address: make(head.local, domain), utf8: !ascii.test(text) })
}

/** Where the path at the head of `text` ends: after `>`, or at the first space without brackets. */
const pathEnd = (text: string): number => {
  if (!text.startsWith('<')) {
    const space = text.search(/[ \t]/)
    return space < 0 ? text.length : space
  }
  let quoted = false
  for (let at = 1; at < text.length; at += 1) {
    const char = text[at]
    if (quoted && char === '\\') at += 1
    else if (char === '"') quoted = !quoted
    else if (char === '>' && !quoted) return at + 1
  }
  return -1
}

/**
 * @param text what stands after `FROM:` or `TO:`.
 * @returns the path and what stands behind it (the parameters); `bad-address` when there is no path.
 */
export const readPath = (text: string): Result<{ readonly path: SmtpPath; readonly rest: string }, 'bad-address'> => {
  const end = pathEnd(text)
  const written = end < 0 ? '' : text.slice(0, end)
  const rest = text.slice(end)
  if (written === '' || Buffer.byteLength(written) > MOST_PATH || !/^(?:$|[ \t])/.test(rest)) return fail('bad-address')
  if (written === '<>') return ok({ path: { address: null, utf8: false }, rest })
  const inner = written.startsWith('<') ? written.slice(1, -1) : written
  const route = /^@[^:"]{1,255}(?:,@[^:",]{1,255})*:/.exec(inner)?.[0] ?? ''
  const address = readAddress(inner.slice(route.length))
  return address.ok ? ok({ path: address.value, rest }) : address
}
