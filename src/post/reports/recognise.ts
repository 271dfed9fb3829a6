/**
 * Whether a message is a report to us, and what it says: by its structure, not by its names. DMARC (RFC 9990 section 3.5.2, RFC 7489 section 7.2.1.1: an XML
 * document, mostly in gzip or zip), TLS (RFC 8460 section 5: JSON), complaints (RFC 5965: multipart/report with message/feedback-report). Pure; runs in a scan
 * thread, so that a document made to be slow costs its own deadline.
 */
import { readDate } from '../../mime/date.ts'
import { decodePart } from '../../mime/encoding.ts'
import { readHeader } from '../../mime/fields.ts'
import { mimeField, type Part, readMessage } from '../../mime/message.ts'
import { rawParameter } from '../../mime/parameters.ts'
import { headerText } from '../../mime/words.ts'
import { type Complaint, type IncomingReport, plain } from './incoming.ts'
import { readAggregate } from './read-dmarc.ts'
import { readTlsReport } from './read-tls.ts'
import { unpack } from './unpack.ts'

const MOST_LEAVES = 20
const MOST_TRIED = 3
const MOST_FIELDS_OCTETS = 65_536

/** Types under which reports come; a file of no type of its own is tried by its first octets. */
const wrappings =
  /^(?:application\/(?:gzip|x-gzip|gzip-compressed|x-gunzip|zip|x-zip|x-zip-compressed|octet-stream|tlsrpt\+gzip|tlsrpt\+json|json|xml)|text\/xml|multipart\/x-zip)$/

const leavesOf = (part: Part, found: Part[] = []): readonly Part[] => {
  if (found.length >= MOST_LEAVES) return found
  if (part.kind === 'leaf') found.push(part)
  // What is inside a message that was passed on is not addressed to us.
  if (part.kind === 'multipart') for (const child of part.children) leavesOf(child, found)
  return found
}

const bodyOf = (bytes: Uint8Array, part: Part): Uint8Array | undefined => {
  const encoding = (mimeField(part, 'content-transfer-encoding') ?? '7bit').trim().toLowerCase()
  return decodePart(bytes.subarray(part.bodyFrom, part.bodyTo), encoding) ?? undefined
}

const firstOf = (octets: Uint8Array): string | undefined => {
  const head = Buffer.from(octets.buffer, octets.byteOffset, Math.min(octets.length, 64)).toString('latin1')
  return /[<{]/.exec(head.replace(/^(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)/, '').replaceAll(/[\s\x00]/g, ''))?.[0]
}

const readDocument = (octets: Uint8Array): IncomingReport | undefined => {
  const document = unpack(octets)
  if (document === undefined) return undefined
  const first = firstOf(document)
  return first === '<' ? readAggregate(document) : first === '{' ? readTlsReport(document) : undefined
}

type Values = (name: string) => string
/** The fields of a header, unfolded; the first of a name. */
const valuesOf = (octets: Uint8Array): Values => {
  const header = readHeader(octets.subarray(0, MOST_FIELDS_OCTETS))
  return (name) => plain(headerText(header.field(name) ?? ''))
}

const addressIn = (text: string): string =>
  (/<([^<>\s]*)>/.exec(text)?.[1] ?? text.replace(/^rfc822\s*;/i, '').trim()).toLowerCase()

const readComplaint = (bytes: Uint8Array, root: Part): Complaint | undefined => {
  const report = root.children.find(({ type, subtype }) => type === 'message' && subtype === 'feedback-report')
  const octets = report === undefined ? undefined : bodyOf(bytes, report)
  if (octets === undefined) return undefined
  const said = valuesOf(octets)
  // RFC 5965 section 3.1: these two must be there.
  if (said('feedback-type') === '' || said('version') === '') return undefined
  const original = root.children.find(
    ({ type, subtype }) =>
      (type === 'message' && (subtype === 'rfc822' || subtype === 'global')) ||
      (type === 'text' && subtype === 'rfc822-headers'),
  )
  const header = original === undefined ? undefined : bodyOf(bytes, original)
  const of = header === undefined ? (): string => '' : valuesOf(header)
  const arrived = readDate(said('arrival-date') || said('received-date'))
  return {
    kind: 'complaint',
    feedback: said('feedback-type').toLowerCase(),
    reporter: said('user-agent'),
    sourceIp: said('source-ip').replace(/^IPv6:/i, ''),
    mailFrom: addressIn(said('original-mail-from')),
    recipient: addressIn(said('original-rcpt-to')),
    reportedDomain: said('reported-domain').toLowerCase(),
    arrivedAt: arrived?.at ?? null,
    from: addressIn(of('from')),
    messageId: of('message-id'),
    subject: of('subject'),
  }
}

/** @param bytes a whole message. @returns the report that it brings; undefined where it is none, or one that cannot be read. */
export const recogniseReport = (bytes: Uint8Array): IncomingReport | undefined => {
  const root = readMessage(bytes)
  const reportType = rawParameter(root.parameters, 'report-type')?.toLowerCase()
  if (root.kind === 'multipart' && reportType === 'feedback-report') return readComplaint(bytes, root)
  const candidates = leavesOf(root).filter(({ type, subtype }) => wrappings.test(`${type}/${subtype}`))
  for (const part of candidates.slice(0, MOST_TRIED)) {
    const octets = bodyOf(bytes, part)
    const report = octets === undefined ? undefined : readDocument(octets)
    if (report !== undefined) return report
  }
  return undefined
}
