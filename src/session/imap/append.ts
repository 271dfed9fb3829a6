/**
 * APPEND and REPLACE, and their literals. RFC 9051 section 6.3.12; several at once: RFC 3502; from parts of other messages: RFC 4469 (CATENATE); UTF8: RFC 6855; literal8:
 * RFC 3516; REPLACE: RFC 8508; limits: RFC 7889. A message goes to the spool as it comes; where it may not be stored, that is said before one of its octets
 * is read. All messages of one command are stored, or none. Refused on purpose: a message of no octets.
 */
import { uid as toUid } from '../../base/ids.ts'
import { fail, ok, type Result } from '../../base/result.ts'
import { type Body, type Spool, SpoolError } from '../../base/spool.ts'
import { withoutNul } from '../../mime/binary-parts.ts'
import type { Placed } from '../../store/store.ts'
import { type AppendMessage, type AppendSoFar, readAppend, readAppendSoFar } from '../../wire/imap/mailbox.ts'
import type { Frame } from '../../wire/imap/reader.ts'
import { rangesOf, writeRanges } from '../../wire/imap/set.ts'
import { readWhole } from '../../wire/imap/syntax.ts'
import { readUrl } from './append-url.ts'
import { placeOf } from './mailbox-view.ts'
import type { Appending, Reply, Seen, Talk } from './state.ts'
import { findWith, NO_RIGHT } from './talk.ts'
import { TRY_CREATE, wordsFor } from './words.ts'

/** What comes of an announced literal: keep it as an argument, stream it into the append, or refuse with this tagged answer. */
export type Announced =
  | { readonly kind: 'keep' }
  | { readonly kind: 'stream' }
  | { readonly kind: 'refuse'; readonly says: string }

const isReplace = (frame: Frame): boolean => frame.verb.endsWith('REPLACE')
/** Whether a command's literals may be messages. */
export const appends = (frame: Frame): boolean => frame.verb === 'APPEND' || isReplace(frame)

const TOO_BIG = 'NO [TOOBIG] The message is too large'
const refuse = (says: string): Announced => ({ kind: 'refuse', says })

const targetOf = async (talk: Talk, octets: string): Promise<Result<Seen, string>> => {
  const found = await findWith(talk, octets, 'i')
  if (found.ok) return found
  return fail(found.error.includes('NONEXISTENT') ? TRY_CREATE : found.error)
}

/** Whether the account has room for so many octets more. */
const hasRoom = async (talk: Talk, target: Seen, size: number): Promise<boolean> => {
  const answer = await talk.deps.store.account({ id: target.mailbox.account })
  return !answer.ok || answer.value.quotaBytes === 0 || answer.value.usedBytes + size <= answer.value.quotaBytes
}

/** What a spool rejects with, as the tagged answer; a mistake of ours is thrown on. */
const guarded = async (work: () => void | Promise<void>): Promise<string | undefined> => {
  try {
    await work()
    return undefined
  } catch (error) {
    if (error instanceof SpoolError) return wordsFor('disk-full')
    throw error
  }
}

/** Octets of a literal that is streamed. After a full disk they are read over, and the answer says so. */
export const takeOctets = async (state: Appending, bytes: Uint8Array): Promise<void> => {
  state.nul ||= bytes.includes(0)
  state.stuck ??= await guarded(() => state.spool?.write(bytes))
}

/** Puts the URLs that stand before the next literal into the spool, and ends messages that are whole. */
const advance = async (
  talk: Talk,
  state: Appending,
  messages: readonly AppendMessage[],
  ended: boolean,
): Promise<string | undefined> => {
  for (let at = state.whole.length; at < messages.length; at += 1) {
    const message = messages[at]
    if (message === undefined) break
    const spool = state.spool ?? talk.deps.newSpool()
    state.spool = spool
    for (const part of message.parts.slice(state.parts)) {
      state.parts += 1
      if ('literal' in part) continue
      const read = await readUrl(talk, part.url)
      if (!read.ok) return read.error
      state.size += read.value.length
      if (state.size > talk.deps.limits.append) return TOO_BIG
      state.nul ||= read.value.includes(0)
      const failed = await guarded(() => spool.write(read.value))
      if (failed !== undefined) return failed
    }
    if (at === messages.length - 1 && !ended) return undefined
    const { size, nul } = state
    state.whole.push({ spool, size, nul })
    state.spool = undefined
    state.nul = false
    state.size = 0
    state.parts = 0
    if (size === 0) return 'NO [CANNOT] A message of no octets is not stored'
  }
  return state.stuck
}

