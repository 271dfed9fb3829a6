/**
 * What people are told: the refusals that a mail program shows, and the mails to an owner and to the administrator. Plain words: what happened, from
 * where, what was held, what to do. Pure.
 */
import type { Over } from './budget.ts'
import type { FreezeWhy, Strikes } from './judge.ts'
import type { FreezeRecord } from './record.ts'
import type { Kind } from './settings.ts'

const SCORE_DIGITS = 10
const points = (score: number): string => String(Math.round(score * SCORE_DIGITS) / SCORE_DIGITS)
const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`

/** @returns a time for people anywhere: `25 Nov 2026 10:22 UTC`. */
const whenOf = (at: number): string => {
  const [, , day = '', month = '', year = '', time = ''] =
    /^(\w+), (\d+) (\w+) (\d+) (\d\d:\d\d)/.exec(new Date(at).toUTCString()) ?? []
  return `${day} ${month} ${year} ${time} UTC`
}

const kindWords: Readonly<Record<Kind, readonly [what: string, which: string]>> = {
  messages: ['messages', ''],
  recipients: ['recipients', ''],
  firstTime: ['recipients', ' that it never wrote to before'],
}

/** @returns `at most 30 recipients an hour that it never wrote to before`. */
const limitWords = ({ kind, limit, span }: Over): string => {
  const [what, which] = kindWords[kind]
  return `at most ${limit} ${what} ${span === 'hour' ? 'an hour' : 'a day'}${which}`
}

const WIDTH = 74
/** @returns the text in lines of WIDTH at most, each after `indent`; a long word stays whole. */
const wrapped = (text: string, indent = ''): readonly string[] => {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && indent.length + line.length + word.length + 1 > WIDTH) {
      lines.push(indent + line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, indent + line]
}

/** For the mail program: the message looks like spam. */
export const spamRefusal = (score: number, limit: number, id: string): string =>
  `This message was not sent: it looks like spam (${points(score)} points, the limit is ${points(limit)}). If it is none, ask your administrator to look at message ${id}; do not send it again as it is`

/** For the mail program: too much is held already. */
export const budgetRefusal = (over: Over, held: number): string =>
  `Not sent: this account may have ${limitWords(over)}, and ${counted(held, 'message')} of today already ${held === 1 ? 'waits' : 'wait'} for that. Try again ${over.roomAt === undefined ? 'with fewer recipients' : `after ${whenOf(over.roomAt)}`}, or ask your administrator for a larger budget`

const shortWhys: Readonly<Record<FreezeWhy, string>> = {
  refused: 'mail that looks like spam was sent from it',
  'far-beyond': 'mail that is clearly spam was sent from it, from a place it was never used from before',
  strangers: 'it wrote to many people it never wrote to before, from a place it was never used from before',
  'by-hand': 'the administrator froze it',
}

/** For the mail program: nothing leaves any more. */
export const frozenRefusal = (record: Pick<FreezeRecord, 'why' | 'at' | 'stolen'>): string =>
  `This account has been frozen since ${whenOf(record.at)}: ${shortWhys[record.why]}. Nothing is sent and nothing is lost. Ask your administrator to open it again${record.stolen ? ' with a new password' : ''}`

/** @returns why in one line, for lists. */
export const whyWords = (why: FreezeWhy): string => shortWhys[why]

const placeOf = ({ ip, network, country, newNetwork, newCountry }: FreezeRecord['evidence']): string => {
  if (ip === '') return 'unknown'
  const where = `${ip}${country === '' ? '' : ` (${country})`}`
  if (!newNetwork) return `${where}, a network this account has been used from before`
  return `${where}, a network (${network}) this account was never used from before${newCountry ? ', in a country it was never used from either' : ''}`
}

const strikeLines = (strikes: Strikes): readonly string[] =>
  strikes.slice(0, 5).map(({ at, what, score, ip, tries }) => {
    const again = tries > 1 ? `, tried ${tries} times` : ''
    return what === 'refused'
      ? `  ${whenOf(at)}  refused, ${points(score)} points, from ${ip}${again}`
      : `  ${whenOf(at)}  held, ${score > 0 ? `${points(score)} points` : 'too many new recipients'}, from ${ip}${again}`
  })

export type Letter = { readonly subject: string; readonly lines: readonly string[] }

const heldWords = (held: number): string =>
  held === 0
    ? 'No mail of the account was waiting to leave.'
    : `${counted(held, 'message')} that had not left yet ${held === 1 ? 'is' : 'are'} held. Nothing is lost.`

/** To the owner of a frozen account, at the second address and in the own inbox. */
export const ownerLetter = (record: FreezeRecord, held: number): Letter => ({
  subject: `Your mail account ${record.name} is frozen`,
  lines: [
    'Hello,',
    '',
    ...wrapped(
      `your mail account ${record.name} was frozen on ${whenOf(record.at)}: ${shortWhys[record.why]}${record.note === '' ? '' : ` (${record.note})`}.`,
    ),
    '',
    ...(record.evidence.ip === '' ? [] : [...wrapped(`It came from ${placeOf(record.evidence)}.`), '']),
    ...(record.stolen
      ? [
          'If that was not you, somebody else knows your password. That happens by',
          'a look-alike web page, by a virus on a computer, or because the same',
          'password was used elsewhere and became known there.',
          '',
        ]
      : []),
    'What was done:',
    '  Nobody can log in, and whoever was logged in was cut off.',
    `  ${heldWords(held)}`,
    ...(record.stolen ? ['  All app passwords were taken back.'] : []),
    '  Mail for you still comes in, and waits for you.',
    '',
    'What to do:',
    ...(record.stolen
      ? [
          '  1. Look for a virus on the computers and phones that know the password.',
          '  2. Ask your administrator for a new password, by telephone or in person.',
          '  3. Where you used the old password elsewhere, change it there too.',
        ]
      : ['  Ask your administrator, by telephone or in person.']),
    '',
    'If it was you after all, your administrator can open the account again and',
    'send what was held.',
  ],
})

/** To the administrator. */
export const adminLetter = (record: FreezeRecord, held: number, told: string | undefined): Letter => ({
  subject: `Postern froze ${record.name}`,
  lines: [
    ...wrapped(
      `${record.name} was frozen on ${whenOf(record.at)}: ${shortWhys[record.why]}${record.note === '' ? '' : ` (${record.note})`}.`,
    ),
    '',
    ...(record.evidence.ip === '' ? [] : wrapped(`It came from ${placeOf(record.evidence)}.`)),
    ...(record.evidence.messages > 0
      ? [
          ...wrapped(
            `In the hour before it sent ${counted(record.evidence.messages, 'message')}, to ${counted(record.evidence.firstTime, 'recipient')} that it never wrote to before.`,
          ),
        ]
      : []),
    ...(record.evidence.strikes.length === 0 ? [] : ['What led to it:', ...strikeLines(record.evidence.strikes)]),
    '',
    ...wrapped(
      `${heldWords(held)} Logins are refused, sessions were cut${record.stolen ? ', app passwords were revoked' : ''}.`,
    ),
    ...wrapped(
      told === undefined
        ? 'The owner has no second address, so only you can tell them: call them.'
        : `The owner was told at ${told}.`,
    ),
    '',
    'What to do:',
    `  postern account thaw ${record.name} --list         what is held`,
    ...(record.stolen ? [`  postern account password ${record.name}            a new password, for the owner`] : []),
    `  postern account thaw ${record.name} --drop all     open it, throw away what was held`,
    `  postern account thaw ${record.name} --release all  open it, send what was held`,
    '',
    'One message at a time goes as well: --drop ID, --release ID.',
  ],
})

/** To the owner: the account was used from somewhere new. */
export const networkLetter = (name: string, at: number, ip: string, service: string, until: number): Letter => ({
  subject: 'Your mail account was used from a new place',
  lines: [
    'Hello,',
    '',
    ...wrapped(
      `your mail account ${name} was used on ${whenOf(at)} from ${ip} (${service}), a network that it was never used from before.`,
    ),
    '',
    'Was it you? Then there is nothing to do. Until',
    `${whenOf(until)} a little less may be sent from there.`,
    '',
    'Was it not you? Then somebody else knows your password: call your',
    'administrator at once.',
  ],
})

/** To the owner: something waits, and why. */
export const heldLetter = (a: {
  readonly name: string
  readonly at: number
  readonly ip: string
  readonly over?: Over | undefined
  readonly attentionUntil?: number | undefined
}): Letter => ({
  subject: 'Some of your mail is waiting to be sent',
  lines: [
    'Hello,',
    '',
    ...wrapped(
      `a message that you sent from ${a.name} on ${whenOf(a.at)} was taken, and waits before it leaves. Nothing is lost.`,
    ),
    '',
    'Why:',
    ...(a.over === undefined
      ? ['  It has some of the marks of spam.']
      : wrapped(`The account may have ${limitWords(a.over)}.`, '  ')),
    ...(a.attentionUntil === undefined
      ? []
      : wrapped(
          `It was sent from ${a.ip}, a network that the account was never used from before. Until ${whenOf(a.attentionUntil)} less is let through from there.`,
          '  ',
        )),
    '',
    'What happens now:',
    a.attentionUntil === undefined
      ? '  It leaves by itself, bit by bit, as soon as there is room.'
      : `  It leaves by itself after ${whenOf(a.attentionUntil)}, if nothing else happens.`,
    '  Your administrator can let it go sooner: postern queue release.',
    '',
    'Was this not you? Then somebody else knows your password: call your',
    'administrator at once.',
    '',
    'You get this mail once a day at most, however many messages wait.',
  ],
})
