/**
 * Names that may be asked for and that may come back. RFC 1035 section 2.3.4 (lengths), RFC 2181 section 11 (any octet may stand in a
 * label; we take printable ASCII), RFC 1035 section 3.5 and RFC 3596 section 2.5 (the names of addresses). Pure.
 */
import { type Ip, readIp } from '../../base/ip.ts'

const MOST_NAME = 253
// A space too: SPF's macro `%_` writes one into a name (RFC 7208 section 7.1), and the answer for it is what the record's owner meant.
const ASKABLE = /^[ -~]{1,63}$/
const ANSWERABLE = /^[a-z0-9_*/+=#~-]{1,63}$/ // what comes back is shown to people and put in header fields

/** @param name A-labels; one last dot may stand. @returns the name in lower case without it, or undefined for one that cannot be asked for. */
export const readName = (name: string): string | undefined => {
  const bare = name.endsWith('.') ? name.slice(0, -1) : name
  if (bare.length === 0 || bare.length > MOST_NAME) return undefined
  return bare.split('.').every((label) => ASKABLE.test(label)) ? bare.toLowerCase() : undefined
}

/** @returns the name of an answer in lower case; undefined for one with octets that no host, zone or RFC 2317 delegation has. The root is ''. */
export const readTarget = (name: string): string | undefined => {
  const bare = (name.endsWith('.') ? name.slice(0, -1) : name).toLowerCase()
  if (bare === '') return ''
  return bare.length <= MOST_NAME && bare.split('.').every((label) => ANSWERABLE.test(label)) ? bare : undefined
}

const reversed = (ip: Ip): string =>
  ip.version === 4
    ? `${[...ip.octets].reverse().join('.')}.in-addr.arpa`
    : `${[...ip.octets]
        .reverse()
        .flatMap((octet) => [octet & 15, octet >> 4])
        .map((nibble) => nibble.toString(16))
        .join('.')}.ip6.arpa`

/** @returns the name under which an address's PTR stands: `1.2.0.192.in-addr.arpa`; undefined for text that is no address. */
export const reverseName = (ip: string): string | undefined => {
  const read = readIp(ip)
  return read.ok ? reversed(read.value) : undefined
}
