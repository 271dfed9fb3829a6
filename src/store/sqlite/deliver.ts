/**
 * Verbs: a message comes in. One body into many places: body, head and rows in one transaction. A place that cannot be served
 * (over quota, unknown mailbox) gets its fault; the others are delivered. RFC 9051 section 6.3.12, RFC 8474 (EMAILID), RFC 8508.
 */
import { readFileSync } from 'node:fs'
import { type AccountId, type MailboxId, type ModSeq, mailboxId, modSeq, uid } from '../../base/ids.ts'
import { fail, ok, type Result } from '../../base/result.ts'
import type { Body } from '../../base/spool.ts'
import { type Summary, summarize } from '../../mime/summary.ts'
import type { Place, Placed, StoreFault } from '../store.ts'
import { bodyKinds, pack } from './body.ts'
import { num } from './door.ts'
import { forms, type Head, MOST_TOGETHER, packHead } from './head.ts'
import { type House, Refused, type Run, ring, takeModSeq, undo } from './house.ts'
import { isDeleted, isUnseen, readFlags, setOfWords } from './keywords.ts'
import { cleanName, findMailbox, findSpecial, insertMailbox, mailboxById } from './mailbox-rows.ts'
import { addUse, LAST_UID, removeRows } from './moving.ts'
import { type Leaving, putQueue, settle } from './queue-change.ts'
import { putReceipt } from './receipts.ts'
import { threadOf } from './threading.ts'

const sizeOf = (body: Body): number => ('bytes' in body ? body.bytes.length : body.size)
/** A file was adopted before the transaction began: its name is kept, relative to bodies/. */
const keptFile = (
  house: House,
  body: { readonly file: string },
): { readonly kind: number; readonly data: Uint8Array } => ({
  kind: bodyKinds.file,
  data: Buffer.from(body.file.slice((house.bodies ?? '').length + 1), 'latin1'),
})
const bytesOf = (body: Body): Uint8Array => ('bytes' in body ? body.bytes : readFileSync(body.file))

/** Puts the body in and gives it its number. */
const insertBlob = (house: House, body: Body, head: Head): number => {
  const small = 'bytes' in body && body.bytes.length <= MOST_TOGETHER
  const blob = house.tx.run(
    'INSERT INTO blobs (size, form, head) VALUES (?, ?, ?)',
    sizeOf(body),
    small ? forms.together : forms.apart,
    packHead(head, small ? body.bytes : null),
  ).id
  if (small) return blob
  const kept = 'bytes' in body ? pack(body.bytes) : keptFile(house, body)
  house.tx.run('INSERT INTO bodies (blob, kind, data) VALUES (?, ?, ?)', blob, kept.kind, kept.data)
  return blob
}

type Touched = { readonly seq: ModSeq; readonly mailboxes: Set<MailboxId>; madeMailbox: boolean }

/** Takes room in the account for a message and its place in the change log (once a verb). @throws Refused no-such-account, over-quota */
const takeRoom = (
  house: House,
  account: AccountId,
  size: number,
  enforce: boolean,
  known: ModSeq | undefined,
): ModSeq => {
  const row = house.tx.get(
    `UPDATE accounts SET mod_seq = mod_seq + ?, used_bytes = used_bytes + ?, messages = messages + 1
     WHERE id = ? AND (? = 0 OR quota_bytes = 0 OR used_bytes + ? <= quota_bytes) RETURNING mod_seq`,
    known === undefined ? 1 : 0,
    size,
    account,
    enforce ? 1 : 0,
    size,
  )
  if (row !== undefined) return modSeq(num(row['mod_seq']))
  const there = house.tx.get('SELECT 1 FROM accounts WHERE id = ?', account)
  throw new Refused(there === undefined ? 'no-such-account' : 'over-quota')
}

