/**
 * FETCH and UID FETCH. RFC 9051 section 6.4.5 and 7.5.2; RFC 7162 (CHANGEDSINCE, VANISHED), RFC 9394 (PARTIAL), RFC 8474, RFC 8514, RFC 8970. Columns are printed
 * from the shared view; what a message says is read from the store page by page, large messages slice by slice, so that other sessions have
 * their turn and a slow client holds at most a page. \Seen is set for a page before the page is told.
 */
import { fail, ok, type Result } from '../../base/result.ts'
import { flagBits, type MessageDetail } from '../../store/store.ts'
import type { FetchArguments, FetchItem, PartialRange, PlainItem } from '../../wire/imap/fetch.ts'
import { holds, type Ranges, rangesOf, resolve, writeRanges } from '../../wire/imap/set.ts'
import { octetsOf, writeDateTime, writeString } from '../../wire/imap/write.ts'
import type { Out } from '../gathered.ts'
import { runsOf, takeChanges } from './change.ts'
import { bodyItem, type ContentItem, isContent, largeItem, needsParts } from './fetch-body.ts'
import { firstFrom, placeOf } from './mailbox-view.ts'
import type { Running } from './row.ts'
import { fetchHead, knowsFlags, type Run, rangesOfUids, uidsOfRuns, writeFlags } from './selected.ts'
import type { Selected, Talk } from './state.ts'
import { selectedOf } from './talk.ts'
import { wordsFor } from './words.ts'

type ColumnItem = 'FLAGS' | 'UID' | 'INTERNALDATE' | 'RFC822.SIZE' | 'MODSEQ' | 'SAVEDATE'
type SummaryItem = 'ENVELOPE' | 'BODY' | 'BODYSTRUCTURE' | 'PREVIEW'

const columns: Readonly<Record<ColumnItem, (selected: Selected, at: number, uid: number) => string>> = {
  FLAGS: (selected, at, uid) => {
    knowsFlags(selected, uid, at)
    return `FLAGS ${writeFlags(selected, at)}`
  },
  UID: (_, __, uid) => `UID ${uid}`,
  INTERNALDATE: ({ view }, at) => `INTERNALDATE ${writeDateTime(view.internalDates[at] ?? 0)}`,
  'RFC822.SIZE': ({ view }, at) => `RFC822.SIZE ${view.sizes[at] ?? 0}`,
  MODSEQ: ({ view }, at) => `MODSEQ (${view.modSeqs[at] ?? 0})`,
  SAVEDATE: ({ view }, at) => `SAVEDATE ${writeDateTime(view.savedDates[at] ?? 0)}`,
}
const isColumn = (name: string): name is ColumnItem => Object.hasOwn(columns, name)
const isSummary = (name: PlainItem): name is SummaryItem =>
  name === 'ENVELOPE' || name === 'BODY' || name === 'BODYSTRUCTURE' || name === 'PREVIEW'

const details: Readonly<Record<SummaryItem | 'EMAILID' | 'THREADID', (row: MessageDetail) => string>> = {
  ENVELOPE: (row) => `ENVELOPE ${row.summary?.envelope ?? 'NIL'}`,
  BODY: (row) => `BODY ${row.summary?.body ?? 'NIL'}`,
  BODYSTRUCTURE: (row) => `BODYSTRUCTURE ${row.summary?.bodystructure ?? 'NIL'}`,
  PREVIEW: (row) => `PREVIEW ${writeString(octetsOf(row.summary?.preview ?? ''))}`,
  EMAILID: (row) => `EMAILID (${row.emailId})`,
  THREADID: (row) => (row.threadId === '' ? 'THREADID NIL' : `THREADID (${row.threadId})`),
}

/** What a FETCH asks for, sorted by where it comes from. */
type Plan = {
  readonly items: readonly FetchItem[]
  readonly rows: boolean
  readonly summary: boolean
  readonly message: boolean
  readonly marksSeen: boolean
}

const withImplied = (talk: Talk, args: FetchArguments, byUid: boolean): readonly FetchItem[] => {
  const has = (name: PlainItem): boolean => args.items.some((item) => item.item === name)
  const uid: readonly FetchItem[] = byUid && !has('UID') && !talk.enabled.uidOnly ? [{ item: 'UID' }] : []
  const modSeq: readonly FetchItem[] = args.changedSince !== undefined && !has('MODSEQ') ? [{ item: 'MODSEQ' }] : []
  // What is asked for twice is told once.
  return [...new Map([...uid, ...args.items, ...modSeq].map((item) => [JSON.stringify(item), item])).values()]
}

