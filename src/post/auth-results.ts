/**
 * Authentication-Results as far as the post office knows it by itself: the reverse name, when no scan thread wrote the whole field.
 * RFC 8601 sections 2.2 and 2.7.3 (iprev), `none` where nothing was asked. Pure.
 */
import { writeAuthResults } from '../verify/auth-results.ts'
import type { EarlyFacts } from './scan-port.ts'

/** @returns the field, ending in CRLF; ASCII. */
export const plainAuthResults = (host: string, ip: string, iprev: EarlyFacts['iprev']): string =>
  writeAuthResults({
    authserv: host,
    results:
      iprev === undefined
        ? []
        : [{ method: 'iprev', result: iprev.result, properties: [{ name: 'policy.iprev', value: ip }] }],
  })
