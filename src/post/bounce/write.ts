/**
 * Delivery reports to a sender of ours: plain words first, then what machines read, then the message or its head. RFC 3464 (delivery status),
 * RFC 6522 (multipart/report), RFC 3461 section 6 (envelope id, original recipient, RET), RFC 6533 (addresses in UTF-8), RFC 3834 (Auto-Submitted),
 * RFC 5321 section 4.5.5 (the caller gives it the null sender). Pure.
 *
 * What a peer said is quoted, marked as its words, and cut; it can neither end a field nor a line of ours. A message returned in full beyond
 * MOST_RETURNED is returned as its head.
 */
import { readHeader } from '../../mime/fields.ts'
import { encodeWords, plainText, type ReportPart, wrapText, writeReport } from '../../mime/report.ts'
import { headerText } from '../../mime/words.ts'
import { writeDate } from '../trace.ts'
import { classify } from './classify.ts'
import type { BounceClass, Classified, Said } from './said.ts'
import { type Facts, type Kind, ofBlame, ofClass, ofDetail, ofKind, words } from './sentences.ts'

type BounceRecipient = {
  readonly recipient: string
  /** `rfc822;address`, decoded (RFC 3461 section 4.2). */
  readonly orcpt?: string
  readonly said?: Said
  /** What `said` comes to; asked of `classify` where it is not given. */
  readonly classified?: Classified
  readonly tries: number
  readonly willRetryUntil?: number
}
export type Bounce = {
  readonly kind: Kind
  /** Our own name. */
  readonly host: string
  /** Our id of the message that the report is about: letters and digits. */
  readonly id: string
  readonly at: number
  /** The sender of the message, who gets the report. */
  readonly to: string
  readonly envid?: string
  readonly arrivedAt: number
  readonly recipients: readonly BounceRecipient[]
  /** The message, or its head. */
  readonly original: Uint8Array
  /** RET=FULL: `original` is to be returned whole. */
  readonly full: boolean
  readonly smtpUtf8: boolean
}

const MOST_RETURNED = 1_048_576 // octets of a message returned in full
const MOST_HEAD = 65_536 // octets of a head
const MOST_SAID = 800 // characters of a peer's words
const MOST_ADDRESS = 330 // RFC 5321 section 4.5.3.1: 64, an @, 255, and some
const MOST_SUBJECT = 120

/** The enhanced code for what a peer said without one, without its first digit. RFC 3463. */
const statusOf: Readonly<Record<BounceClass, string>> = {
  'unknown-user': '1.1',
  full: '2.2',
  policy: '7.1',
  reputation: '7.1',
  authentication: '7.26',
  greylisted: '7.1',
  rate: '4.5',
  tls: '7.10',
  'no-such-domain': '1.2',
  'no-mail': '1.10',
  'too-large': '3.4',
  content: '6.0',
  connection: '4.1',
  other: '0.0',
}

const isAscii = (text: string): boolean => /^[\x00-\x7f]*$/.test(text)
const address = (text: string): string => plainText(text, MOST_ADDRESS)
const domainOf = (recipient: string): string =>
  address(recipient.slice(recipient.lastIndexOf('@') + 1)) || 'the recipient'
const meaningOf = ({ said, classified }: BounceRecipient): Classified | undefined =>
  classified ?? (said === undefined ? undefined : classify(said))

/** `550 5.1.1 User unknown`, as a peer said it; without codes where nobody did. */
const spoken = ({ code, enhanced, text }: Said): string =>
  plainText(
    [code === 0 ? '' : String(code), /^[245]\.\d{1,3}\.\d{1,3}$/.test(enhanced) ? enhanced : '', text].join(' '),
    MOST_SAID,
  )

// What people read

/** Whether we said it ourselves, because there was nobody else to say anything. */
const isOurs = ({ code, host, stage }: Said): boolean =>
  code === 0 || host === '' || stage === 'dns' || stage === 'connect' || stage === 'policy'

const quoted = (said: Said): string => {
  const name = plainText(said.host, MOST_ADDRESS)
  const title = isOurs(said) || name === '' ? words.found : words.answered(name)
  return `${wrapText(title, '  ')}${wrapText(spoken(said), '  > ')}`
}

const outlook = (bounce: Bounce, one: BounceRecipient, classified: Classified | undefined): string => {
  if (bounce.kind === 'delayed')
    return one.willRetryUntil === undefined ? words.goOn : words.until(one.tries, writeDate(one.willRetryUntil))
  if (bounce.kind !== 'failed') return ''
  return classified?.permanent === false
    ? words.gaveUp(one.tries, writeDate(bounce.arrivedAt))
    : words.refused(writeDate(bounce.at))
}

