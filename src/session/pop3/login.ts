/**
 * The AUTHORIZATION state: USER and PASS (RFC 1939 section 7), AUTH (RFC 5034), and the way into the maildrop: its lock (RFC 1939 section 4; IN-USE, RFC 2449 section
 * 8.1.2), LOGIN-DELAY (section 8.1.1), and its picture as it is now. Refused on purpose: any password before TLS, APOP (it needs the password itself to be kept,
 * and its MD5 is broken).
 */
import { mailboxId } from '../../base/ids.ts'
import { ok, type Result } from '../../base/result.ts'
import type { Account, StoreFault } from '../../store/store.ts'
import type { Pop3Command } from '../../wire/pop3/command.ts'
import { type LoginOutcome, mayLogin } from '../login.ts'
import { saslExchange } from '../sasl-exchange.ts'
import type { Pop3Deps } from './deps.ts'
import { Maildrop, type Snapshot } from './maildrop.ts'
import { leave, type Running, type Talk, wrong } from './state.ts'
import { loginWords, pop3Words, saslWords, wordsFor } from './words.ts'

/** How often a held lock is looked at while we wait for it. */
const LOCK_LOOK_MS = 100

/** USER. */
export const user = (talk: Talk, name: string): string => {
  if (!mayLogin(talk.peer)) return wrong(talk, pop3Words['tls-first'])
  talk.user = name
  return pop3Words['password-now']
}

/** PASS; it ends what USER began, whatever comes of it. */
export async function* password(talk: Talk, text: string): Running {
  const name = talk.user
  talk.user = undefined
  if (name === undefined) yield `${wrong(talk, pop3Words[mayLogin(talk.peer) ? 'user-first' : 'tls-first'])}\r\n`
  else yield* settle(talk, await talk.deps.login(name, { password: text }, talk.peer))
}

/** AUTH with a mechanism. */
export async function* authenticate(
  talk: Talk,
  { mechanism = '', initial }: Extract<Pop3Command, { readonly verb: 'AUTH' }>,
): Running {
  if (!mayLogin(talk.peer)) {
    yield `${wrong(talk, pop3Words['tls-first'])}\r\n`
    return
  }
  const exchange = saslExchange(talk.deps, talk.peer, mechanism, initial)
  let step = await exchange.next('')
  while (step.done !== true) {
    yield `+ ${step.value}\r\n`
    step = await exchange.next(yield { ask: true })
  }
  if ('unfinished' in step.value) yield `${wrong(talk, saslWords[step.value.unfinished])}\r\n`
  else yield* settle(talk, step.value)
}

/** The end of a login: the way in, or the client waits for its refusal; after some it is shown out. */
async function* settle(talk: Talk, outcome: LoginOutcome): Running {
  if (outcome.kind === 'ok') return yield* enter(talk, outcome.account, outcome.key)
  yield { act: 'wait', ms: talk.deps.limits.failedLoginMs }
  if (outcome.kind === 'barred') talk.closing = true
  yield refused(talk, loginWords[outcome.kind])
}

/** @returns the answer to a login that came to nothing; after some of them the session ends. */
const refused = (talk: Talk, words: string): string => {
  talk.failedLogins += 1
  if (talk.failedLogins >= talk.deps.limits.logins) talk.closing = true
  return `${words}\r\n`
}

async function* enter(talk: Talk, account: Account, key: string | undefined): Running {
  const { maildrops, limits, now } = talk.deps
  let release = maildrops.take(account.id)
  // A client that reconnects at once may come before its old connection has ended.
  for (let waited = 0; release === undefined && waited < limits.lockWaitMs; waited += LOCK_LOOK_MS) {
    yield { act: 'wait', ms: LOCK_LOOK_MS }
    release = maildrops.take(account.id)
  }
  if (release === undefined) {
    yield refused(talk, pop3Words['in-use'])
    return
  }
  talk.release = release
  const early = maildrops.early(account.id, now(), limits.loginDelayMs)
  const snapshot = early ? undefined : await snapshotOf(talk.deps, account)
  if (snapshot?.ok !== true) {
    leave(talk)
    yield refused(talk, snapshot === undefined ? pop3Words['login-delay'] : wordsFor(snapshot.error))
    return
  }
  talk.drop = new Maildrop(snapshot.value)
  talk.account = account.name
  talk.tag = { account: account.id, key }
  yield { act: 'patience', ms: limits.patienceMs }
  yield `+OK ${talk.drop.last} messages\r\n`
}

const nothingThere: Snapshot = {
  mailbox: mailboxId(0),
  uidValidity: 0,
  uids: new Uint32Array(0),
  sizes: new Float64Array(0),
}

/** The INBOX as it is now; one that was never made is empty. */
const snapshotOf = async ({ store, views }: Pop3Deps, { id }: Account): Promise<Result<Snapshot, StoreFault>> => {
  const inbox = await store.mailbox({ account: id, name: 'INBOX' })
  if (!inbox.ok && inbox.error === 'no-such-mailbox') return ok(nothingThere)
  if (!inbox.ok) return inbox
  const opened = await views.open(inbox.value)
  if (!opened.ok) return opened
  const view = opened.value
  const { uids } = view
  const sizes = view.sizes.subarray(0, uids.length)
  views.close(view)
  return ok({ mailbox: inbox.value.id, uidValidity: inbox.value.uidValidity, uids, sizes })
}