/** The mailbox of a place, or null when it has to be made. A special use wins over the name: its owner may have renamed Junk. */
const findPlace = (house: House, place: Place): MailboxId | null => {
  const { account, mailbox } = place
  if (typeof mailbox === 'number') {
    if (house.tx.get('SELECT 1 FROM mailboxes WHERE id = ? AND account = ?', mailbox, account) === undefined)
      throw new Refused('no-such-mailbox')
    return mailbox
  }
  const special = mailbox.specialUse === undefined ? null : findSpecial(house, account, mailbox.specialUse)
  return special ?? findMailbox(house, account, cleanName(mailbox.name))
}

const makePlace = (house: House, place: Place, seq: ModSeq, now: number): MailboxId => {
  if (typeof place.mailbox === 'number') return mailboxId(place.mailbox)
  return insertMailbox(house, {
    account: place.account,
    name: cleanName(place.mailbox.name),
    specialUse: place.mailbox.specialUse,
    seq,
    now,
  })
}

type Incoming = { readonly size: number; readonly now: number; readonly blob: () => number; readonly summary: Summary }

/** One place: room, mailbox, row. @throws Refused */
const putPlace = (
  house: House,
  place: Place,
  variant: number,
  incoming: Incoming,
  touched: Map<AccountId, Touched>,
): Placed => {
  const { account } = place
  const flags = readFlags(place.flags)
  const found = findPlace(house, place)
  const size = incoming.size + place.prefix.length
  const known = touched.get(account)
  const seq = takeRoom(house, account, size, place.enforceQuota, known?.seq)
  const mailbox = found ?? makePlace(house, place, seq, incoming.now)
  const keywords = setOfWords(house, account, flags.words)
  const row = house.tx.get(
    `UPDATE mailboxes SET uid_next = uid_next + 1, mod_seq = ?, messages = messages + 1, unseen = unseen + ?,
     deleted = deleted + ?, size = size + ? WHERE id = ? RETURNING uid_next, uid_validity`,
    seq,
    isUnseen(flags.bits),
    isDeleted(flags.bits),
    size,
    mailbox,
  )
  const number = num(row?.['uid_next']) - 1
  if (number > LAST_UID - 1) throw new Refused('too-many')
  const blob = incoming.blob()
  house.tx.run(
    `INSERT INTO messages (mailbox, uid, flags, keywords, created, changed, size, internal_date, saved_date, blob, variant, thread)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    mailbox,
    number,
    flags.bits,
    keywords,
    seq,
    seq,
    size,
    place.internalDate,
    incoming.now,
    blob,
    variant,
    threadOf(house, account, incoming.summary, blob, seq),
  )
  const noted = known ?? { seq, mailboxes: new Set(), madeMailbox: false }
  noted.mailboxes.add(mailbox)
  noted.madeMailbox ||= found === null
  touched.set(account, noted)
  return {
    account,
    mailbox,
    uidValidity: num(row?.['uid_validity']),
    uid: uid(number),
    modSeq: seq,
    emailId: emailIdOf(blob, variant),
  }
}

/** RFC 8474 section 5.1: the same for every copy of the same octets. */
export const emailIdOf = (blob: number, variant: number): string => `M${blob}${variant === 0 ? '' : `-${variant}`}`

/** What became of the places, and the blob and its prefixes, if any took it. */
type Put = {
  readonly answers: readonly Result<Placed, StoreFault>[]
  readonly blob: number | undefined
  readonly prefixes: readonly string[]
}

/** Every place, each in a savepoint of its own when there are several, so that a refused one leaves nothing. */
const putPlaces = (
  house: House,
  places: readonly Place[],
  incoming: Omit<Incoming, 'blob'>,
  insert: (prefix: string) => number,
): Put => {
  const touched = new Map<AccountId, Touched>()
  const prefixes: string[] = []
  let blob: number | undefined
  const answers = places.map((place): Result<Placed, StoreFault> => {
    const at = prefixes.indexOf(place.prefix)
    const variant = at < 0 ? prefixes.length : at
    const makeBlob = (): number => {
      if (at >= 0 && blob !== undefined) return blob
      prefixes.push(place.prefix)
      blob ??= insert(place.prefix)
      if (variant > 0)
        house.tx.run('INSERT INTO variants (blob, variant, prefix) VALUES (?, ?, ?)', blob, variant, place.prefix)
      return blob
    }
    const [knownBlob, knownPrefixes] = [blob, prefixes.length]
    if (places.length > 1) house.tx.run('SAVEPOINT place')
    try {
      const placed = putPlace(house, place, variant, { ...incoming, blob: makeBlob }, touched)
      if (places.length > 1) house.tx.run('RELEASE place')
      return ok(placed)
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      if (places.length === 1) throw error
      house.tx.run('ROLLBACK TO place')
      house.tx.run('RELEASE place')
      house.keywordSets.clear()
      blob = knownBlob
      prefixes.length = knownPrefixes
      return fail(error.fault)
    }
  })
  for (const [account, { seq, mailboxes, madeMailbox }] of touched)
    ring(house, account, seq, [...mailboxes], madeMailbox)
  return { answers, blob, prefixes }
}

/** The places of a delivery; what only leaves needs no summary. */
const place = (house: House, a: Parameters<Run<'deliver'>>[1]): Put => {
  if (a.places.length === 0) return { answers: [], blob: undefined, prefixes: [] }
  const summary = a.summary ?? summarize(bytesOf(a.body))
  try {
    return putPlaces(house, a.places, { size: sizeOf(a.body), now: a.now, summary }, (prefix) =>
      insertBlob(house, a.body, { prefix, summary }),
    )
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    undo(house)
    return { answers: [fail(error.fault)], blob: undefined, prefixes: [] }
  }
}

/** What the queue's rows point at: the blob that a place has already, with the queue's own prefix; or a body of their own. */
const leavingOf = (house: House, body: Body, prefix: string, { blob, prefixes }: Put): Leaving => {
  const size = sizeOf(body)
  if (blob === undefined) {
    // As it is: it is gone in seconds.
    const kept = 'bytes' in body ? { kind: bodyKinds.raw, data: body.bytes } : keptFile(house, body)
    return { size, prefix, ...kept }
  }
  const at = prefixes.indexOf(prefix)
  if (at >= 0) return { size, prefix, blob, variant: at }
  const variant = prefixes.length
  house.tx.run('INSERT INTO variants (blob, variant, prefix) VALUES (?, ?, ?)', blob, variant, prefix)
  return { size, prefix, blob, variant }
}

export const deliver: Run<'deliver'> = (house, a) => {
  const put = place(house, a)
  const { queue } = a
  const queued = queue !== undefined && queue.entries.length > 0
  if (queued) putQueue(house, queue.entries, leavingOf(house, a.body, queue.prefix, put))
  const took = queued || put.answers.length === 0 || put.answers.some((answer) => answer.ok)
  if (a.settle !== undefined && took) settle(house, a.settle)
  if (a.receipt !== undefined) putReceipt(house, a.receipt)
  return put.answers
}

export const replace: Run<'replace'> = (house, a) => {
  const old = mailboxById(house, a.mailbox)
  if (house.tx.get('SELECT 1 FROM messages WHERE mailbox = ? AND uid = ?', a.mailbox, a.uid) === undefined)
    throw new Refused('no-such-message')
  const seq = takeModSeq(house, old.account)
  const gone = removeRows(house, {
    mailbox: a.mailbox,
    ranges: [[a.uid, a.uid]],
    onlyDeleted: false,
    seq,
    now: a.now,
  })
  addUse(house, old.account, -gone.size, -gone.count)
  ring(house, old.account, seq, [a.mailbox])
  const [placed] = deliver(house, { body: a.body, places: [a.place], now: a.now })
  if (placed === undefined) throw new Refused('no-such-message')
  if (!placed.ok) throw new Refused(placed.error)
  return placed.value
}