const sentencesOf = ({ class: kind, detail }: Classified): (typeof ofClass)[BounceClass] =>
  detail === undefined ? ofClass[kind] : ofDetail[detail]

const paragraph = (bounce: Bounce, one: BounceRecipient): string => {
  const facts: Facts = { domain: domainOf(one.recipient), host: bounce.host }
  const classified = meaningOf(one)
  const failure = bounce.kind === 'failed' || bounce.kind === 'delayed'
  const sentences = classified === undefined || !failure ? undefined : sentencesOf(classified)
  const blame = classified === undefined ? '' : ofBlame[classified.blame](facts)
  const lines = [
    ...(sentences === undefined ? [] : [sentences.what(facts), `${words.whose}${blame}`]),
    ...(sentences === undefined || bounce.kind === 'delayed' ? [] : [`${words.todo}${sentences.todo(facts)}`]),
  ]
  const end = outlook(bounce, one, classified)
  return [
    wrapText(address(one.recipient)),
    ...lines.map((line) => wrapText(line, '  ')),
    ...(one.said === undefined ? [] : [quoted(one.said)]),
    ...(end === '' ? [] : [wrapText(end, '  ')]),
  ].join('\r\n')
}

type About = { readonly subject: string; readonly messageId: string }
const aboutOf = (original: Uint8Array): About => {
  const header = readHeader(original.subarray(0, MOST_HEAD))
  const id = header.field('message-id')?.trim() ?? ''
  return {
    subject: plainText(headerText(header.field('subject') ?? ''), MOST_SUBJECT),
    messageId: /^<[\x21-\x3b\x3d\x3f-\x7e]{3,250}>$/.test(id) ? id : '',
  }
}

const textOf = (bounce: Bounce, about: About, full: boolean): string =>
  [
    wrapText(words.intro(bounce.host)),
    wrapText(ofKind[bounce.kind].opening(bounce.recipients.length)),
    `${wrapText(`${words.subject}: ${about.subject || '(none)'}`, '    ')}${wrapText(`${words.sent}: ${writeDate(bounce.arrivedAt)}`, '    ')}`,
    ...bounce.recipients.map((one) => paragraph(bounce, one)),
    wrapText(words.original(full)),
  ].join('\r\n')

// What machines read

const LONGEST_FIELD = 900 // octets, so that a field without spaces still fits a line
const cutOctets = (text: string): string => {
  if (Buffer.byteLength(text) <= LONGEST_FIELD) return text
  return Buffer.from(text)
    .subarray(0, LONGEST_FIELD)
    .toString('utf8')
    .replace(/\ufffd+$/, '')
}

const statusFor = (kind: Kind, one: BounceRecipient, classified: Classified | undefined): string => {
  if (kind !== 'failed' && kind !== 'delayed') return kind === 'delivered' ? '2.1.5' : '2.0.0'
  const enhanced = one.said?.enhanced ?? ''
  const digit = kind === 'delayed' || classified?.permanent === false ? '4' : '5'
  if (/^[45]\.\d{1,3}\.\d{1,3}$/.test(enhanced)) return `${digit}${enhanced.slice(1)}`
  return classified === undefined ? `${digit}.0.0` : `${digit}.${statusOf[classified.class]}`
}

/** An address with its type. RFC 6533 section 3: `utf-8` for one that is not ASCII. */
const typed = (text: string): string => `${isAscii(text) ? 'rfc822' : 'utf-8'}; ${address(text)}`
const typedOriginal = (orcpt: string): string => {
  const [, type = '', rest = ''] = /^([A-Za-z0-9-]{1,32});(.*)$/s.exec(orcpt) ?? []
  return type === '' ? typed(orcpt) : `${isAscii(rest) ? type : 'utf-8'}; ${address(rest)}`
}

