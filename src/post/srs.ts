/**
 * The return address of mail that is sent on: `SRS0=hash=day=their.domain=anna@our.domain`. So SPF (RFC 7208) passes for what we send on, and a report of
 * failure comes back to us, who know by the hash that we wrote the address and give it to the true sender (the Sender Rewriting Scheme of Meng Weng
 * Wong, and its SRS1 for an address that another forwarder wrote already). Pure: secrets and clock are parameters.
 *
 * Upper and lower case are one, because some servers change them. Refused on purpose: an address of a hash that is not ours, or older than MOST_DAYS.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'

const DAY = 86_400_000
const MOST_DAYS = 30 // a report comes within the queue's life of the last server on the way: five days, seldom more
const DAYS = 1024 // a day is two characters of base32
const HASH_OCTETS = 5 // 40 bits: eight characters; guessing one is a question to us each time
const MOST_PATH = 254 // octets; RFC 5321 section 4.5.3.1.3
const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'

/** The first one signs, all of them are known; at least one. */
export type SrsSecrets = readonly Uint8Array[]

const base32 = (octets: Uint8Array): string => {
  let bits = 0
  let held = 0
  let text = ''
  for (const octet of octets) {
    held = (held << 8) | octet
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += alphabet[(held >> bits) & 31] ?? ''
    }
    held &= (1 << bits) - 1
  }
  return text
}

const hashOf = (secret: Uint8Array, text: string): string =>
  base32(createHmac('sha256', secret).update(text.toLowerCase()).digest().subarray(0, HASH_OCTETS))

const isSigned = (secrets: SrsSecrets, hash: string, text: string): boolean =>
  secrets
    .map((secret) => timingSafeEqual(Buffer.from(hashOf(secret, text)), Buffer.from(hash.toLowerCase())))
    .includes(true)

const dayOf = (now: number): number => Math.floor(now / DAY) % DAYS
const writeDay = (day: number): string => (alphabet[day >> 5] ?? '') + (alphabet[day & 31] ?? '')
const readDay = (text: string): number =>
  alphabet.indexOf(text.charAt(0).toLowerCase()) * 32 + alphabet.indexOf(text.charAt(1).toLowerCase())

/** @returns a local part as it stands between angle brackets: quoted where it is no run of atoms. RFC 5321 section 4.1.2. */
const quoted = (local: string): string =>
  /^[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~.\u0080-\u{10ffff}]+$/u.test(local)
    ? local
    : `"${local.replaceAll(/["\\]/g, '\\$&')}"`

const first = /^srs0[-+=](.+)$/is
const again = /^srs1[-+=][^=]+=([^=]+)=(.+)$/is

/** The local part of SRS1: who wrote the SRS0, and all of it behind its first four characters. */
const chained = (secret: Uint8Array, host: string, rest: string): string =>
  `SRS1=${hashOf(secret, `${host}=${rest}`)}=${host}=${rest}`

const rewritten = (secret: Uint8Array, { local, domain }: Mailbox, now: number): string => {
  if (first.test(local)) return chained(secret, domain, local.slice(4))
  const [, host, rest] = again.exec(local) ?? []
  if (host !== undefined && rest !== undefined) return chained(secret, host, rest)
  const signed = `${writeDay(dayOf(now))}=${domain}=${local}`
  return `SRS0=${hashOf(secret, signed)}=${signed}`
}

/** A local part, unquoted, and a domain. */
type Mailbox = { readonly local: string; readonly domain: string }

/**
 * @param sender the envelope sender of a message that is sent on. @param through the domain of ours that it was for.
 * @returns the sender to send it on with, as between angle brackets; undefined where that would be too long for a path.
 */
export const forwardSender = (
  sender: Mailbox,
  through: string,
  so: { readonly secrets: SrsSecrets; readonly now: number },
): string | undefined => {
  const [secret = new Uint8Array()] = so.secrets
  const address = `${quoted(rewritten(secret, sender, so.now))}@${through}`
  return Buffer.byteLength(address) <= MOST_PATH ? address : undefined
}

export type Returned =
  /** Whom what comes to this address is for. */
  | { readonly kind: 'to'; readonly address: string }
  /** It was ours, long ago. */
  | { readonly kind: 'expired' }
  /** It looks like one of ours and is not. */
  | { readonly kind: 'forged' }

/** @param local of an address at one of our domains, unquoted. @returns what it leads back to; undefined when it is no such address. */
export const returnAddress = (
  local: string,
  so: { readonly secrets: SrsSecrets; readonly now: number },
): Returned | undefined => {
  const [, hash, day, domain, name] = /^srs0[-+=]([a-z2-7]{8})=([a-z2-7]{2})=([^=]+)=(.+)$/is.exec(local) ?? []
  if (hash !== undefined && day !== undefined && domain !== undefined && name !== undefined) {
    if (!isSigned(so.secrets, hash, `${day}=${domain}=${name}`)) return { kind: 'forged' }
    const age = (dayOf(so.now) - readDay(day) + DAYS) % DAYS
    return age > MOST_DAYS ? { kind: 'expired' } : { kind: 'to', address: `${quoted(name)}@${domain}` }
  }
  const [, mark, host, rest] = /^srs1[-+=]([a-z2-7]{8})=([^=]+)=(.+)$/is.exec(local) ?? []
  if (mark !== undefined && host !== undefined && rest !== undefined)
    return isSigned(so.secrets, mark, `${host}=${rest}`)
      ? { kind: 'to', address: `${quoted(`SRS0${rest}`)}@${host}` }
      : { kind: 'forged' }
  return /^srs[01][-+=]/i.test(local) ? { kind: 'forged' } : undefined
}