const planFetch = (talk: Talk, selected: Selected, args: FetchArguments, byUid: boolean): Plan => {
  const items = withImplied(talk, args, byUid)
  const content = items.filter(isContent)
  const mayMark = !selected.readOnly && selected.rights.includes('s')
  return {
    items,
    rows: items.some((item) => !isColumn(item.item) && item.item !== 'ENVELOPE'),
    summary: content.some(needsParts) || items.some((item) => !isContent(item) && isSummary(item.item)),
    message: content.length > 0,
    marksSeen: mayMark && content.some((item) => item.item !== 'binary.size' && !item.peek),
  }
}

/** The UIDs to tell of, after CHANGEDSINCE and PARTIAL. */
const chosen = (selected: Selected, runs: readonly Run[], args: FetchArguments): Uint32Array => {
  const { changedSince, partial } = args
  const all = uidsOfRuns(selected, runs)
  const changed =
    changedSince === undefined
      ? all
      : all.filter((uid) => (selected.view.modSeqs[selected.view.at(uid)] ?? 0) > changedSince)
  return partial === undefined ? changed : slice(changed, partial)
}

const slice = (uids: Uint32Array, { first, last }: PartialRange): Uint32Array => {
  const [low, high] = [Math.min(Math.abs(first), Math.abs(last)), Math.max(Math.abs(first), Math.abs(last))]
  if (first > 0) return uids.subarray(low - 1, high)
  return uids.subarray(Math.max(0, uids.length - high), Math.max(0, uids.length - low + 1))
}

/** RFC 7162 section 3.2.6: which of the asked-for UIDs are gone since. */
const vanishedSince = async (talk: Talk, args: FetchArguments): Promise<string> => {
  const selected = selectedOf(talk)
  if (args.set.saved) return ''
  const answer = await talk.deps.store.changes({ mailbox: selected.mailbox.id, since: args.changedSince ?? 0 })
  if (!answer.ok) return ''
  const asked: Ranges = resolve(args.set.ranges, selected.view.uidNext - 1)
  const gone = [...answer.value.vanished].filter((uid) => holds(asked, uid)).sort((a, b) => a - b)
  return gone.length === 0 ? '' : `* VANISHED (EARLIER) ${writeRanges(rangesOf(gone))}\r\n`
}

/** Sets \Seen on those of a page that lack it. @returns their UIDs. */
const markSeen = async (talk: Talk, selected: Selected, page: Uint32Array): Promise<ReadonlySet<number>> => {
  const { view } = selected
  const unseen = page.filter((uid) => {
    const at = view.at(uid)
    return at >= 0 && ((view.flags[at] ?? 0) & flagBits.seen) === 0
  })
  if (unseen.length === 0) return new Set()
  const answer = await talk.deps.store.changeFlags({
    mailbox: selected.mailbox.id,
    uids: rangesOfUids(selected, unseen),
    how: 'add',
    flags: ['\\Seen'],
  })
  if (answer.ok) takeChanges(selected, answer.value)
  return new Set(unseen)
}

/** What is written of one message; an item of a large one is written later. */
type Piece = string | Uint8Array | ContentItem

/** The items of one message; octets of bodies, and items still to be read, stand between texts. */
const writeMessage = (
  talk: Talk,
  plan: Plan,
  uid: number,
  row: MessageDetail,
  newlySeen: boolean,
): { readonly out: Piece[]; readonly fault?: string } => {
  const selected = selectedOf(talk)
  const at = selected.view.at(uid)
  const out: Piece[] = []
  let text = fetchHead(talk.enabled, uid, placeOf(selected.uids, uid) + 1)
  let told = false
  for (const [order, item] of plan.items.entries()) {
    if (order > 0) text += ' '
    if (isContent(item)) {
      const body = row.message === undefined ? ok([item]) : bodyItem(item, row)
      if (!body.ok) return { out: [], fault: body.error }
      out.push(text, ...body.value)
      text = ''
    } else if (isColumn(item.item)) {
      told ||= item.item === 'FLAGS'
      text += columns[item.item](selected, at, uid)
    } else text += details[item.item](row)
  }
  if (newlySeen && !told) text += ` FLAGS ${writeFlags(selected, at)}`
  if (newlySeen && talk.enabled.condstore) text += ` MODSEQ (${selected.view.modSeqs[at] ?? 0})`
  out.push(`${text})\r\n`)
  return { out }
}

