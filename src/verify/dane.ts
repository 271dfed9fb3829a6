/**
 * DANE for SMTP: which TLSA records count, where they are looked for, and what they demand. RFC 6698 section 2 (records), RFC 7671 section 9 (the
 * strongest digest of several counts), RFC 7672 section 2.1.1 (no answer is no leave to go on), section 2.2 (what a host without usable records gets), section
 * 2.2.2 (aliases), section 3.1.3 (usages 0 and 1 are not usable), section 3.2 (names). Pure: look-ups are a parameter. How a chain is held against
 * the records: src/verify/dane-chain.ts.
 */
import { createPublicKey, X509Certificate } from 'node:crypto'
import type { DnsRecords, Resolve } from '../base/dns.ts'

export type Tlsa = DnsRecords['TLSA']

const MOST_RECORDS = 32 // of one host; the others are not looked at
const MOST_ALIASES = 8
const DIGEST_OCTETS: Readonly<Record<number, number>> = { 1: 32, 2: 64 }

/** Whether `data` is a certificate or key as it says. */
const readable = ({ selector, data }: Tlsa): boolean => {
  try {
    if (selector === 0) return new X509Certificate(data).raw.length === data.length
    createPublicKey({ key: Buffer.from(data), format: 'der', type: 'spki' })
    return true
  } catch (error) {
    if (error instanceof Error) return false
    throw error
  }
}

const usable = (record: Tlsa): boolean => {
  if ((record.usage !== 2 && record.usage !== 3) || (record.selector !== 0 && record.selector !== 1)) return false
  return record.matching === 0 ? readable(record) : DIGEST_OCTETS[record.matching] === record.data.length
}

/**
 * @returns the records that can authenticate an SMTP server: usages DANE-TA(2) and DANE-EE(3), selectors and matching types that are known, data that has the
 * length or form it must have. Of several digests for one usage and selector the strongest counts, beside whole data.
 */
export const usableRecords = (records: readonly Tlsa[]): readonly Tlsa[] => {
  const good = records.slice(0, MOST_RECORDS).filter(usable)
  const strongest = (record: Tlsa): number =>
    Math.max(
      ...good
        .filter((one) => one.usage === record.usage && one.selector === record.selector)
        .map(({ matching }) => matching),
    )
  return good.filter((record) => record.matching === 0 || record.matching === strongest(record))
}

/** What DANE says of one host. */
export type DaneVerdict =
  /** No secure TLSA records: nothing is demanded. */
  | { readonly kind: 'none' }
  /** TLS is a must, and the certificate must match. `base`: the name that the records stand at, for SNI. */
  | { readonly kind: 'match'; readonly base: string; readonly records: readonly Tlsa[] }
  /** TLS is a must; no record can be used, so any certificate will do. */
  | { readonly kind: 'encrypted'; readonly base: string }
  /** Records may be there and cannot be had: this host is not to be used now. */
  | { readonly kind: 'unknown'; readonly why: string }

const none = { kind: 'none' } as const

/** @returns what stands at one TLSA base domain; undefined where nothing does. */
const recordsAt = async (base: string, port: number, resolve: Resolve): Promise<DaneVerdict | undefined> => {
  const name = `_${port}._tcp.${base}`
  const answer = await resolve(name, 'TLSA')
  if (answer.kind === 'failed')
    return answer.why === 'bad-name' ? undefined : { kind: 'unknown', why: `${name} TLSA: ${answer.why}` }
  if (answer.kind === 'none') return undefined
  if (!answer.secure) return none // the zone of the records is not signed although that of the host is
  const records = usableRecords(answer.records)
  return records.length === 0 ? { kind: 'encrypted', base } : { kind: 'match', base, records }
}

type Aliases =
  | { readonly kind: 'found'; readonly end: string; readonly firstSecure: boolean }
  | { readonly kind: 'failed'; readonly why: string }

/** Walks the aliases of a host's name, as far as they are secure. */
const aliasesOf = async (name: string, resolve: Resolve): Promise<Aliases> => {
  let at = name
  let firstSecure = false
  for (let step = 0; step < MOST_ALIASES; step += 1) {
    const answer = await resolve(at, 'CNAME')
    if (answer.kind === 'failed') return { kind: 'failed', why: `${at} CNAME: ${answer.why}` }
    const next = answer.kind === 'found' ? answer.records[0] : undefined
    if (next === undefined || next === at) break
    if (at === name) firstSecure = answer.secure
    at = next
  }
  return { kind: 'found', end: at, firstSecure }
}

export type DaneHost = {
  /** As the MX record has it, or the domain itself where there is no MX. */
  readonly name: string
  readonly mxSecure: boolean
  /** The A or AAAA answer, aliases and all. */
  readonly addressSecure: boolean
  readonly port: number
}

/**
 * @returns what DANE demands of a host. Nothing without DNSSEC over its MX. Where it is an alias: with the whole chain secure the records of the last name, and
 * where that has none those of the first; with an insecure end those of the first name, if its alias is secure.
 */
export const daneVerdict = async (host: DaneHost, resolve: Resolve): Promise<DaneVerdict> => {
  if (!host.mxSecure) return none
  const aliases = await aliasesOf(host.name, resolve)
  if (aliases.kind === 'failed') return host.addressSecure ? { kind: 'unknown', why: aliases.why } : none
  if (!host.addressSecure && !aliases.firstSecure) return none
  const bases = host.addressSecure && aliases.end !== host.name ? [aliases.end, host.name] : [host.name]
  for (const base of bases) {
    const verdict = await recordsAt(base, host.port, resolve)
    if (verdict !== undefined) return verdict
  }
  return none
}