const begin = async (talk: Talk, sofar: AppendSoFar): Promise<Result<Appending, string>> => {
  const target = await targetOf(talk, sofar.mailbox)
  if (!target.ok) return target
  return ok({ target: target.value, whole: [], spool: undefined, size: 0, nul: false, parts: 0, stuck: undefined })
}

/**
 * A literal of an APPEND or REPLACE is announced. @param state of this command's earlier literals.
 * @returns what to do with it, and the state from now on.
 */
export const announce = async (
  talk: Talk,
  state: Appending | undefined,
  frame: Frame,
  size: number,
): Promise<readonly [Announced, Appending | undefined]> => {
  const sofar = readWhole(frame, readAppendSoFar(isReplace(frame), talk.deps.limits.appends))
  if (!sofar.ok) return [refuse(`BAD ${sofar.error}`), state]
  if (sofar.value.expects === 'name') return [{ kind: 'keep' }, state]
  if (sofar.value.expects === 'end') return [refuse('BAD A literal is out of place'), state]
  const begun = state === undefined ? await begin(talk, sofar.value) : ok(state)
  if (!begun.ok) return [refuse(begun.error), undefined]
  const appending = begun.value
  const stuck = await advance(talk, appending, sofar.value.messages, false)
  if (stuck !== undefined) return [refuse(stuck), appending]
  if (appending.size + size > talk.deps.limits.append) return [refuse(TOO_BIG), appending]
  const total = appending.whole.reduce((sum, one) => sum + one.size, appending.size + size)
  if (!(await hasRoom(talk, appending.target, total))) return [refuse(wordsFor('over-quota')), appending]
  appending.size += size
  appending.parts += 1
  return [{ kind: 'stream' }, appending]
}

/** Throws away what was spooled. */
export const abandon = async (state: Appending | undefined): Promise<void> => {
  if (state === undefined) return
  for (const { spool } of state.whole.splice(0)) await spool.discard()
  await state.spool?.discard()
  state.spool = undefined
}

const placeFor = (talk: Talk, target: Seen, message: AppendMessage) => ({
  account: target.mailbox.account,
  mailbox: target.mailbox.id,
  flags: message.flags.filter((flag) =>
    target.rights.includes(flag === '\\Seen' ? 's' : flag === '\\Deleted' ? 't' : 'w'),
  ),
  prefix: '',
  internalDate: message.date ?? talk.deps.now(),
  enforceQuota: true,
})

const NOT_KEPT = 'NO [UNKNOWN-CTE] There is a NUL that cannot be encoded here; encode it and append again'

/** A message with NUL, in a form that can be told in a literal (RFC 9051 section 4.3.1). Only what is in memory is written anew. */
const withoutNulOf = (body: Body): Body | null => {
  const bytes = 'bytes' in body ? withoutNul(body.bytes) : null
  return bytes === null ? null : { bytes }
}

/** Ends the spools. @returns the bodies, or the tagged answer; then all spools are thrown away, by the caller those that were not ended. */
const bodiesOf = async (state: Appending): Promise<Result<readonly Body[], string>> => {
  const bodies: Body[] = []
  const ended: Spool[] = []
  for (let next = state.whole.shift(); next !== undefined; next = state.whole.shift()) {
    const { spool, nul } = next
    ended.push(spool)
    let failed = await guarded(async () => {
      const { body } = await spool.finish()
      const kept = nul ? withoutNulOf(body) : body
      if (kept !== null) bodies.push(kept)
    })
    failed ??= bodies.length < ended.length ? NOT_KEPT : undefined
    if (failed === undefined) continue
    for (const one of ended) await one.discard()
    return fail(failed)
  }
  return ok(bodies)
}

