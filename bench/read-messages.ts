/** The mailbox of the reading benchmarks: real messages of the SpamAssassin corpus, each made different in subject, Message-ID and a field that is searched for. */
import { realMessages } from './store-messages.ts'

const SHAPES = 2_000
const MEAN = 3_200
/** Messages that hold one reference. */
export const SHARING = 100

/** A word that message `i` and 99 others hold, in the header. */
export const referenceOf = (i: number): string => `qx${Math.floor(i / SHARING).toString(36)}zv`

/** @returns message `i` of the mailbox: CRLF line ends, some 3.3 KB. */
export const mailboxMessages = async (): Promise<(i: number) => Buffer> => {
  const shapes = (await realMessages(MEAN, SHAPES)).map((bytes) => {
    const text = Buffer.from(bytes).toString('latin1')
    const end = text.indexOf('\r\n\r\n')
    return end < 0 ? [text, ''] : [text.slice(0, end), text.slice(end)]
  })
  return (i) => {
    const [header = '', body = ''] = shapes[i % shapes.length] ?? []
    const fields = header
      .replace(/^(Subject:.*)$/im, `$1 no. ${i}`)
      .replace(/^Message-ID:.*$/im, `Message-ID: <${i}.${referenceOf(i)}@bench.example>`)
    return Buffer.from(`X-Reference: ${referenceOf(i)}\r\n${fields}${body}`, 'latin1')
  }
}
