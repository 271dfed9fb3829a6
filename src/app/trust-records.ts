/**
 * What we publish so that others can trust TLS with us: TLSA records (RFC 7671 section 5.1: 3 1 1, the digest of the key), the records of MTA-STS (RFC 8461 section 3.1) and of TLS
 * reports (RFC 8460 section 3), each made by one function. Pure.
 */
import { createHash, createPublicKey } from 'node:crypto'
import { writeStsRecord } from '../verify/mta-sts.ts'
import { writeTlsRptRecord } from '../verify/tls-rpt.ts'
import { type DnsRow, txtRow } from './dns-records.ts'

export type TrustFacts = {
  readonly host: string
  readonly domain: string
  /** PEM of the certificate in use or of its key; undefined where there is none yet. */
  readonly certificate: string | undefined
  /** PEM of the key that comes after it. */
  readonly nextKey: string | undefined
  readonly policyId: string
}

/** @returns the data of a TLSA record 3 1 1 for a certificate or key, PEM; undefined where it is none. */
const keyDigest = (pem: string): string | undefined => {
  try {
    const key = createPublicKey(pem).export({ type: 'spki', format: 'der' })
    return createHash('sha256').update(key).digest('hex')
  } catch (error) {
    if (error instanceof Error) return undefined
    throw error
  }
}

const tlsaRows = ({ host, certificate, nextKey }: TrustFacts): readonly DnsRow[] => {
  const row = (pem: string | undefined, why: string): readonly DnsRow[] => {
    const digest = pem === undefined ? undefined : keyDigest(pem)
    return digest === undefined ? [] : [{ name: `_25._tcp.${host}.`, type: 'TLSA', value: `3 1 1 ${digest}`, why }]
  }
  const now = row(
    certificate,
    'DANE, where the zone is signed (DNSSEC): the key in use; it must change before the key does',
  )
  const then = row(nextKey, 'DANE: the next key, two days before it is used')
  return then[0]?.value === now[0]?.value ? now : [...now, ...then]
}

const stsRows = ({ host, domain, policyId }: TrustFacts): readonly DnsRow[] => [
  txtRow(`_mta-sts.${domain}`, writeStsRecord(policyId), 'MTA-STS: there is a policy, and which one'),
  { name: `mta-sts.${domain}.`, type: 'CNAME', value: `${host}.`, why: 'where others fetch the policy' },
]

const reportRows = ({ domain }: TrustFacts): readonly DnsRow[] => [
  txtRow(
    `_smtp._tls.${domain}`,
    writeTlsRptRecord([`mailto:tls-reports@${domain}`]),
    'whom others tell how TLS with this server went',
  ),
]

const kinds = [tlsaRows, stsRows, reportRows]

/** @returns the rows, TLSA first. */
export const trustRows = (facts: TrustFacts): readonly DnsRow[] => kinds.flatMap((rows) => rows(facts))
