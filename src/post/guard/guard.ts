/**
 * The guard at the door out: asked before each message that somebody who logged in wants to send, after its scan, and told of logins. It ties budgets
 * (budget.ts), attention (networks.ts), judgement (judge.ts), freezing (freezer.ts) and what is held (holds.ts) to the store. docs/decisions/0066.
 *
 * What a message costs is charged when it is asked for, in one breath with the question, so that many connections at once get no more than one. The charge is
 * written while the message is scanned, and `judged` waits for it: what has left is on the disk, and a crash gives nobody a second budget. A message that is
 * refused after all stays charged. A store that does not answer stops no mail here: the queue asks the same disk.
 */
import type { AccountId } from '../../base/ids.ts'
import type { Log } from '../../base/log.ts'
import type { Account, Store } from '../../store/store.ts'
import { ownSendingOf } from '../account-settings.ts'
import { corresponds } from '../correspondents.ts'
import type { SenderHistory } from '../history.ts'
import type { GuardAnswer, Sending, Guard as SendingGuard } from '../submit-ports.ts'
import { charged, habitDoubted, habitWith, limitsOf, type Over, overOf, type Standing, spentOf } from './budget.ts'
import type { Freezer } from './freezer.ts'
import type { Holds } from './holds.ts'
import { type FreezeWhy, type Judgement, judgeOver, judgeScore } from './judge.ts'
import { openLedger } from './ledger.ts'
import type { Letters } from './letters.ts'
import { type Attention, attentionOf, networkOf, seen } from './networks.ts'
import { whence } from './record.ts'
import type { Amount, GuardSettings, Limits } from './settings.ts'
import { type GuardState, thawedState } from './state.ts'
import { added, spent } from './windows.ts'
import { budgetRefusal, frozenRefusal, heldLetter, type Letter, networkLetter, spamRefusal } from './words.ts'

const LOGIN_REFRESH_MS = 3_600_000
const TELL_AGAIN_MS = 86_400_000

type Scanned = Parameters<SendingGuard['judged']>[0]

export type Guard = SendingGuard & {
  /** A login of this account; returns at once. */
  readonly login: (a: {
    readonly account: Account
    readonly ip: string
    readonly at: number
    readonly service: string
  }) => void
  /** Somebody complained of mail that the account sent (RFC 5965): what it has got away with so far speaks for it no longer. Returns at once. */
  readonly complained: (account: AccountId) => void
  /** Once a minute: what was held for its budget leaves, what is unfinished of a freeze is done. */
  readonly round: () => Promise<void>
  /** An account begins again: to be called when it is thawed. */
  readonly begunAgain: (account: AccountId, doubted: readonly string[]) => Promise<void>
  readonly standing: (account: Account) => Promise<AccountStanding>
  /** Resolves when everything so far is written. */
  readonly flushed: () => Promise<void>
}

/** What an administrator asks: how much of which budget is spent. */
export type AccountStanding = {
  readonly spent: Limits
  readonly limits: Limits
  readonly attention: readonly string[]
  readonly strikes: number
}

export type GuardDeps = {
  readonly store: Pick<Store, 'remember' | 'recall' | 'account'>
  readonly settings: () => GuardSettings
  readonly history: Pick<SenderHistory, 'knows' | 'addressStanding' | 'wrote'>
  readonly freezer: Freezer
  readonly holds: Holds
  readonly letters: Letters
  readonly now: () => number
  readonly log: Log
  /** Two letters of the country of an address, where somebody knows. */
  readonly countryOf?: (ip: string) => string | undefined
}

const go: GuardAnswer = { kind: 'go' }

/** The guard; `openGuard` gives its door. */
class Watch {
  readonly #deps: GuardDeps
  readonly #ledger: ReturnType<typeof openLedger>
  readonly #pending = new Set<Promise<void>>()

  constructor(deps: GuardDeps) {
    this.#deps = deps
    this.#ledger = openLedger(deps.store)
  }