/** Stores them at once, so that one commit serves all; where one fails, the others are taken out again. */
const deliverAll = async (
  talk: Talk,
  state: Appending,
  messages: readonly AppendMessage[],
): Promise<Result<readonly Placed[], string>> => {
  const { store, now } = talk.deps
  const bodies = await bodiesOf(state)
  if (!bodies.ok) return bodies
  const answers = await Promise.all(
    messages.flatMap((message, at) => {
      const body = bodies.value[at]
      if (body === undefined) return []
      return [store.deliver({ body, places: [placeFor(talk, state.target, message)], now: now() })]
    }),
  )
  const outcomes = answers.map((answer) => (answer.ok ? (answer.value[0] ?? fail('damaged' as const)) : answer))
  const placed = outcomes.flatMap((one) => (one.ok ? [one.value] : []))
  const failed = outcomes.find((one) => !one.ok)
  if (failed === undefined) return ok(placed)
  const uids = rangesOf(placed.map(({ uid }) => uid))
  if (uids.length > 0) await store.expunge({ mailbox: state.target.mailbox.id, uids, evenUndeleted: true, now: now() })
  return fail(failed.ok || failed.error === 'no-such-mailbox' ? TRY_CREATE : wordsFor(failed.error))
}

const said = (placed: readonly Placed[]): string => {
  const uids = writeRanges(rangesOf(placed.map(({ uid }) => uid)))
  return `[APPENDUID ${placed[0]?.uidValidity ?? 0} ${uids}]`
}

const told = (talk: Talk, placed: readonly Placed[]): void => {
  for (const one of placed) {
    talk.deps.views.arrived(one.mailbox, one.uid)
    if (talk.selected?.mailbox.id === one.mailbox) talk.selected.view.need(one.modSeq)
  }
}

const replaced = async (talk: Talk, state: Appending, args: AppendSoFar, byUid: boolean): Promise<Reply> => {
  const { selected } = talk
  const [message] = args.messages
  if (selected === undefined || message === undefined || args.replaces === undefined)
    return ['', 'BAD Select a mailbox first']
  if (selected.readOnly) return ['', 'NO [READ-ONLY] The mailbox is open to read']
  if (!selected.rights.includes('t') || !selected.rights.includes('e')) return ['', NO_RIGHT]
  const uid = byUid ? args.replaces : (selected.uids[args.replaces - 1] ?? 0)
  const there = placeOf(selected.uids, uid)
  if (there < 0) return ['', byUid ? 'NO There is no message of that UID' : 'BAD There is no message of that number']
  const bodies = await bodiesOf(state)
  const body = bodies.ok ? bodies.value[0] : undefined
  if (!bodies.ok || body === undefined) return ['', bodies.ok ? wordsFor('damaged') : bodies.error]
  const answer = await talk.deps.store.replace({
    mailbox: selected.mailbox.id,
    uid: toUid(uid),
    body,
    place: placeFor(talk, state.target, message),
    now: talk.deps.now(),
  })
  if (!answer.ok) return ['', wordsFor(answer.error)]
  told(talk, [answer.value])
  selected.view.need(answer.value.modSeq)
  return [`* OK ${said([answer.value])} Replaced\r\n`, 'OK Replaced']
}

const finished = async (talk: Talk, state: Appending, args: AppendSoFar, frame: Frame): Promise<Reply> => {
  const stuck = await advance(talk, state, args.messages, true)
  if (stuck !== undefined) return ['', stuck]
  if (isReplace(frame)) return replaced(talk, state, args, frame.verb.startsWith('UID'))
  const placed = await deliverAll(talk, state, args.messages)
  if (!placed.ok) return ['', placed.error]
  told(talk, placed.value)
  return ['', `OK ${said(placed.value)} Appended`]
}

/** The command is whole: what was spooled is stored. */
export const finish = async (talk: Talk, state: Appending | undefined, frame: Frame): Promise<Reply> => {
  const args = readWhole(frame, readAppend(isReplace(frame), talk.deps.limits.appends))
  const begun = !args.ok ? fail(`BAD ${args.error}`) : state === undefined ? await begin(talk, args.value) : ok(state)
  if (!args.ok || !begun.ok) {
    await abandon(state)
    return ['', begun.ok ? '' : begun.error]
  }
  try {
    return await finished(talk, begun.value, args.value, frame)
  } finally {
    await abandon(begun.value)
  }
}
