/**
 * Data: our tests of the header: dates, ids, subjects, shapes that mail programs do not make, and marks of wanted mail. RFC 5322 section 3.6,
 * RFC 2369 and RFC 8058 (list fields). Pure.
 */
import { readDate } from '../../mime/date.ts'
import type { Look } from '../look.ts'
import type { SpamTest } from '../row.ts'

const DAY = 86_400_000

/** The Date field as milliseconds, NaN where it is no date. */
const dateOf = (look: Look): number => readDate(look.field('date'))?.at ?? Number.NaN

const letters = (text: string): string => text.replaceAll(/[^\p{L}]/gu, '')
const messageId = (look: Look): string => look.field('message-id').trim()
const idDomain = (look: Look): string => /@([^@<>\s]+)>?$/.exec(messageId(look))?.[1]?.toLowerCase() ?? ''

export const headTests: readonly SpamTest[] = [
  {
    name: 'DATE_MISSING',
    says: 'there is no Date field',
    score: 1.2,
    hit: (look) => !look.has('date'),
  },
  {
    name: 'DATE_UNREADABLE',
    says: 'the Date field holds no date',
    score: 1.2,
    hit: (look) => look.has('date') && Number.isNaN(dateOf(look)),
  },
  {
    name: 'DATE_AHEAD',
    says: 'the Date is hours or days in the future',
    score: 1.5,
    hit: (look) => dateOf(look) > look.input.receivedAt + DAY / 4,
  },
  {
    name: 'DATE_OLD',
    says: 'the Date is more than four days in the past',
    score: 1.4,
    hit: (look) => dateOf(look) < look.input.receivedAt - 4 * DAY,
  },
  {
    name: 'DATE_ODD_ZONE',
    says: 'the Date names a time zone that is nowhere in use',
    score: 1.8,
    hit: (look) => {
      const zone = /[+-](\d\d)(\d\d)\s*(?:\(|$)/.exec(look.field('date').trim())
      return zone !== null && (Number(zone[1]) > 14 || !['00', '15', '30', '45'].includes(zone[2] ?? ''))
    },
  },
  {
    name: 'MESSAGE_ID_MISSING',
    says: 'there is no Message-ID field',
    score: 1.2,
    hit: (look) => !look.has('message-id'),
  },
  {
    name: 'MESSAGE_ID_ODD',
    says: 'the Message-ID is not of the form that mail programs write',
    score: 1.4,
    hit: (look) => look.has('message-id') && !/^<[^<>@\s]+@[^<>@\s]+>$/.test(messageId(look)),
  },
  {
    name: 'MESSAGE_ID_OURS',
    says: 'a stranger’s Message-ID claims to be made by the recipient’s own domain',
    score: 1.5,
    hit: (look) => {
      const { history, envelope } = look.input
      const domain = idDomain(look)
      if (envelope?.authenticated === true || domain === '') return false
      return (history?.ownDomains ?? []).some((own) => domain === own || domain.endsWith(`.${own}`))
    },
  },
  {
    name: 'SUBJECT_MISSING',
    says: 'there is no subject',
    score: 0.9,
    hit: (look) => look.subject().trim() === '',
  },
  {
    name: 'SUBJECT_CAPS',
    says: 'the subject is all in capitals',
    score: 1.9,
    hit: (look) => {
      const text = letters(look.subject().replace(/^\s*(?:re|fwd?|aw|wg)\s*:/i, ''))
      return text.length >= 10 && text === text.toUpperCase() && text !== text.toLowerCase()
    },
  },
  {
    name: 'SUBJECT_SHOUTS',
    says: 'the subject shouts: several exclamation marks or money signs',
    score: 1.4,
    hit: (look) => /[!?][!?]|![^!]*!|\${2}|€€/.test(look.subject().slice(0, 500)),
  },
  {
    name: 'SUBJECT_GAPS',
    says: 'the letters of a word in the subject stand apart, to get past filters',
    score: 2.0,
    hit: (look) => /(?:^|\s)(?:\p{L}[ ._*~-]){4,}\p{L}(?:\s|$)/u.test(look.subject().slice(0, 500)),
  },
  {
    name: 'SUBJECT_TAIL',
    says: 'the subject ends in a random word set far apart',
    score: 2.2,
    hit: (look) => /\S\s{5,}[\w[\]-]{4,}\s*$/.test(look.subject().slice(-200)),
  },
  {
    name: 'SUBJECT_RAW',
    says: 'the subject has letters beyond ASCII that are not encoded as the standard asks',
    score: 0.9,
    hit: (look) => look.raw('subject').some((raw) => /[\x80-\xff]/.test(raw)) && !look.has('list-id'),
  },
  {
    name: 'SUBJECT_HIDES',
    says: 'a subject of plain letters was encoded, as if to hide it from filters',
    score: 0.7,
    hit: (look) =>
      look.raw('subject').some((raw) => /=\?[^?\s]+\?b\?/i.test(raw)) && /^[\x20-\x7e]{8,}$/.test(look.subject()),
  },
  {
    name: 'REPLY_TRUE',
    says: 'an answer: it refers to an earlier message',
    score: -1.2,
    hit: (look) => look.has('in-reply-to') || look.has('references'),
  },
  {
    name: 'LIST_POST',
    says: 'it came over a mailing list that names itself',
    score: -0.5,
    hit: (look) => look.has('list-id') && (look.has('list-post') || look.has('list-unsubscribe')),
  },
  {
    name: 'UNSUBSCRIBE_ONE_CLICK',
    says: 'bulk mail with the one-click unsubscribe of RFC 8058',
    score: -0.3,
    hit: (look) => look.has('list-unsubscribe-post') && look.has('list-unsubscribe'),
  },
  {
    name: 'BULK_NO_WAY_OUT',
    says: 'it calls itself bulk mail but names no list and no way to unsubscribe',
    score: 0.9,
    hit: (look) =>
      /^\s*(?:bulk|junk)/i.test(look.field('precedence')) && !look.has('list-id') && !look.has('list-unsubscribe'),
  },
  {
    name: 'PRIORITY_HIGH',
    says: 'a stranger marked it as urgent',
    score: 0.8,
    hit: (look) => /^\s*(?:1|high|urgent)/i.test(`${look.field('x-priority')}${look.field('importance')}`),
  },
  {
    name: 'OUTLOOK_FALSE',
    says: 'it says that Outlook wrote it, without the marks that Outlook leaves',
    score: 1.9,
    hit: (look) =>
      /^Microsoft Outlook(?: Express)?[\s,]/.test(look.field('x-mailer')) &&
      !look.has('x-mimeole') &&
      !look.has('thread-index') &&
      !look.has('x-originating-ip') &&
      !look.has('list-id') &&
      !look.has('thread-topic'),
  },
  {
    name: 'MAILER_BULK',
    says: 'it was written by a program made for sending in bulk',
    score: 1.6,
    hit: (look) =>
      /\b(?:mailer bomber|mass ?mail|stealth|group mail|advanced mass|the bat! \(v1\.5|phpmailer \[version 1|oemailer|extractor|leaf ?mailer|alexus|priv8|bulk mail)/i.test(
        look.field('x-mailer').slice(0, 200),
      ),
  },
  {
    name: 'HEADER_RAW',
    says: 'the From field has letters beyond ASCII that are not encoded as the standard asks',
    score: 0.8,
    hit: (look) =>
      look.raw('from').some((raw) => /[\x80-\xff]/.test(raw)) && look.input.envelope?.authenticated !== true,
  },
  {
    name: 'HEADER_BROKEN',
    says: 'the header ends where it should not, or holds lines that are no fields',
    score: 1.0,
    hit: (look) => look.mail.oddities.missingHeadBodySeparator || look.mail.oddities.truncatedHeader,
  },
  {
    name: 'HEADER_TWICE',
    says: 'a field that may stand once stands twice: From, Subject, Date, To or Message-ID',
    score: 1.5,
    hit: (look) => ['from', 'subject', 'date', 'to', 'message-id'].some((name) => look.raw(name).length > 1),
  },
  {
    name: 'MIME_BROKEN',
    says: 'the parts of the message are not put together as the standard asks',
    score: 1.0,
    hit: (look) => look.mail.oddities.missingMimeHeaders || look.mail.oddities.missingMimeHeadBodySeparator,
  },
]
