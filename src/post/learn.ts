/**
 * A message that its owner moves into Junk or out of it teaches: the learner (the account's own training and the shared one), the sender's
 * standing, and the jail, which lets go of a sender or host that it holds for mail that was wanted after all. RFC 6154 names the mailboxes.
 *
 * The same lesson twice is one; moved back, it is taken back. Out of Junk into the trash is no opinion. Bounds: MOST_MOVES wait, MOST_LESSONS a move,
 * pages of PAGE_OCTETS; whatever is over teaches nothing, and the move itself is done all the same.
 */
import { createHash } from 'node:crypto'
import type { AccountId, MailboxId } from '../base/ids.ts'
import type { Log } from '../base/log.ts'
import type { Mailbox, MessageDetail, Store } from '../store/store.ts'
import { readAuthResults } from '../verify/auth-results.ts'
import { readHead } from './head.ts'
import type { SenderHistory } from './history.ts'
import type { Jail } from './jail.ts'
import { isNote, REJECTED, refusalIn } from './rejected.ts'
import type { Learn } from './scan-port.ts'
import { type SenderKeys, senderKeys } from './standing.ts'

const MOST_MOVES = 200
const MOST_LESSONS = 500
const PAGE = 25
const PAGE_OCTETS = 4_194_304
const KEEP_MS = 400 * 86_400_000
// What a memo says was learned.
const WANTED = 0
const SPAM = 1
const FORGOTTEN = 2
const RESCUE_WEIGHT = 3 // one message that a person wants outweighs several that a machine doubted

/** Structurally the `moved` hook of session/imap/deps.ts. */
type Move = {
  readonly account: AccountId
  readonly from: MailboxId
  readonly to: MailboxId
  readonly newUids: Uint32Array
}
export type TeacherDeps = {
  readonly store: Pick<Store, 'account' | 'mailbox' | 'messages' | 'recall' | 'remember'>
  readonly learn: Learn
  readonly history: Pick<SenderHistory, 'note' | 'wrote'>
  readonly jail: Pick<Jail, 'barred' | 'barredSender' | 'pardon'>
  readonly now: () => number
  readonly log: Log
  /** Our own name, by which our Authentication-Results is known. */
  readonly host: () => string
}
/** What another program (spamc -L) says of a message that is not in the store. */
type Told = {
  readonly message: Uint8Array
  /** Whose training it is besides the shared one. */
  readonly account: string | undefined
  /** `none` takes back what was said before. */
  readonly opinion: 'spam' | 'wanted' | 'none'
}
export type Teacher = {
  /** Takes a message from outside as a lesson. @returns `known` where the same was said before, or there is nothing to take back. Never rejects. */
  readonly told: (told: Told) => Promise<'learned' | 'known' | 'failed'>
  /** Takes the move up; returns at once. */
  readonly moved: (move: Move) => void
  /** Resolves when every move so far is learned from. */
  readonly settled: () => Promise<void>
}

const noOpinion: ReadonlySet<string | undefined> = new Set(['trash', 'drafts', 'sent'])

/** @returns what a move says of a message; undefined where it says nothing. Pure. */
export const opinionOf = (from: Mailbox['specialUse'], to: Mailbox['specialUse']): 'spam' | 'wanted' | undefined => {
  if (from === to) return undefined
  if (to === 'junk') return from === 'drafts' || from === 'sent' ? undefined : 'spam'
  return from === 'junk' && !noOpinion.has(to) ? 'wanted' : undefined
}

/** Where the server shows refused mail; people may have a mailbox of that name for other things. */
const showsRefused = ({ name, specialUse }: Mailbox): boolean => specialUse === undefined && name === REJECTED