const COLUMN_PAGE = 2000

/** The envelopes of a page: those on the shelf, and the others from the store. */
const envelopesOf = async (talk: Talk, page: Uint32Array): Promise<Result<ReadonlyMap<number, string>, string>> => {
  const selected = selectedOf(talk)
  const { deps } = talk
  const shelf = deps.views.envelopes.of(selected.mailbox.id)
  const missing = page.filter((uid) => !shelf.has(uid))
  if (missing.length === 0) return ok(shelf)
  const found = new Map<number, string>()
  for (let done = 0; done < missing.length; ) {
    const some = missing.subarray(done)
    const { id } = selected.mailbox
    const answer = await deps.store.envelopes({ mailbox: id, uids: rangesOfUids(selected, some), most: some.length })
    if (!answer.ok) return fail(wordsFor(answer.error))
    const { uids, ends, octets, next } = answer.value
    const texts = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength)
    for (const [i, uid] of uids.entries()) {
      const envelope = texts.toString('latin1', ends[i - 1] ?? 0, ends[i])
      found.set(uid, envelope)
      deps.views.envelopes.put(id, uid, envelope)
    }
    done += next === null ? some.length : Math.max(1, firstFrom(some, next))
  }
  for (const uid of page) {
    const kept = shelf.get(uid)
    if (kept !== undefined) found.set(uid, kept)
  }
  return ok(found)
}

const noEnvelopes: ReadonlyMap<number, string> = new Map()

type Printer = (selected: Selected, at: number, uid: number, envelopes: ReadonlyMap<number, string>) => string
const envelope: Printer = (_, __, uid, envelopes) => `ENVELOPE ${envelopes.get(uid) ?? 'NIL'}`

/** Prints a page of columns. @returns the text, and how many of the messages are gone. */
const columnPage = (
  talk: Talk,
  printers: readonly Printer[],
  page: Uint32Array,
  envelopes: ReadonlyMap<number, string>,
): readonly [text: string, missing: number] => {
  const selected = selectedOf(talk)
  const { view } = selected
  let text = ''
  let missing = 0
  // Neighbours in the list are neighbours in the view: looking for the place is needed only after a gap.
  let at = -2
  let index = -2
  for (const uid of page) {
    at = view.uidAt(at + 1) === uid ? at + 1 : view.at(uid)
    index = selected.uids[index + 1] === uid ? index + 1 : placeOf(selected.uids, uid)
    if (at < 0 || (envelopes !== noEnvelopes && !envelopes.has(uid))) {
      missing += 1
      continue
    }
    text += fetchHead(talk.enabled, uid, index + 1)
    for (let order = 0; order < printers.length; order += 1) {
      if (order > 0) text += ' '
      text += printers[order]?.(selected, at, uid, envelopes) ?? ''
    }
    text += ')\r\n'
  }
  return [text, missing]
}

/** FETCH of columns and perhaps envelopes: the store is asked only for envelopes that are not on the shelf. */
async function* fetchColumns(talk: Talk, plan: Plan, uids: Uint32Array): AsyncGenerator<Out, Told> {
  const printers = plan.items.flatMap((item): readonly Printer[] => {
    if (isContent(item)) return []
    return isColumn(item.item) ? [columns[item.item]] : [envelope]
  })
  const plain = !printers.includes(envelope)
  let missing = 0
  const pageAt = (from: number): Uint32Array => uids.subarray(from, from + COLUMN_PAGE)
  const read = (page: Uint32Array): Promise<Result<ReadonlyMap<number, string>, string>> => {
    const reading = plain ? Promise.resolve(ok(noEnvelopes)) : envelopesOf(talk, page)
    // A client that hangs up leaves it unread; who reads it sees its failure.
    reading.catch(() => undefined)
    return reading
  }
  // The store reads the next page while this one is written.
  let reading = read(pageAt(0))
  for (let from = 0; from < uids.length; from += COLUMN_PAGE) {
    const envelopes = await reading
    if (!envelopes.ok) return { missing, fault: envelopes.error }
    reading = read(pageAt(from + COLUMN_PAGE))
    const [text, gone] = columnPage(talk, printers, pageAt(from), envelopes.value)
    missing += gone
    yield text
    if (from + COLUMN_PAGE < uids.length) await talk.deps.breathe()
  }
  return { missing }
}

/** Octets from which on a message is read by slices, and alone in its page. */
const LARGE = 1_048_576

