/**
 * A report as a message: RFC 9990 section 3.5.2 (DMARC: subject, file name, application/gzip), RFC 8460 sections 5.3 and 5.4 (TLS-RPT: multipart/report,
 * TLS-Report-Domain, TLS-Report-Submitter, application/tlsrpt+gzip), RFC 3834 section 5 (Auto-Submitted), RFC 5322. CRLF, 7bit, lines of 76. Pure.
 */
import { writeDate } from '../trace.ts'

type Attachment = { readonly type: string; readonly name: string; readonly octets: Uint8Array }
export type ReportMail = {
  /** Whole addresses. */
  readonly from: string
  readonly organization: string
  readonly to: string
  /** ASCII; it is folded at its spaces. */
  readonly subject: string
  /** What goes before the at sign of the Message-ID; letters, digits, dots. */
  readonly id: string
  readonly at: number
  /** multipart/mixed, or multipart/report with its report-type. */
  readonly reportType?: string
  /** More header fields: names and ASCII values. */
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly text: string
  readonly attachment: Attachment
}

const WIDTH = 76

/** One field, folded at spaces where it is long. */
const field = (name: string, value: string): string => {
  let line = `${name}:`
  let text = ''
  for (const word of value.split(' ')) {
    if (line.length + 1 + word.length > WIDTH && line.trim() !== `${name}:` && line.trim() !== '') {
      text += `${line}\r\n`
      line = ''
    }
    line += ` ${word}`
  }
  return `${text}${line}\r\n`
}

const lines = (octets: Uint8Array): string =>
  (
    Buffer.from(octets)
      .toString('base64')
      .match(/.{1,76}/g) ?? []
  )
    .map((line) => `${line}\r\n`)
    .join('')

/** A display name that needs no more than quotes; others are left out. */
const mailbox = (name: string, address: string): string =>
  /^[\w .,'&()-]{1,64}$/.test(name) ? `"${name}" <${address}>` : address

/** @returns the message, whole. The boundary is made of the id, which is not in the base64. */
export const writeReportMail = (mail: ReportMail): Uint8Array => {
  const boundary = `=_${mail.id.replaceAll(/[^\w]/g, '_').slice(0, 60)}`
  const kind = mail.reportType === undefined ? 'mixed' : `report; report-type="${mail.reportType}"`
  const domain = mail.from.slice(mail.from.lastIndexOf('@') + 1)
  const head = [
    field('Date', writeDate(mail.at)),
    field('From', mailbox(mail.organization, mail.from)),
    field('To', mail.to),
    field('Subject', mail.subject),
    field('Message-ID', `<${mail.id}@${domain}>`),
    field('Auto-Submitted', 'auto-generated'),
    ...mail.fields.map(([name, value]) => field(name, value)),
    field('MIME-Version', '1.0'),
    field('Content-Type', `multipart/${kind}; boundary="${boundary}"`),
  ].join('')
  const { type, name, octets } = mail.attachment
  const text = mail.text.replaceAll(/\r?\n/g, '\r\n')
  return Buffer.from(
    `${head}\r\n--${boundary}\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n${text}\r\n--${boundary}\r\n` +
      `Content-Type: ${type};\r\n name="${name}"\r\nContent-Disposition: attachment;\r\n filename="${name}"\r\n` +
      `Content-Transfer-Encoding: base64\r\n\r\n${lines(octets)}\r\n--${boundary}--\r\n`,
    'latin1',
  )
}
