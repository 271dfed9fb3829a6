/**
 * The open mailboxes of the process, each with one view for all its sessions, and who wants to hear of changes: the one listener of the store's bell. RFC 9051
 * section 6.3.2, RFC 3501 section 2.3.2 (what is recent: as far as this process knows), RFC 5465.
 */
import type { AccountId, MailboxId } from '../../base/ids.ts'
import { modSeq } from '../../base/ids.ts'
import { fail, ok, type Result } from '../../base/result.ts'
import type { Bell, Mailbox, Store, StoreFault } from '../../store/store.ts'
import { firstFrom, MailboxView } from './mailbox-view.ts'
import { EnvelopeShelves } from './shelf.ts'

/** Messages of closed mailboxes that are kept in the process, so that the next SELECT is warm. */
const MOST_KEPT = 1_000_000
/** Mailboxes whose first recent message is remembered while nobody has them open. */
const MOST_ARRIVALS = 10_000

/** Entries of a mailbox (null: of the server) that were set or removed (RFC 5464 section 4.4). */
export type MetadataChange = { readonly mailbox: MailboxId | null; readonly entries: readonly string[] }

/** All open mailboxes of the process, and the sessions that want to hear the bell. Owns the store's listener until `close`. */
export class MailboxViews {
  readonly #store: Store
  readonly envelopes = new EnvelopeShelves()
  readonly #views = new Map<MailboxId, MailboxView>()
  readonly #opening = new Map<MailboxId, Promise<Result<MailboxView, StoreFault>>>()
  readonly #listeners = new Map<MailboxId, Set<() => void>>()
  readonly #watchers = new Map<AccountId, Set<(change: Bell | MetadataChange) => void>>()
  readonly #stop: () => void
  /** Mailboxes that were not open when a message was put into them: its UID. */
  readonly #arrivals = new Map<MailboxId, number>()
  #closings = 0

  constructor(store: Store) {
    this.#store = store
    this.#stop = store.listen((bell) => this.#hear(bell))
  }

  #hear(bell: Bell): void {
    for (const id of bell.mailboxes) {
      this.#views.get(id)?.need(bell.modSeq)
      for (const listener of this.#listeners.get(id) ?? []) listener()
    }
    for (const view of this.#views.values())
      if (view.account === bell.account && !bell.mailboxes.includes(view.id)) view.passed(bell.modSeq)
    for (const watcher of this.#watchers.get(bell.account) ?? []) watcher(bell)
  }

  /** The view of a mailbox as it is now, one more user of it. */
  async open(mailbox: Mailbox): Promise<Result<MailboxView, StoreFault>> {
    const known = this.#views.get(mailbox.id)
    const opened = known === undefined ? await this.#first(mailbox) : ok(known)
    if (!opened.ok) return opened
    const view = opened.value
    view.users += 1
    view.need(mailbox.highestModSeq)
    const fresh = await view.refresh()
    if (fresh.ok) return ok(view)
    this.close(view)
    return fail(fresh.error)
  }

  #first(mailbox: Mailbox): Promise<Result<MailboxView, StoreFault>> {
    const opening = this.#opening.get(mailbox.id)
    if (opening !== undefined) return opening
    const begun = this.#load(mailbox).finally(() => this.#opening.delete(mailbox.id))
    this.#opening.set(mailbox.id, begun)
    return begun
  }

  async #load(mailbox: Mailbox): Promise<Result<MailboxView, StoreFault>> {
    const view = new MailboxView(this.#store, mailbox)
    // In the table before its columns are read, so that a bell meanwhile is heard.
    this.#views.set(mailbox.id, view)
    const loaded = await view.load({ highestModSeq: modSeq(0), uidNext: mailbox.uidNext })
    if (loaded.ok) {
      view.need(mailbox.highestModSeq)
      view.recentFrom = this.#arrivals.get(mailbox.id) ?? view.uidNext
      this.#arrivals.delete(mailbox.id)
      return ok(view)
    }
    this.#views.delete(mailbox.id)
    return fail(loaded.error)
  }

  /** One user less; the columns are kept while there is room. */
  close(view: MailboxView): void {
    view.users -= 1
    this.#closings += 1
    view.closedAt = this.#closings
    if (view.users > 0) return
    const idle = [...this.#views.values()].filter((one) => one.users === 0).sort((a, b) => b.closedAt - a.closedAt)
    let kept = 0
    for (const one of idle) {
      kept += one.count
      if (kept > MOST_KEPT) this.forget(one.id)
    }
  }

  /** A mailbox is gone, or its UIDVALIDITY is another. */
  forget(id: MailboxId): void {
    this.#views.delete(id)
    this.envelopes.drop(id)
  }

  /** The first messages of a mailbox came while nobody had it open: from `uid` on they are recent. */
  arrived(id: MailboxId, uid: number): void {
    const view = this.#views.get(id)
    if (view === undefined) this.#arrivals.set(id, Math.min(this.#arrivals.get(id) ?? uid, uid))
    else if (view.recentFrom === undefined) view.recentFrom = uid
    if (this.#arrivals.size > MOST_ARRIVALS) this.#arrivals.clear()
  }

  /** How many messages no session was told of yet, as far as this process knows. */
  recentIn(id: MailboxId): number {
    const view = this.#views.get(id)
    if (view?.recentFrom === undefined) return 0
    return view.count - firstFrom(view.uids, view.recentFrom)
  }

  /** Tells `listener` after each commit that changed the mailbox. @returns the end of it. */
  listen(id: MailboxId, listener: () => void): () => void {
    return joinIn(this.#listeners, id, listener)
  }

  /** Tells `watcher` of every change of an account. @returns the end of it. */
  watch(account: AccountId, watcher: (change: Bell | MetadataChange) => void): () => void {
    return joinIn(this.#watchers, account, watcher)
  }

  /** Tells the watchers of an account that metadata changed; the bell carries no names of entries. */
  metadataChanged(account: AccountId, change: MetadataChange): void {
    for (const watcher of this.#watchers.get(account) ?? []) watcher(change)
  }

  /** Hears the store no more. */
  stop(): void {
    this.#stop()
  }
}

const joinIn = <K, F>(table: Map<K, Set<F>>, key: K, member: F): (() => void) => {
  const members = table.get(key) ?? new Set<F>()
  table.set(key, members)
  members.add(member)
  return () => {
    members.delete(member)
    if (members.size === 0 && table.get(key) === members) table.delete(key)
  }
}
