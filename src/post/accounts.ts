/**
 * Accounts, domains and addresses as the administrator handles them: add, change, freeze, drop; and the mailboxes that a new account has
 * (RFC 6154 special uses). Logging in is login.ts. The store, salts and clock are parameters.
 *
 * Refused on purpose: weak passwords, names outside the domains that are served here, lists (they have a room of their own).
 */
import type { AccountId } from '../base/ids.ts'
import { fail, ok, type Result } from '../base/result.ts'
import type { Account, Address, Answer, SpecialUse, Store, StoreFault } from '../store/store.ts'
import { accountName } from './login.ts'
import { isPassword, isPossible, SALT_OCTETS, writePassword } from './password.ts'

const LEAST_PASSWORD = 8 // characters; NIST SP 800-63B section 3.1.1

/** The mailboxes of a new account. */
export const defaultMailboxes: readonly { readonly name: string; readonly specialUse?: SpecialUse }[] = [
  { name: 'INBOX' },
  { name: 'Drafts', specialUse: 'drafts' },
  { name: 'Sent', specialUse: 'sent' },
  { name: 'Junk', specialUse: 'junk' },
  { name: 'Trash', specialUse: 'trash' },
  { name: 'Archive', specialUse: 'archive' },
]

export type AccountFault = StoreFault | 'bad-address' | 'weak-password' | 'no-list' | 'stolen-password'

/** For the person at the command line. */
export const accountWords = {
  'bad-address': 'That is no address: write local@domain',
  'weak-password': `A password needs at least ${LEAST_PASSWORD} characters, and must not be the name`,
  'no-list': 'This server has no mailing lists yet: make an alias with these members',
  'stolen-password':
    'That is the password that the account was frozen with, and somebody else may know it: choose another',
} as const satisfies Readonly<Record<Exclude<AccountFault, StoreFault>, string>>

export type AccountsDeps = {
  readonly store: Store
  readonly now: () => number
  /** That many fresh random octets. */
  readonly fresh: (octets: number) => Uint8Array
  /** The hash of the password that an account was frozen with because it was stolen: it is not taken again. */
  readonly frozenWith?: (account: AccountId) => string | undefined
}

export type Accounts = {
  /** The account, its address, and its mailboxes. The domain must be served here. */
  readonly addAccount: (a: {
    readonly name: string
    readonly password: string
    readonly quotaBytes?: number
  }) => Promise<Result<Account, AccountFault>>
  readonly changePassword: (a: {
    readonly name: string
    readonly password: string
  }) => Promise<Result<Account, AccountFault>>
  readonly setState: (a: {
    readonly name: string
    readonly state: Account['state']
  }) => Promise<Result<Account, AccountFault>>
  readonly setQuota: (a: {
    readonly name: string
    readonly quotaBytes: number
  }) => Promise<Result<Account, AccountFault>>
  /** The account with its mail, and the addresses that lead to it. */
  readonly dropAccount: (a: { readonly name: string }) => Promise<Result<null, AccountFault>>
  readonly addDomain: (a: { readonly name: string }) => Promise<Result<null, AccountFault>>
  /** An alias, a trap, a reject…: checked against what this server can do. */
  readonly putAddress: (a: Address) => Promise<Result<null, AccountFault>>
}

