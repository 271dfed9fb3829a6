/**
 * SELECT, EXAMINE, CLOSE, UNSELECT. RFC 9051 sections 6.3.2, 6.3.3, 6.4.1, 6.4.2; RFC 3501 section 6.3.1 (RECENT, UNSEEN), RFC 7162 section 3.2.5 (QRESYNC),
 * RFC 8474 (MAILBOXID), RFC 9394.
 */
import { uid } from '../../base/ids.ts'
import { fail, ok, type Result } from '../../base/result.ts'
import { flagBits } from '../../store/store.ts'
import type { Resync, SelectArguments } from '../../wire/imap/mailbox.ts'
import { holds, type Ranges, rangesOf, resolve, writeRanges } from '../../wire/imap/set.ts'
import type { Running } from './row.ts'
import { claimRecent, fetchHead, keywordLines, recentCount, writeFlags } from './selected.ts'
import type { Reply, Seen, Selected, Talk } from './state.ts'
import { findWith, leave, selectedOf, wireName } from './talk.ts'
import { wordsFor } from './words.ts'

/** Rights that let something be changed. */
const canWrite = (rights: string): boolean => /[swtei]/.test(rights)

const open = async (talk: Talk, seen: Seen, readOnly: boolean): Promise<Result<Selected, string>> => {
  const opened = await talk.deps.views.open(seen.mailbox)
  if (!opened.ok) return fail(wordsFor(opened.error))
  const view = opened.value
  const quiet = talk.deps.views.listen(seen.mailbox.id, () => talk.ring())
  const selected: Selected = {
    mailbox: seen.mailbox,
    name: seen.name,
    readOnly: readOnly || !canWrite(seen.rights),
    rights: seen.rights,
    view,
    uids: view.uids,
    told: view.highest,
    removals: view.removals,
    keywords: view.keywords,
    own: new Map(),
    saved: new Uint32Array(0),
    recent: [],
    contexts: new Map(),
    quiet,
  }
  claimRecent(selected)
  return ok(selected)
}

const firstUnseen = (selected: Selected): number => {
  const { view } = selected
  for (let at = 0; at < view.count; at += 1) if (((view.flags[at] ?? 0) & flagBits.seen) === 0) return at + 1
  return 0
}

const opening = (talk: Talk, selected: Selected): string => {
  const { view, mailbox } = selected
  const old = talk.enabled.rev2 ? '' : `* ${recentCount(selected)} RECENT\r\n`
  const unseen = talk.enabled.rev2 ? 0 : firstUnseen(selected)
  return [
    keywordLines(selected),
    `* ${view.count} EXISTS\r\n`,
    old,
    unseen > 0 ? `* OK [UNSEEN ${unseen}] The first unseen\r\n` : '',
    `* OK [UIDVALIDITY ${mailbox.uidValidity}] UIDs are valid\r\n`,
    `* OK [UIDNEXT ${view.uidNext}] The next UID\r\n`,
    `* OK [HIGHESTMODSEQ ${Math.max(1, view.highest)}] The highest\r\n`,
    `* OK [MAILBOXID (${mailbox.mailboxId})] Its id\r\n`,
    talk.enabled.rev2 ? `* LIST () "/" ${wireName(talk, selected.name)}\r\n` : '',
  ].join('')
}

/**
 * How far the client's idea of numbers and UIDs agrees with ours (RFC 7162 section 3.2.5.2): what vanished at or below that UID it knows.
 * @returns that UID, 0 where nothing agrees.
 */
const agreedTo = (selected: Selected, [numbers, uids]: readonly [Ranges, Ranges]): number => {
  const flat = (ranges: Ranges): number[] =>
    resolve(ranges, 0).flatMap(([first, last]) =>
      Array.from({ length: Math.min(last - first + 1, 10_000) }, (_, at) => first + at),
    )
  const known = flat(uids)
  let agreed = 0
  for (const [at, number] of flat(numbers).entries())
    if (known[at] !== undefined && selected.uids[number - 1] === known[at]) agreed = known[at]
    else break
  return agreed
}