  async ask(a: Sending): Promise<GuardAnswer> {
    const { now, freezer } = this.#deps
    const settings = this.#settingsOf(a.account)
    if (!settings.enabled) return go
    const at = now()
    await this.#ledger.load(a.account.id, at)
    const state = this.#ledger.at(a.account.id, at)
    // From here to `put` nothing is awaited: who asks at the same time finds it charged.
    const record = freezer.of(a.account.id)
    if (record !== undefined) return { kind: 'refuse', why: 'frozen', says: frozenRefusal(record) }
    if (a.account.state !== 'active')
      return { kind: 'refuse', why: 'frozen', says: frozenRefusal({ why: 'by-hand', at, stolen: false }) }
    const attention = attentionOf(state.networks, a.ip, settings, at)
    const limits = limitsOf(settings, standingOf(a.account, state, attention !== undefined), at)
    const amount = { messages: 1, recipients: a.recipients.length, firstTime: a.firstTime.length }
    const over = overOf(state.spending, amount, limits)
    if (over === undefined) {
      const spending = charged(state.spending, amount)
      this.#ledger.put(a.account.id, { ...state, spending, habit: habitWith(state.habit, amount, spending, at) }, at)
      return go
    }
    return this.#overBudget(a, settings, state, over, attention)
  }

  async judged(a: Scanned): Promise<GuardAnswer> {
    const { now, freezer, log } = this.#deps
    const settings = this.#settingsOf(a.account)
    if (!settings.enabled) return go
    const written = await this.#ledger.written(a.account.id)
    if (!written.ok) log.event('store-fault', { verb: 'remember', space: 'guard', fault: written.error })
    const at = now()
    await this.#ledger.load(a.account.id, at)
    const state = this.#ledger.at(a.account.id, at)
    const record = freezer.of(a.account.id)
    if (record !== undefined) return { kind: 'refuse', why: 'frozen', says: frozenRefusal(record) }
    const attention = attentionOf(state.networks, a.ip, settings, at)
    const given = { strikes: state.strikes, attention: attention !== undefined, ip: a.ip, now: at }
    const judged = judgeScore(settings, a.score, a.same, given)
    if (judged.answer === 'go') return go
    const doubted = { ...state, strikes: judged.strikes, habit: habitDoubted(state.habit, at) }
    const held = judged.answer === 'hold'
    const next = held ? this.#heldOne(doubted, a, attention, undefined, at) : doubted
    this.#ledger.put(a.account.id, next, at)
    const fields = { account: a.account.name, id: a.id, ip: a.ip, score: a.score, limit: judged.limit }
    log.event(held ? 'outgoing-held' : 'outgoing-refused', { ...fields, why: held ? 'suspicious' : 'spam' })
    const frozen = await this.#freezeFor(judged, a, next, attention)
    await this.#ledger.written(a.account.id)
    if (frozen !== undefined) return frozen
    if (held) return { kind: 'hold', why: 'suspicious' }
    return { kind: 'refuse', why: 'spam', says: spamRefusal(a.score, judged.limit, a.id) }
  }