/** @returns the address in the form that it is kept under (NFC, lower case, the domain without a last dot); undefined where it is none. `@domain` is a catch-all. */
export const readAddress = (text: string): string | undefined => {
  const name = accountName(text).replace(/\.$/, '')
  const at = name.lastIndexOf('@')
  if (at < 0 || /[\s<>(),;:\\"[\]]/.test(name) || name.indexOf('@') !== at) return undefined
  const domain = name.slice(at + 1)
  const labels = domain.split('.')
  const good = labels.every(
    (label) => /^[\p{L}\p{N}]([\p{L}\p{N}\p{M}-]*[\p{L}\p{N}\p{M}])?$/u.test(label) && label.length <= 63,
  )
  return good && at <= 64 && domain.length <= 253 ? name : undefined
}

const isWeak = (password: string, name: string): boolean =>
  !isPossible(password) || [...password].length < LEAST_PASSWORD || name.startsWith(password.toLowerCase())

/** @returns the verbs; each is checked before anything is written. */
export const openAccounts = (deps: AccountsDeps): Accounts => {
  const { store } = deps

  const hashed = (password: string): Promise<string> =>
    writePassword(password, [deps.fresh(SALT_OCTETS), deps.fresh(SALT_OCTETS)])

  const isServed = async (domain: string): Promise<Result<boolean, StoreFault>> => {
    const domains = await store.domains()
    return domains.ok ? ok(domains.value.some((one) => one.name === domain)) : domains
  }

  const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1)

  const addMailboxes = async (account: AccountId): Promise<Result<null, StoreFault>> => {
    for (const { name, specialUse } of defaultMailboxes) {
      const made = await store.addMailbox({
        account,
        name,
        now: deps.now(),
        ...(specialUse === undefined ? {} : { specialUse }),
      })
      if (!made.ok && made.error !== 'already-exists') return made
    }
    return ok(null)
  }

  const addAccount: Accounts['addAccount'] = async ({ name: text, password, quotaBytes = 0 }) => {
    const name = readAddress(text)
    if (name === undefined || name.startsWith('@')) return fail('bad-address')
    if (isWeak(password, name)) return fail('weak-password')
    const served = await isServed(domainOf(name))
    if (!served.ok) return served
    if (!served.value) return fail('no-such-domain')
    const passwordHash = await hashed(password)
    const account = await store.addAccount({ name, passwordHash, quotaBytes, settings: '{}', now: deps.now() })
    if (!account.ok) return account
    const mailboxes = await addMailboxes(account.value.id)
    if (!mailboxes.ok) return mailboxes
    const address = await store.putAddress({ address: name, state: 'mailbox', account: account.value.id })
    return address.ok ? account : address
  }

  const change = async (
    text: string,
    to: (account: Account) => Promise<Omit<Parameters<Store['changeAccount']>[0], 'id'>>,
  ): Promise<Result<Account, AccountFault>> => {
    const account = await store.account({ name: accountName(text) })
    return account.ok ? store.changeAccount({ id: account.value.id, ...(await to(account.value)) }) : account
  }

  const changePassword: Accounts['changePassword'] = async ({ name, password }) => {
    if (isWeak(password, accountName(name))) return fail('weak-password')
    const account = await store.account({ name: accountName(name) })
    if (!account.ok) return account
    const stolen = deps.frozenWith?.(account.value.id)
    if (stolen !== undefined && (await isPassword(password, stolen))) return fail('stolen-password')
    return store.changeAccount({ id: account.value.id, passwordHash: await hashed(password) })
  }

  const dropAccount: Accounts['dropAccount'] = async ({ name }) => {
    const account = await store.account({ name: accountName(name) })
    if (!account.ok) return account
    const addresses = await store.addresses({ account: account.value.id })
    if (!addresses.ok) return addresses
    for (const { address } of addresses.value) {
      const gone = await store.dropAddress({ address })
      if (!gone.ok && gone.error !== 'no-such-address') return gone
    }
    return store.dropAccount({ id: account.value.id })
  }

  const addDomain = ({ name }: { readonly name: string }): Answer<null> | Promise<Result<null, AccountFault>> => {
    const address = readAddress(`postmaster@${name}`)
    return address === undefined
      ? Promise.resolve(fail('bad-address'))
      : store.putDomain({ name: domainOf(address), settings: '{}' })
  }

  const putAddress: Accounts['putAddress'] = async (row) => {
    const address = readAddress(row.address)
    const targets = row.targets?.map(readAddress)
    if (address === undefined || targets?.includes(undefined) === true) return fail('bad-address')
    const served = await store.domains()
    if (!served.ok) return served
    const names = new Set(served.value.map((one) => one.name))
    if (!names.has(domainOf(address))) return fail('no-such-domain')
    const known = (targets ?? []).flatMap((target) => (target === undefined ? [] : [target]))
    if (row.state === 'list') return fail('no-list')
    return store.putAddress({ ...row, address, ...(row.targets === undefined ? {} : { targets: known }) })
  }

  return {
    addAccount,
    changePassword,
    setState: ({ name, state }) => change(name, async () => ({ state })),
    setQuota: ({ name, quotaBytes }) => change(name, async () => ({ quotaBytes })),
    dropAccount,
    addDomain: async (a) => addDomain(a),
    putAddress,
  }
}
