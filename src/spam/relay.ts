/**
 * Who handed a message in, from a Received field: RFC 5321 section 4.4 as Postfix, Exim, Sendmail, qmail and Microsoft write it. Pure, linear.
 */
import { readIp } from '../base/ip.ts'

/** Empty where the field does not say. Names in lower case. */
export type Relay = { readonly ip: string; readonly helo: string; readonly reverse: string }

const MOST = 1000
const bare = (name: string): string => name.toLowerCase().replace(/\.$/, '')

/** Addresses of no public host: the hand-over happened within somebody's own network. */
export const isPrivate = (ip: string): boolean =>
  /^(?:0|10|127|169\.254|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.|^(?:::1|f[cd][0-9a-f]{2}:|fe[89ab][0-9a-f]:)/i.test(ip)

/** @param value an unfolded Received field body. @returns undefined where it names no host, or only a private address. */
export const readRelay = (value: string): Relay | undefined => {
  const line = value.slice(0, MOST)
  const ip = /[[(]\s*(?:IPv6:)?([0-9a-fA-F.:]{3,45})\s*[\])]/.exec(line)?.[1] ?? ''
  if (!/^\s*from\s/i.test(line) || !readIp(ip).ok || isPrivate(ip)) return undefined
  const name = /^\s*from\s+([^\s()[\]]+)/i.exec(line)?.[1] ?? ''
  const noted = /\bhelo[= ]([^\s()[\]]+)/i.exec(line)?.[1]
  const beside = /\(\s*(?:[^\s()@]+@)?([A-Za-z0-9._-]+\.[A-Za-z0-9-]+)\s*\[/.exec(line)?.[1]
  // Exim and qmail put the looked-up name first and the HELO aside; others the other way round.
  return noted === undefined
    ? { ip, helo: bare(name), reverse: beside === undefined || /^unknown$/i.test(beside) ? '' : bare(beside) }
    : { ip, helo: bare(noted), reverse: /^unknown$/i.test(name) ? '' : bare(name) }
}