const peerIn = (prefix: string): string | undefined =>
  /^Received: from \S* \([^[\r\n]*\[(?:IPv6:)?([0-9A-Fa-f.:]+)\]\)/m.exec(prefix)?.[1]

/** The domain that our own field says was vouched for, in the order of scan-port's `vouchedDomain`. */
const vouchedIn = (prefix: string): string | undefined => {
  const field = /^Authentication-Results:((?:[^\r\n]|\r\n[ \t])*)/m.exec(prefix)?.[1]
  const read = field === undefined ? undefined : readAuthResults(field)
  if (read?.ok !== true) return undefined
  const passed = (method: string, property: string): string | undefined =>
    read.value.results
      .filter((one) => one.method === method && one.result === 'pass')
      .flatMap((one) => one.properties)
      .find((one) => one.name === property)
      ?.value.toLowerCase()
  const domainOf = (value: string | undefined): string | undefined => value?.slice(value.lastIndexOf('@') + 1)
  return domainOf(passed('dmarc', 'header.from') ?? passed('dkim', 'header.d') ?? passed('spf', 'smtp.mailfrom'))
}

type Sender = { readonly ip: string; readonly address: string | undefined; readonly keys: SenderKeys }

/** Who brought a stored message, by the fields that we wrote before it; undefined for one that did not come in by mail. Pure. */
export const senderOf = (prefix: string, body: Uint8Array, host: string): Sender | undefined => {
  const ip = peerIn(prefix)
  if (ip === undefined) return undefined
  const address = readHead(body, host).fromAddress
  return { ip, address, keys: senderKeys(ip, address, vouchedIn(prefix)) }
}

/** @returns the teacher; one move at a time. */
export const openTeacher = (deps: TeacherDeps): Teacher => {
  const { store, learn, history, jail, now, log } = deps
  let waiting = 0
  let last: Promise<void> = Promise.resolve()

  const lessonOf = async (key: string): Promise<number | undefined> => {
    const found = await store.recall({ space: 'lessons', key, now: now() })
    return found.ok ? found.value[0]?.value[0] : undefined
  }

  const note = async (key: string, learned: number): Promise<void> => {
    const memos = [{ key, value: Uint8Array.of(learned), expiresAt: now() + KEEP_MS }]
    await store.remember({ space: 'lessons', memos })
  }

  /** Counts what is learned. @returns whether the opposite had been learned, or undefined when this had. */
  const remembered = async (account: AccountId, emailId: string, spam: boolean): Promise<boolean | undefined> => {
    const key = `${account} ${emailId}`
    const before = await lessonOf(key)
    const learned = spam ? SPAM : WANTED
    if (before === learned) return undefined
    await note(key, learned)
    return before !== undefined
  }

  /** The same octets told by the same user are the same lesson. */
  const learnTold = async ({ message, account, opinion }: Told): Promise<'learned' | 'known' | 'failed'> => {
    const key = `told ${account ?? ''} ${createHash('sha256').update(message).digest('hex')}`
    const said = await lessonOf(key)
    const before = said === FORGOTTEN ? undefined : said
    const learned = opinion === 'none' ? FORGOTTEN : opinion === 'spam' ? SPAM : WANTED
    if (before === learned || (before === undefined && opinion === 'none')) return 'known'
    const forgets = opinion === 'none'
    const spam = (forgets ? before : learned) === SPAM
    const corrects = !forgets && before !== undefined
    const done = await learn({ message, spam, corrects, account, weight: 1, ...(forgets ? { forgets } : {}) })
    if (done === 'learned') await note(key, learned)
    log.event('learned', { account, spam, corrects, forgets, done })
    return done
  }

  /** A standing is corrected by what the first judgement gave, and the person's own word. */
  const correct = async (sender: Sender, spam: boolean): Promise<void> => {
    if (spam) {
      await history.note(sender.keys, 'wanted', -1)
      await history.note(sender.keys, 'unwanted', 1)
      return
    }
    await history.note(sender.keys, 'unwanted', -1)
    await history.note(sender.keys, 'wanted', RESCUE_WEIGHT)
    const named = sender.address === undefined ? undefined : jail.barredSender(sender.address)
    if (named !== undefined) jail.pardon(named.subject)
    const held = jail.barred(sender.ip, 'mail')
    if (held?.offence === 'spam-flagged' || held?.offence === 'spam-rejected') jail.pardon(held.subject)
  }

  /** A person wants mail that was refused: its sender counts as one whom they wrote to. */
  const released = async (move: Move, sender: Sender | undefined): Promise<void> => {
    if (sender === undefined) return
    if (sender.address !== undefined) history.wrote(move.account, sender.address)
    await correct(sender, false)
    log.event('rejected-released', { account: move.account, from: sender.address, ip: sender.ip })
  }

  const learnOne = async (move: Move, name: string, spam: boolean, row: MessageDetail): Promise<void> => {
    if (row.message === undefined) return
    // A note holds words of ours: nothing is learned from them.
    if (isNote(row.prefix)) {
      if (!spam) await released(move, senderOf(row.prefix, row.message.subarray(row.prefix.length), deps.host()))
      return
    }
    const corrects = await remembered(move.account, row.emailId, spam)
    if (corrects === undefined) return
    const message = row.message.subarray(row.prefix.length)
    const done = await learn({ message, spam, corrects, account: name, weight: 1 })
    const sender = senderOf(row.prefix, message, deps.host())
    if (sender !== undefined) await correct(sender, spam)
    log.event('learned', { account: name, spam, corrects, done })
  }

  const learnFrom = async (move: Move): Promise<void> => {
    const [from, to, account] = await Promise.all([
      store.mailbox({ id: move.from }),
      store.mailbox({ id: move.to }),
      store.account({ id: move.account }),
    ])
    const refused = from.ok && showsRefused(from.value)
    const use = refused ? 'junk' : from.ok ? from.value.specialUse : undefined
    const opinion = to.ok ? opinionOf(use, to.value.specialUse) : undefined
    if (opinion === undefined || !account.ok) return
    const uids = [...move.newUids].sort((a, b) => a - b).slice(0, MOST_LESSONS)
    for (let at = 0; at < uids.length; at += PAGE) {
      const ranges = uids.slice(at, at + PAGE).map((uid) => [uid, uid] as const)
      const page = await store.messages({
        mailbox: move.to,
        uids: ranges,
        want: { message: true },
        most: PAGE,
        mostBytes: PAGE_OCTETS,
      })
      if (!page.ok) return log.event('store-fault', { verb: 'messages', fault: page.error })
      for (const row of page.value.rows)
        if (!refused || refusalIn(row.prefix) !== undefined)
          await learnOne(move, account.value.name, opinion === 'spam', row)
    }
  }

  return {
    told: async (told) => {
      if (waiting >= MOST_MOVES) return 'failed'
      waiting += 1
      const done = last
        .then(() => learnTold(told))
        .catch((error: unknown) => {
          log.event('learner-damaged', { why: String(error) })
          return 'failed' as const
        })
        .finally(() => {
          waiting -= 1
        })
      last = done.then(() => undefined)
      return done
    },
    moved: (move) => {
      if (waiting >= MOST_MOVES) return
      waiting += 1
      last = last
        .then(() => learnFrom(move))
        .catch((error: unknown) => log.event('learner-damaged', { why: String(error) }))
        .finally(() => {
          waiting -= 1
        })
    },
    settled: () => last,
  }
}
