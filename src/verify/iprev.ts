/**
 * The reverse name of a client and whether it leads back. RFC 8601 section 2.7.3 (iprev: pass, fail, temperror, permerror), RFC 8601 section 3
 * (the test). Pure but for the look-ups.
 */
import type { Resolve } from '../base/dns.ts'
import { readIp } from '../base/ip.ts'
import { addressesOf, askable, pointerName, sameIp } from './lookup.ts'

export type IprevVerdict = {
  readonly result: 'pass' | 'fail' | 'temperror' | 'permerror'
  /** The confirmed name; only with `pass`. */
  readonly name?: string
  /** What PTR says, confirmed or not; the first few. */
  readonly claimed: readonly string[]
  /** `no-name` is the talk's *no reverse lookup*; `not-confirmed` names that do not lead back. */
  readonly why?: 'no-name' | 'not-confirmed' | 'no-answer' | 'not-an-address'
  /** Both ways with the AD bit. */
  readonly secure?: boolean
}

const MOST_NAMES = 5 // RFC 8601 section 3 asks for a bound: more than one name is rare, and each costs a look-up

/** @param address the client. @returns whether one of its names leads back to it. */
export const checkIprev = async (address: string, resolve: Resolve): Promise<IprevVerdict> => {
  const ip = readIp(address)
  if (!ip.ok) return { result: 'permerror', claimed: [], why: 'not-an-address' }
  const answer = await resolve(pointerName(ip.value), 'PTR')
  if (answer.kind === 'failed') return { result: 'temperror', claimed: [], why: 'no-answer' }
  const claimed = answer.kind === 'found' ? answer.records.filter(askable).slice(0, MOST_NAMES) : []
  if (claimed.length === 0) return { result: 'permerror', claimed, why: 'no-name' }
  const back = await Promise.all(
    claimed.map(async (name) => ({ name, ...(await addressesOf(resolve, name, ip.value.version)) })),
  )
  const good = back.find((one) => one.addresses.some((other) => sameIp(other, ip.value)))
  if (good !== undefined) return { result: 'pass', name: good.name, claimed, secure: answer.secure }
  if (back.some((one) => one.kind === 'failed')) return { result: 'temperror', claimed, why: 'no-answer' }
  return { result: 'fail', claimed, why: 'not-confirmed' }
}
