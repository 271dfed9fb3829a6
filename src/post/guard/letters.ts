/**
 * Letters of the house on their way: into an inbox here, or through the queue to an address elsewhere. They are signed as the domain's own mail where there is
 * a key; a letter that cannot be delivered comes back to the postmaster.
 */
import { fail, ok, type Result } from '../../base/result.ts'
import type { Account, Store, StoreFault } from '../../store/store.ts'
import { accountName } from '../login.ts'
import { writeNotice } from './notice.ts'
import type { Letter } from './words.ts'

const EXPIRES_MS = 5 * 86_400_000
const ID_OCTETS = 16

export type LettersDeps = {
  readonly store: Pick<Store, 'account' | 'accounts' | 'address' | 'deliver'>
  readonly now: () => number
  readonly fresh: (octets: number) => Uint8Array
  readonly host: () => string
  /** The login name of the administrator; the first account where it is not set. */
  readonly postmaster: () => string | undefined
  /** DKIM-Signature fields for a message of the domain, latin1; '' where it has no key. */
  readonly sign: (a: {
    readonly domain: string
    readonly message: { readonly bytes: Uint8Array; readonly size: number }
    readonly prefix: string
  }) => Promise<string>
  /** Something was queued. */
  readonly wake: () => void
}

export type Letters = {
  /** Into the account's INBOX. */
  readonly toAccount: (to: Account, letter: Letter) => Promise<Result<null, StoreFault>>
  /** To an address here or elsewhere. @param about the account whose domain it comes from. */
  readonly toAddress: (address: string, about: Account, letter: Letter) => Promise<Result<null, StoreFault>>
  /** The administrator's account. */
  readonly admin: () => Promise<Account | undefined>
}

const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1)

/** @returns the letters' way out. */
export const openLetters = (deps: LettersDeps): Letters => {
  const { store, now } = deps

  const written = (to: string, domain: string, letter: Letter): { readonly id: string; readonly bytes: Uint8Array } => {
    const id = Buffer.from(deps.fresh(ID_OCTETS)).toString('hex')
    return { id, bytes: writeNotice({ letter, from: `postmaster@${domain}`, to, host: deps.host(), id, at: now() }) }
  }

  const toAccount: Letters['toAccount'] = async (to, letter) => {
    const { bytes } = written(to.name, domainOf(to.name), letter)
    const at = now()
    const place = {
      account: to.id,
      mailbox: { name: 'INBOX' },
      flags: [],
      prefix: '',
      internalDate: at,
      enforceQuota: false,
    }
    const stored = await store.deliver({ body: { bytes }, places: [place], now: at })
    if (!stored.ok) return stored
    const [one] = stored.value
    return one?.ok === false ? fail(one.error) : ok(null)
  }

  const queued = async (address: string, from: string, letter: Letter): Promise<Result<null, StoreFault>> => {
    const { id, bytes } = written(address, from, letter)
    const prefix = await deps.sign({ domain: from, message: { bytes, size: bytes.length }, prefix: '' })
    const at = now()
    const options = {
      notify: ['failure'],
      smtpUtf8: /[^\x20-\x7e]/.test(address),
      body: '8bitmime',
      requireTls: false,
      subject: letter.subject,
    }
    const stored = await store.deliver({
      body: { bytes },
      places: [],
      now: at,
      queue: {
        prefix,
        entries: [
          {
            message: id,
            account: null,
            sender: `postmaster@${from}`,
            recipient: address,
            domain: domainOf(address),
            state: 'waiting',
            why: '',
            queuedAt: at,
            nextAt: at,
            expiresAt: at + EXPIRES_MS,
            options: JSON.stringify(options),
          },
        ],
      },
    })
    if (!stored.ok) return stored
    deps.wake()
    return ok(null)
  }

  const admin = async (): Promise<Account | undefined> => {
    const name = deps.postmaster()
    const named = name === undefined ? undefined : await store.account({ name: accountName(name) })
    if (named?.ok === true) return named.value
    const all = await store.accounts()
    return all.ok ? all.value.toSorted((one, other) => one.id - other.id)[0] : undefined
  }

  return {
    toAccount,
    admin,
    toAddress: async (address, about, letter) => {
      const here = await store.address({ address })
      if (!here.ok) return here
      const account = here.value?.state === 'mailbox' ? here.value.account : undefined
      const taker = account === undefined ? undefined : await store.account({ id: account })
      return taker?.ok === true ? toAccount(taker.value, letter) : queued(address, domainOf(about.name), letter)
    },
  }
}
