/**
 * A notice of the house as a message: RFC 5322, plain text in UTF-8, marked as automatic (RFC 3834 section 5) so that nobody's absence answers it. Pure.
 */
import { writeDate } from '../trace.ts'
import type { Letter } from './words.ts'

/** @param text anything. @returns it without what could end a header line, bounded. */
const safe = (text: string): string => text.replaceAll(/[\u0000-\u001f\u007f]/g, ' ').slice(0, 300)

/** RFC 2047 for a subject beyond ASCII; words of ours are ASCII, names need not be. */
const encoded = (text: string): string =>
  /^[\x20-\x7e]*$/.test(text) ? text : `=?UTF-8?B?${Buffer.from(text.slice(0, 40), 'utf8').toString('base64')}?=`

/** @returns the octets of the whole message, CRLF. @param id ours, unique; it makes the Message-ID. */
export const writeNotice = (a: {
  readonly letter: Letter
  readonly from: string
  readonly to: string
  readonly host: string
  readonly id: string
  readonly at: number
}): Uint8Array =>
  Buffer.from(
    [
      `From: "Postern on ${safe(a.host)}" <${safe(a.from)}>`,
      `To: <${safe(a.to)}>`,
      `Subject: ${encoded(safe(a.letter.subject))}`,
      `Date: ${writeDate(a.at)}`,
      `Message-ID: <${a.id}@${safe(a.host)}>`,
      'Auto-Submitted: auto-generated',
      'MIME-Version: 1.0',
      'Content-Type: text/plain; charset=utf-8',
      'Content-Transfer-Encoding: 8bit',
      '',
      ...a.letter.lines.map((line) => line.replaceAll(/[\r\n]/g, ' ').slice(0, 900)),
      '',
    ].join('\r\n'),
    'utf8',
  )
