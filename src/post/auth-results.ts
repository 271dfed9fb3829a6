/**
 * Authentication-Results as far as the post office knows it by itself: the reverse name, when no scan thread wrote the whole field.
 * RFC 8601 sections 2.2 and 2.7.3 (iprev), `none` where nothing was asked. Pure.
 */
import type { EarlyFacts } from './scan-port.ts'

const word = (text: string): string => text.replaceAll(/[^A-Za-z0-9.:_-]/g, '?').slice(0, 255)

/** @returns the field, ending in CRLF; ASCII. */
export const plainAuthResults = (host: string, ip: string, iprev: EarlyFacts['iprev']): string => {
  if (iprev === undefined) return `Authentication-Results: ${host}; none\r\n`
  const name = iprev.name === undefined ? '' : ` (${word(iprev.name)})`
  return `Authentication-Results: ${host};\r\n\tiprev=${word(iprev.result)}${name} policy.iprev="${word(ip)}"\r\n`
}
