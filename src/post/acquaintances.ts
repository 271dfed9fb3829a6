/**
 * Whom an account writes to, as far as a stranger may pretend to be one of them: names as their letters showed them, and domains. Of these the filter is handed the few that the
 * sender of a message resembles, never the whole book. Read from the store once for an account, kept in memory within bounds, written behind.
 *
 * A book that cannot be read is empty: nothing looks alike then, and no mail is lost.
 */
import type { AccountId } from '../base/ids.ts'
import type { Log } from '../base/log.ts'
import { displayName, readAddresses } from '../mime/address.ts'
import { fieldRanges, latin1 } from '../mime/fields.ts'
import { looksLike, plainName } from '../spam/names.ts'
import type { Store } from '../store/store.ts'
import { Recent } from './recent.ts'
import { WriteBehind } from './write-behind.ts'

const MOST_BOOKS = 200 // accounts
const MOST_PEOPLE = 5_000 // of one account
const MOST_DOMAINS = 1_000 // of one account
const MOST_ALIKE = 5 // that are told of one account
const MOST_NAME = 100 // characters
const MOST_NAMED = 200 // people whose names are read of one message
const MOST_FIELD = 65_536 // octets of a field that is read
const SPACE = 'correspondent-names'

/** Somebody the account writes to; `name` is empty where none was ever shown. */
export type Acquaintance = { readonly name: string; readonly address: string }

const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1)

/** What is known of one account's acquaintances. */
class Book {
  readonly #names = new Map<string, string>()
  readonly #byName = new Map<string, readonly string[]>()
  readonly #domains = new Map<string, string>()

  /** @param name empty where none is known. @returns whether that is news. */
  add(address: string, name: string): boolean {
    const domain = domainOf(address)
    if (this.#domains.size < MOST_DOMAINS && !this.#domains.has(domain)) this.#domains.set(domain, address)
    if (name === '' || this.#names.get(address) === name || this.#names.size >= MOST_PEOPLE) return false
    this.#names.set(address, name)
    const key = plainName(name)
    const same = this.#byName.get(key) ?? []
    if (!same.includes(address) && same.length < MOST_ALIKE) this.#byName.set(key, [...same, address])
    return true
  }

  /** Those whose name the sender bears, and whose domain its domain is or looks like. */
  alike(name: string, domain: string): readonly Acquaintance[] {
    const named = name === '' ? [] : (this.#byName.get(plainName(name)) ?? [])
    const known = this.#domains.get(domain)
    const domains = known === undefined ? this.#lookalikes(domain) : [known]
    return [...named.map((address) => ({ name, address })), ...domains.map((address) => ({ name: '', address }))]
  }

  #lookalikes(domain: string): readonly string[] {
    const found: string[] = []
    for (const [known, address] of this.#domains) {
      if (domain.endsWith(`.${known}`)) return [address]
      if (found.length < MOST_ALIKE && looksLike(domain, known)) found.push(address)
    }
    return found
  }
}

/** All books. */
export class Acquaintances {
  readonly #store: Pick<Store, 'recall'>
  readonly #now: () => number
  readonly #keepMs: number
  readonly #names: WriteBehind
  readonly #books = new Recent<Promise<Book>>(MOST_BOOKS)

  /** @param keepMs how long a name is kept that is not written to again. */
  constructor(
    store: Pick<Store, 'remember' | 'recall' | 'forget'>,
    options: { readonly now: () => number; readonly log: Log; readonly keepMs: number },
  ) {
    this.#store = store
    this.#now = options.now
    this.#keepMs = options.keepMs
    this.#names = new WriteBehind(SPACE, store, options.log)
  }

  /** `account` writes to this address. @param address lower case. @param name empty where the message shows none. */
  wrote(account: AccountId, address: string, name: string): void {
    const shown = name.slice(0, MOST_NAME)
    const book = this.#books.get(String(account))
    // One that is still being read is told afterwards; one that was never read finds it in the store.
    void book?.then((one) => one.add(address, shown))
    if (shown !== '') this.#names.put(`${account} ${address}`, Buffer.from(shown, 'utf8'), this.#now() + this.#keepMs)
  }

  /**
   * @param written resolves when the correspondents so far are in the store.
   * @returns those of the account whom a sender resembles, few; and, where its domain is one of theirs, who has it.
   */
  async alike(
    account: AccountId,
    sender: { readonly name: string; readonly address: string },
    written: () => Promise<unknown>,
  ): Promise<readonly Acquaintance[]> {
    const key = String(account)
    const found = this.#books.get(key)
    const reading = found ?? this.#read(key, written)
    if (found === undefined) this.#books.set(key, reading)
    return (await reading).alike(sender.name, domainOf(sender.address))
  }

  async flushed(): Promise<void> {
    await this.#names.flushed()
  }

  async #read(account: string, written: () => Promise<unknown>): Promise<Book> {
    await Promise.all([written(), this.#names.flushed()])
    const book = new Book()
    const startsWith = `${account} `
    const now = this.#now()
    const [people, names] = await Promise.all([
      this.#store.recall({ space: 'correspondents', startsWith, now }),
      this.#store.recall({ space: SPACE, startsWith, now }),
    ])
    for (const { key } of people.ok ? people.value : []) book.add(key.slice(startsWith.length), '')
    for (const { key, value } of names.ok ? names.value : [])
      book.add(key.slice(startsWith.length), Buffer.from(value).toString('utf8'))
    if (!people.ok || !names.ok) this.#books.delete(account)
    return book
  }
}

/** @param from the value of a From field, as text. @returns the name that it shows; empty where it shows none. */
export const shownName = (from: string): string => {
  const [first] = readAddresses(Buffer.from(from, 'utf8').toString('latin1'))
  return first?.kind === 'mailbox' && first.name !== undefined ? displayName(first).slice(0, MOST_NAME) : ''
}

/** @param octets a message, or its head. @returns the names of To and Cc by address, lower case; a name that is an address says nothing, and is left out. */
export const namesIn = (octets: Uint8Array): ReadonlyMap<string, string> => {
  const names = new Map<string, string>()
  for (const { name: field, valueFrom, valueTo } of fieldRanges(octets)) {
    if (field !== 'to' && field !== 'cc') continue
    for (const item of readAddresses(latin1(octets, valueFrom, Math.min(valueTo, valueFrom + MOST_FIELD)))) {
      if (names.size >= MOST_NAMED) return names
      if (item.kind !== 'mailbox' || item.name === undefined) continue
      const name = displayName(item)
      const address = Buffer.from(`${item.local}@${item.domain}`, 'latin1').toString('utf8').toLowerCase()
      if (name !== '' && !name.includes('@')) names.set(address, name)
    }
  }
  return names
}
