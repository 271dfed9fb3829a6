/**
 * A certificate chain held against TLSA records. RFC 7671 section 5.1 (DANE-EE: neither name nor date is looked at), section 5.2 (DANE-TA: a chain to the anchor,
 * dates, names; section 5.2.3: the anchor may stand in the record alone), RFC 7672 section 3.2.2 (which names), RFC 5280 section 6.1 (what a chain must hold).
 * Pure: the time is a parameter; signatures and dates are read by node:crypto.
 *
 * Refused on purpose: authorities between the anchor and the server with name constraints or critical extensions that are not known here, MD5 and SHA-1.
 */
import { createHash, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto'
import type { TlsFailure } from '../base/tls.ts'
import type { Tlsa } from './dane.ts'
import { extensionsOf, pathLengthOf, publicKeyInfoOf } from './der.ts'

export type DaneChain = {
  /** DER, the server's own first, the others in any order. */
  readonly chain: readonly Uint8Array[]
  /** Of which DANE-TA wants one in the certificate. */
  readonly names: readonly string[]
  /** Epoch milliseconds. */
  readonly now: number
}

const MOST_CERTIFICATES = 12 // of a chain; the others are not looked at
const MOST_DEPTH = 8

type Certificate = { readonly der: Uint8Array; readonly read: X509Certificate }

const readCertificate = (der: Uint8Array): Certificate | undefined => {
  try {
    return { der, read: new X509Certificate(der) }
  } catch (error) {
    if (error instanceof Error) return undefined
    throw error
  }
}

const digests: Readonly<Record<number, string>> = { 1: 'sha256', 2: 'sha512' }

/** Whether a record is of this certificate or of its key. RFC 6698 sections 2.1.2 and 2.1.3. */
const matches = (record: Tlsa, der: Uint8Array): boolean => {
  const subject = record.selector === 0 ? der : publicKeyInfoOf(der)
  if (subject === undefined) return false
  const digest = digests[record.matching]
  const want = digest === undefined ? subject : createHash(digest).update(subject).digest()
  return Buffer.compare(want, record.data) === 0
}

const KNOWN_CRITICAL: ReadonlySet<string> = new Set([
  '2.5.29.15', // keyUsage: node:crypto looks at it when it says who issued what
  '2.5.29.17', // subjectAltName
  '2.5.29.19', // basicConstraints
  '2.5.29.37', // extKeyUsage
])
const BASIC_CONSTRAINTS = '2.5.29.19'
const NAME_CONSTRAINTS = '2.5.29.30'

const inTime = ({ read }: Certificate, now: number): boolean =>
  read.validFromDate.getTime() <= now && now <= read.validToDate.getTime()
const weak = ({ read }: Certificate): boolean => /md5|sha-?1(?!\d)/i.test(read.signatureAlgorithm ?? '')

/** Whether a certificate may be the issuer of one below which `below` authorities stand. */
const mayIssue = (issuer: Certificate, below: number): boolean => {
  const extensions = extensionsOf(issuer.der)
  if (extensions === undefined || !issuer.read.ca) return false
  const limits = extensions.find(({ id }) => id === BASIC_CONSTRAINTS)
  return below <= ((limits === undefined ? undefined : pathLengthOf(limits.value)) ?? MOST_DEPTH)
}
/** Whether a certificate below the anchor says nothing that is not understood here. */
const understood = ({ der }: Certificate): boolean => {
  const extensions = extensionsOf(der)
  return (
    extensions?.every(({ id, critical }) => id !== NAME_CONSTRAINTS && (!critical || KNOWN_CRITICAL.has(id))) ?? false
  )
}

const signedBy = (one: Certificate, key: KeyObject): boolean => {
  try {
    return one.read.verify(key)
  } catch (error) {
    if (error instanceof Error) return false // a key of another kind
    throw error
  }
}
const issued = (issuer: Certificate, one: Certificate): boolean =>
  one.read.checkIssued(issuer.read) && signedBy(one, issuer.read.publicKey)

type Anchors = {
  readonly records: readonly Tlsa[]
  /** Certificates that stand whole in a record. */
  readonly certificates: readonly Certificate[]
  /** Keys that do. */
  readonly keys: readonly KeyObject[]
}

const anchorsOf = (records: readonly Tlsa[]): Anchors => {
  const whole = records.filter(({ matching }) => matching === 0)
  return {
    records,
    certificates: whole
      .filter(({ selector }) => selector === 0)
      .map(({ data }) => readCertificate(data))
      .filter((one) => one !== undefined),
    keys: whole.filter(({ selector }) => selector === 1).map(({ data }) => keyOf(data)),
  }
}
/** The record was read before: `usableRecords`. */
const keyOf = (data: Uint8Array): KeyObject => createPublicKey({ key: Buffer.from(data), format: 'der', type: 'spki' })

type Search = {
  readonly anchors: Anchors
  /** Whom a way may lead over; each is tried once, so that a peer's pile of authorities with one name and key costs little. */
  readonly others: Set<Certificate>
}

/** Whether a way leads from `one` up to an anchor. @param below how many authorities stand under its issuer. */
const reaches = (one: Certificate, search: Search, below: number): boolean => {
  const { anchors, others } = search
  if (below > MOST_DEPTH || weak(one)) return false
  if (anchors.keys.some((key) => signedBy(one, key))) return true
  if (anchors.certificates.some((anchor) => mayIssue(anchor, below) && issued(anchor, one))) return true
  for (const issuer of [...others]) {
    if (!others.has(issuer) || !mayIssue(issuer, below) || !issued(issuer, one)) continue
    if (anchors.records.some((record) => matches(record, issuer.der))) return true
    others.delete(issuer)
    if (understood(issuer) && reaches(issuer, search, below + 1)) return true
  }
  return false
}

const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
const ANY_USAGE = '2.5.29.37.0'
/** Whether a certificate may be a server's. node:crypto gives the extended key usage under this name. */
const forServers = ({ read }: Certificate): boolean => {
  const usages: readonly string[] | undefined = read.keyUsage
  return usages === undefined || usages.includes(SERVER_AUTH) || usages.includes(ANY_USAGE)
}

const nameMatches = ({ read }: Certificate, names: readonly string[]): boolean =>
  names.some((name) => name !== '' && read.checkHost(name, { partialWildcards: false }) !== undefined)

/** @param records usable ones. @returns what is wrong; undefined where the chain is authentic. Never throws. */
export const checkDaneChain = (records: readonly Tlsa[], given: DaneChain): TlsFailure | undefined => {
  const [first, ...rest] = given.chain.slice(0, MOST_CERTIFICATES)
  const own = first === undefined ? undefined : readCertificate(first)
  if (first === undefined || own === undefined) return 'validation-failure'
  if (records.some((record) => record.usage === 3 && matches(record, first))) return undefined
  const anchors = anchorsOf(records.filter(({ usage }) => usage === 2))
  if (anchors.records.length === 0) return 'tlsa-invalid'
  const others = rest.map(readCertificate).filter((one) => one !== undefined)
  const isValid = (one: Certificate): boolean => inTime(one, given.now)
  // An anchor that has run out is one still: its record says so.
  const trusted = (among: readonly Certificate[]): boolean => reaches(own, { anchors, others: new Set(among) }, 0)
  const timely = others.filter((one) => isValid(one) || anchors.records.some((record) => matches(record, one.der)))
  if (!trusted(timely)) return trusted(others) ? 'certificate-expired' : 'certificate-not-trusted'
  if (!isValid(own)) return 'certificate-expired'
  if (!understood(own) || !forServers(own)) return 'validation-failure'
  return nameMatches(own, given.names) ? undefined : 'certificate-host-mismatch'
}