/** The next messages that are read together: neighbours, none of them large, or one that is. */
const nextPage = (talk: Talk, plan: Plan, uids: Uint32Array, from: number): { page: Uint32Array; large: boolean } => {
  const { view } = selectedOf(talk)
  const page = uids.subarray(from, from + talk.deps.limits.page)
  if (!plan.message) return { page, large: false }
  const isLarge = (uid: number): boolean => (view.sizes[view.at(uid)] ?? 0) > LARGE
  const first = page.findIndex(isLarge)
  if (first === 0) return { page: page.subarray(0, 1), large: true }
  return { page: first < 0 ? page : page.subarray(0, first), large: false }
}

type Told = { readonly missing: number; readonly fault?: string }

/** Writes the rows of a page. */
async function* tellRows(
  talk: Talk,
  plan: Plan,
  told: Uint32Array,
  rows: readonly MessageDetail[],
): AsyncGenerator<Out, Told> {
  const selected = selectedOf(talk)
  const seen = plan.marksSeen ? await markSeen(talk, selected, told) : new Set<number>()
  const byUid = new Map(rows.map((row) => [row.uid as number, row]))
  let missing = 0
  let text = ''
  for (const uid of told) {
    const row = byUid.get(uid)
    if (row === undefined || selected.view.at(uid) < 0) {
      missing += 1
      continue
    }
    const { out, fault } = writeMessage(talk, plan, uid, row, seen.has(uid))
    if (fault !== undefined) {
      yield text
      return { missing, fault }
    }
    for (const piece of out) {
      if (typeof piece === 'string') text += piece
      else {
        yield text
        text = ''
        if (piece instanceof Uint8Array) yield piece
        else {
          const failed = yield* largeItem(talk, piece, row, selected.view.sizes[selected.view.at(uid)] ?? 0)
          if (failed !== undefined) return { missing, fault: failed }
        }
      }
    }
  }
  yield text
  return { missing }
}

/** Octets of the messages of a page, so that the store knows a small one. */
const octetsOfPage = ({ view }: Selected, page: Uint32Array): number =>
  page.reduce((sum, uid) => sum + (view.sizes[view.at(uid)] ?? 0), 0)

/** FETCH of what messages say, page by page. @returns how many were gone, or a tagged answer. */
async function* fetchRows(talk: Talk, plan: Plan, uids: Uint32Array): AsyncGenerator<Out, Told> {
  const selected = selectedOf(talk)
  const { limits, store } = talk.deps
  let missing = 0
  for (let done = 0; done < uids.length; ) {
    const { page, large } = nextPage(talk, plan, uids, done)
    const answer = await store.messages({
      mailbox: selected.mailbox.id,
      uids: rangesOfUids(selected, page),
      want: { summary: plan.summary || large, message: plan.message && !large },
      most: page.length,
      mostBytes: plan.message ? Math.min(limits.pageBytes, octetsOfPage(selected, page)) : limits.pageBytes,
    })
    if (!answer.ok) return { missing, fault: wordsFor(answer.error) }
    const { rows, next } = answer.value
    const told = next === null ? page : page.subarray(0, firstFrom(page, next))
    if (told.length === 0) return { missing, fault: wordsFor('damaged') }
    const one = yield* tellRows(talk, plan, told, rows)
    missing += one.missing
    if (one.fault !== undefined) return { missing, fault: one.fault }
    done += told.length
    if (done < uids.length) await talk.deps.breathe()
  }
  return { missing }
}

/** FETCH and UID FETCH. */
export const fetching = (byUid: boolean) =>
  async function* (talk: Talk, args: FetchArguments): Running {
    const selected = selectedOf(talk)
    if (args.vanished && !(byUid && talk.enabled.qresync && args.changedSince !== undefined))
      return 'BAD VANISHED needs QRESYNC, UID FETCH and CHANGEDSINCE'
    if (args.changedSince !== undefined || args.items.some((item) => item.item === 'MODSEQ'))
      talk.enabled.condstore = true
    const runs = runsOf(talk, args.set, byUid)
    if (!runs.ok) return runs.error
    if (args.vanished) yield await vanishedSince(talk, args)
    const plan = planFetch(talk, selected, args, byUid)
    const uids = chosen(selected, runs.value, args)
    const { missing, fault } = yield* plan.rows ? fetchRows(talk, plan, uids) : fetchColumns(talk, plan, uids)
    if (fault !== undefined) return fault
    if (missing === 0 || byUid) return 'OK Fetched'
    return 'OK [EXPUNGEISSUED] Some of those messages are gone'
  }