  sent(a: Sending): void {
    // The account was frozen between the answer and the commit: what came into the queue after all is held there.
    if (this.#deps.freezer.of(a.account.id) !== undefined) this.#deps.freezer.holdAgain(a.account.id)
  }

  login(a: Parameters<Guard['login']>[0]): void {
    const settings = this.#deps.settings()
    if (!settings.enabled) return
    this.#later(async () => {
      const at = this.#deps.now()
      await this.#ledger.load(a.account.id, at)
      const state = this.#ledger.at(a.account.id, at)
      const network = networkOf(a.ip)
      const before = state.networks?.find((one) => one.network === network)
      if (before !== undefined && before.lastAt <= at && at - before.lastAt < LOGIN_REFRESH_MS) return
      const networks = seen(state.networks, { ip: a.ip, country: this.#deps.countryOf?.(a.ip), now: at }, settings)
      this.#ledger.put(a.account.id, { ...state, networks }, at)
      const attention = attentionOf(networks, a.ip, settings, at)
      if (before !== undefined || attention === undefined) return
      const { newCountry, until } = attention
      const fields = { account: a.account.name, ip: a.ip, network, service: a.service, newCountry }
      this.#deps.log.event('login-new-network', { ...fields, until: new Date(until).toISOString() })
      if (settings.tellNewNetwork) this.#tell(a.account, networkLetter(a.account.name, at, a.ip, a.service, until))
    })
  }

  complained(account: AccountId): void {
    this.#later(async () => {
      const at = this.#deps.now()
      await this.#ledger.load(account, at)
      const state = this.#ledger.at(account, at)
      this.#ledger.put(account, { ...state, habit: habitDoubted(state.habit, at) }, at)
    })
  }

  async round(): Promise<void> {
    const { history, freezer, now, holds } = this.#deps
    freezer.finish()
    await holds.round({
      mayLeave: async (id, why) => {
        if (freezer.of(id) !== undefined) return false
        if (why === 'budget') return true
        const at = now()
        await this.#ledger.load(id, at)
        return !this.#isWatched(this.#ledger.at(id, at), at)
      },
      isFirstTime: async (id, recipient) => !(await corresponds(history, id, recipient)),
      left: (id, recipient) => history.wrote(id, recipient),
      take: (id, amount) => this.#take(id, amount),
    })
  }

  async begunAgain(account: AccountId, doubted: readonly string[]): Promise<void> {
    const at = this.#deps.now()
    await this.#ledger.load(account, at)
    const state = this.#ledger.at(account, at)
    this.#ledger.put(account, thawedState(state, doubted, at), at)
    await this.#ledger.written(account)
  }

  async standing(account: Account): Promise<AccountStanding> {
    const at = this.#deps.now()
    const settings = this.#settingsOf(account)
    await this.#ledger.load(account.id, at)
    const state = this.#ledger.at(account.id, at)
    return {
      spent: spentOf(state.spending),
      limits: limitsOf(settings, standingOf(account, state, false), at),
      attention: this.#watched(state, at),
      strikes: state.strikes.filter((strike) => at - strike.at < settings.strikesWithinMs).length,
    }
  }

  async flushed(): Promise<void> {
    await Promise.all(this.#pending)
    await this.#ledger.flushed()
  }

  #later(work: () => Promise<void>): void {
    const running = work()
      .catch((error: unknown) => this.#deps.log.event('session-fault', { why: String(error) }))
      .finally(() => this.#pending.delete(running))
    this.#pending.add(running)
  }

  #settingsOf(account: Account): GuardSettings {
    const settings = this.#deps.settings()
    const own = ownSendingOf(account.settings)
    return { ...settings, flag: own.flag ?? settings.flag, reject: own.reject ?? settings.reject }
  }

  async #overBudget(
    a: Sending,
    settings: GuardSettings,
    state: GuardState,
    over: Over,
    attention: Attention | undefined,
  ): Promise<GuardAnswer> {
    const at = this.#deps.now()
    const before = spent(state.held)
    const given = { strikes: state.strikes, attention: attention !== undefined, ip: a.ip, now: at }
    const judged = judgeOver(settings, over, before, given)
    const fields = { account: a.account.name, ip: a.ip, budget: `${over.kind} ${over.span}`, limit: over.limit }
    if (judged.answer === 'refuse') {
      this.#deps.log.event('outgoing-refused', { ...fields, why: 'budget' })
      return { kind: 'refuse', why: 'budget', says: budgetRefusal(over, before) }
    }
    const suspicious = judged.strikes.length > 0 && attention !== undefined && over.kind === 'firstTime'
    const why = suspicious ? 'suspicious' : 'budget'
    const next = this.#heldOne({ ...state, strikes: judged.strikes }, a, attention, over, at)
    this.#ledger.put(a.account.id, next, at)
    this.#deps.log.event('outgoing-held', { ...fields, why })
    const frozen = await this.#freezeFor(judged, a, next, attention)
    return frozen ?? { kind: 'hold', why }
  }

  /** One more message is held, and the owner hears of it, once a day at most. */
  #heldOne(
    state: GuardState,
    a: { readonly account: Account; readonly ip: string },
    attention: Attention | undefined,
    over: Over | undefined,
    at: number,
  ): GuardState {
    const held = added(state.held, 1)
    const toldLately = at >= state.toldAt && at - state.toldAt < TELL_AGAIN_MS
    if (toldLately || !this.#deps.settings().tellHeld) return { ...state, held }
    const letter = heldLetter({ name: a.account.name, at, ip: a.ip, over, attentionUntil: attention?.until })
    this.#tell(a.account, letter)
    return { ...state, held, toldAt: at }
  }

  #tell(account: Account, letter: Letter): void {
    this.#later(async () => {
      const told = await this.#deps.letters.toAccount(account, letter)
      if (!told.ok) this.#deps.log.event('store-fault', { verb: 'deliver', fault: told.error })
    })
  }

  async #freezeFor(
    judged: Judgement,
    a: { readonly account: Account; readonly ip: string },
    state: GuardState,
    attention: Attention | undefined,
  ): Promise<GuardAnswer | undefined> {
    const why: FreezeWhy | undefined = judged.freeze
    if (why === undefined) return undefined
    const { hour } = spentOf(state.spending)
    const record = await this.#deps.freezer.freeze(a.account, {
      why,
      note: '',
      stolen: true,
      evidence: {
        ...whence(a.ip, networkOf(a.ip), attention),
        strikes: judged.strikes,
        messages: hour.messages,
        firstTime: hour.firstTime,
      },
    })
    return { kind: 'refuse', why: 'frozen', says: frozenRefusal(record) }
  }

  #watched(state: GuardState, at: number): readonly string[] {
    const settings = this.#deps.settings()
    return (state.networks ?? [])
      .filter(({ firstAt, trusted }) => !trusted && firstAt + settings.attentionMs > at)
      .map(({ network }) => network)
  }

  #isWatched(state: GuardState, at: number): boolean {
    return this.#watched(state, at).length > 0
  }

  /** Charges held mail that is to leave now. Nobody knows any more where it came from: while a network is new, it is as if from there. */
  async #take(id: AccountId, amount: Amount): Promise<boolean> {
    const account = await this.#deps.store.account({ id })
    if (!account.ok || account.value.state !== 'active') return false
    const at = this.#deps.now()
    await this.#ledger.load(id, at)
    const state = this.#ledger.at(id, at)
    const settings = this.#settingsOf(account.value)
    const limits = limitsOf(settings, standingOf(account.value, state, this.#isWatched(state, at)), at)
    if (overOf(state.spending, amount, limits) !== undefined) return false
    this.#ledger.put(id, { ...state, spending: charged(state.spending, amount) }, at)
    return (await this.#ledger.written(id)).ok
  }
}

const standingOf = (account: Account, state: GuardState, attention: boolean): Standing => ({
  cleanSince: Math.max(account.createdAt, state.cleanSince),
  habit: state.habit,
  attention,
  own: ownSendingOf(account.settings).limits,
})

/** @returns the guard over a store. */
export const openGuard = (deps: GuardDeps): Guard => {
  const watch = new Watch(deps)
  return {
    ask: (a) => watch.ask(a),
    judged: (a) => watch.judged(a),
    sent: (a) => watch.sent(a),
    login: (a) => watch.login(a),
    complained: (account) => watch.complained(account),
    round: () => watch.round(),
    begunAgain: (account, doubted) => watch.begunAgain(account, doubted),
    standing: (account) => watch.standing(account),
    flushed: () => watch.flushed(),
  }
}