const vanished = async (talk: Talk, selected: Selected, resync: Resync): Promise<string> => {
  const changes = await talk.deps.store.changes({ mailbox: selected.mailbox.id, since: resync.modSeq })
  if (!changes.ok) return ''
  const agreed = resync.match === undefined ? 0 : agreedTo(selected, resync.match)
  const known = resync.known === undefined ? undefined : resolve(resync.known, uid(selected.view.uidNext - 1))
  const gone = changes.value.complete
    ? [...changes.value.vanished].filter((one) => known === undefined || holds(known, one))
    : missing(selected, known ?? [[1, selected.view.uidNext - 1]])
  const told = changes.value.complete ? gone : gone.filter((one) => one > agreed)
  return told.length === 0 ? '' : `* VANISHED (EARLIER) ${writeRanges(rangesOf(told))}\r\n`
}

/** Every UID of `known` that is not there; what is told when the store has forgotten when they went. */
const missing = (selected: Selected, known: Ranges): readonly number[] => {
  const out: number[] = []
  for (const [first, last] of known)
    for (let one = first; one <= Math.min(last, selected.view.uidNext - 1); one += 1)
      if (selected.view.at(one) < 0) out.push(one)
  return out
}

const changedSince = (talk: Talk, selected: Selected, resync: Resync): string => {
  const known = resync.known === undefined ? undefined : resolve(resync.known, selected.view.uidNext - 1)
  let out = ''
  for (const [at, one] of selected.uids.entries()) {
    const seq = selected.view.modSeqs[at] ?? 0
    if (seq <= resync.modSeq || (known !== undefined && !holds(known, one))) continue
    const withUid = talk.enabled.uidOnly ? '' : `UID ${one} `
    out += `${fetchHead(talk.enabled, one, at + 1)}${withUid}FLAGS ${writeFlags(selected, at)} MODSEQ (${seq}))\r\n`
  }
  return out
}

const selecting = (readOnly: boolean) =>
  async function* (talk: Talk, args: SelectArguments): Running {
    if (args.qresync !== undefined && !talk.enabled.qresync) return 'BAD Enable QRESYNC first'
    if (talk.selected !== undefined) {
      leave(talk)
      yield '* OK [CLOSED] The mailbox before is closed\r\n'
    }
    const found = await findWith(talk, args.mailbox, 'r')
    if (!found.ok) return found.error
    const opened = await open(talk, found.value, readOnly)
    if (!opened.ok) return opened.error
    const selected = opened.value
    talk.selected = selected
    if (args.condstore) talk.enabled.condstore = true
    yield opening(talk, selected)
    if (args.qresync !== undefined && args.qresync.uidValidity === selected.mailbox.uidValidity) {
      yield await vanished(talk, selected, args.qresync)
      yield changedSince(talk, selected, args.qresync)
    }
    return selected.readOnly ? 'OK [READ-ONLY] Opened to read' : 'OK [READ-WRITE] Opened'
  }

/** SELECT. */
export const select = selecting(false)
/** EXAMINE. */
export const examine = selecting(true)

/** CLOSE: what is marked \Deleted goes without being told. */
export const close = async (talk: Talk): Promise<Reply> => {
  const selected = selectedOf(talk)
  const last = selected.uids.at(-1)
  let highest = ''
  if (!selected.readOnly && selected.rights.includes('e') && last !== undefined) {
    const done = await talk.deps.store.expunge({
      mailbox: selected.mailbox.id,
      uids: [[1, last]],
      evenUndeleted: false,
      now: talk.deps.now(),
    })
    if (!done.ok) return ['', wordsFor(done.error)]
    if (done.value.uids.length > 0) {
      selected.view.takeRemoval(done.value.uids, done.value.modSeq)
      if (talk.enabled.qresync) highest = `[HIGHESTMODSEQ ${done.value.modSeq}] `
    }
  }
  leave(talk)
  return ['', `OK ${highest}Closed`]
}

/** UNSELECT: closes and removes nothing. */
export const unselect = async (talk: Talk): Promise<Reply> => {
  leave(talk)
  return ['', 'OK Unselected']
}