const recipientGroup = (bounce: Bounce, one: BounceRecipient): string => {
  const { kind, at } = bounce
  const { said } = one
  const host = plainText(said?.host ?? '', MOST_ADDRESS)
  const spoke = said === undefined || said.text + said.enhanced === '' ? '' : spoken(said)
  const fields: readonly (readonly [string, string])[] = [
    ...(one.orcpt === undefined ? [] : ([['Original-Recipient', typedOriginal(one.orcpt)]] as const)),
    ['Final-Recipient', typed(one.recipient)],
    ['Action', ofKind[kind].action],
    ['Status', statusFor(kind, one, meaningOf(one))],
    ...(said === undefined || isOurs(said) || host === '' ? [] : ([['Remote-MTA', `dns; ${host}`]] as const)),
    ...(spoke === ''
      ? []
      : ([['Diagnostic-Code', `${said === undefined || isOurs(said) ? 'x-postern' : 'smtp'}; ${spoke}`]] as const)),
    ['Last-Attempt-Date', writeDate(at)],
    ...(kind === 'delayed' && one.willRetryUntil !== undefined
      ? ([['Will-Retry-Until', writeDate(one.willRetryUntil)]] as const)
      : []),
  ]
  return fields.map(([name, value]) => `${name}: ${cutOctets(value)}\r\n`).join('')
}

const statusText = (bounce: Bounce): string =>
  [
    [
      ...(bounce.envid === undefined ? [] : [`Original-Envelope-Id: ${cutOctets(plainText(bounce.envid, 100))}\r\n`]),
      `Reporting-MTA: dns; ${bounce.host}\r\n`,
      `Arrival-Date: ${writeDate(bounce.arrivedAt)}\r\n`,
      `X-Postern-Id: ${bounce.id}\r\n`,
    ].join(''),
    ...bounce.recipients.map((one) => recipientGroup(bounce, one)),
  ].join('\r\n')

/** The head with its empty line left out, cut after a whole line. */
const headOf = (original: Uint8Array): Uint8Array => {
  const text = Buffer.from(original.buffer, original.byteOffset, original.length).toString('latin1', 0, MOST_HEAD)
  const end =
    text.startsWith('\r\n') || text.startsWith('\n')
      ? 0
      : (/\r?\n(?=\r?\n)/.exec(text)?.index ?? text.lastIndexOf('\n'))
  const whole = end <= 0 ? (text.includes('\n') ? '' : text) : text.slice(0, end)
  return Buffer.from(whole === '' ? '' : `${whole.replace(/\r?\n?$/, '')}\r\n`, 'latin1')
}

const returned = (bounce: Bounce, full: boolean, global: boolean): ReportPart => {
  if (full) return { type: global ? 'message/global' : 'message/rfc822', body: bounce.original }
  return { type: global ? 'message/global-headers' : 'text/rfc822-headers', body: headOf(bounce.original) }
}

const subjectOf = (bounce: Bounce, about: About): string => {
  const [first] = bounce.recipients
  const more = bounce.recipients.length - 1
  const whom = first === undefined ? '' : ` (${address(first.recipient)}${more > 0 ? ` and ${more} more` : ''})`
  return `${ofKind[bounce.kind].subject}${about.subject === '' ? '' : `: ${about.subject}`}${whom}`
}

/** @returns the whole report, CRLF line ends. To be sent, or put into the sender's mailbox, with the null sender. */
export const writeBounce = (bounce: Bounce): Uint8Array => {
  const about = aboutOf(bounce.original)
  const full = bounce.full && bounce.original.length <= MOST_RETURNED
  const global =
    bounce.smtpUtf8 || !bounce.recipients.every((one) => isAscii(one.recipient) && isAscii(one.orcpt ?? ''))
  const status = Buffer.from(statusText(bounce))
  const ascii = (octets: Buffer): Buffer => Buffer.from(octets.toString('utf8').replaceAll(/[^\x00-\x7f]/gu, '?'))
  return writeReport({
    fields: [
      ['From', `${words.from} <MAILER-DAEMON@${bounce.host}>`],
      ['To', `<${address(bounce.to).replaceAll(/[<>\s]/g, '?')}>`],
      ['Subject', encodeWords(plainText(subjectOf(bounce, about), 400))],
      ['Date', writeDate(bounce.at)],
      ['Message-ID', `<${bounce.kind}.${bounce.at.toString(36)}.${bounce.id}@${bounce.host}>`],
      ...(about.messageId === ''
        ? []
        : ([
            ['In-Reply-To', about.messageId],
            ['References', about.messageId],
          ] as const)),
      ['Auto-Submitted', 'auto-replied'],
    ],
    reportType: 'delivery-status',
    seed: bounce.id.replaceAll(/[^A-Za-z0-9]/g, '').slice(0, 32),
    parts: [
      { type: 'text/plain; charset=utf-8', body: Buffer.from(textOf(bounce, about, full)) },
      {
        type: global ? 'message/global-delivery-status' : 'message/delivery-status',
        body: global ? status : ascii(status),
      },
      returned(bounce, full, global),
    ],
  })
}
