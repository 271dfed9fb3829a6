/**
 * Mail of our own queue for people here: what was held, or was to be sent later, and whose time has come. It goes into mailboxes without a connection to ourselves. RFC 5321
 * section 4.4 (Return-Path at final delivery). Each address is looked up anew: it may have come to mean something else meanwhile.
 *
 * A large message is read in slices into a spool, and never held whole.
 */
import type { AccountId } from '../base/ids.ts'
import type { Body, Spool } from '../base/spool.ts'
import type { Place, StoreFault } from '../store/store.ts'
import type { Said } from './bounce/said.ts'
import { deferralOf } from './deliver.ts'
import type { PostDeps } from './deps.ts'
import { Addresses } from './find.ts'
import type { Taker } from './mail.ts'
import { placeFor } from './place.ts'
import type { RcptReason } from './ports.ts'
import type { Errand, Outcome, Parcel } from './queue/courier.ts'
import { openGuard } from './submit-ports.ts'
import { returnPathField } from './trace.ts'

const SLICE = 1_048_576

export type ArriveDeps = Pick<PostDeps, 'store' | 'now' | 'settings' | 'log' | 'files'> & {
  readonly newSpool: () => Spool
}

/** What is said of a recipient, in the words of a server that refuses it. */
const sayings: Readonly<Partial<Record<RcptReason, readonly [code: number, enhanced: string, text: string]>>> = {
  'unknown-user': [550, '5.1.1', 'No such user here'],
  disabled: [550, '5.2.1', 'The mailbox is closed'],
  'over-quota': [452, '4.2.2', 'The mailbox is full'],
}
const LATER = [451, '4.3.0', 'We cannot store mail now: try again later'] as const

/** Who asks: somebody of the house, who may send anywhere. */
const ourselves = { account: '', mailFrom: null }

const noSending = { guard: openGuard, sign: async () => '', wake: () => undefined }

type Fate = { readonly takers: readonly Taker[] } | { readonly said: Said }

class Arrivals {
  readonly #deps: ArriveDeps
  readonly #addresses: Addresses

  constructor(deps: ArriveDeps) {
    this.#deps = deps
    // What leads elsewhere as well has left by an entry of its own.
    this.#addresses = new Addresses({ ...deps, sending: noSending })
  }

  async take(parcel: Parcel): Promise<Outcome> {
    const fates = await Promise.all(parcel.recipients.map(({ address }) => this.#fateOf(address, parcel.size)))
    const takers = distinct(fates.flatMap((fate) => ('takers' in fate ? fate.takers : [])))
    const faults = takers.length === 0 ? new Map<AccountId, StoreFault>() : await this.#deliver(parcel, takers)
    const recipients = fates.map((fate) => {
      if ('said' in fate) return fate.said
      const fault = fate.takers.map(({ account }) => faults.get(account.id)).find((one) => one !== undefined)
      return fault === undefined ? 'taken' : this.#said(LATER, `${LATER[2]} (${deferralOf(fault)})`)
    })
    return { recipients, unsure: false, dsn: false }
  }

  #said([code, enhanced, text]: readonly [number, string, string], words = text): Said {
    return { code, enhanced, text: words, host: this.#deps.settings().host, stage: 'rcpt' }
  }

  async #fateOf(text: string, size: number): Promise<Fate> {
    const at = text.lastIndexOf('@')
    const local = text.slice(0, at).replace(/^"(.*)"$/, (_, inner: string) => inner.replaceAll(/\\(.)/g, '$1'))
    const address = { local, domain: text.slice(at + 1).toLowerCase(), text }
    const found = await this.#addresses.find({ address, notify: [] }, size, ourselves)
    if ('taken' in found) {
      if (found.taken.kind === 'mailboxes') return { takers: found.taken.takers }
      // The domain is served elsewhere since; from the next try on it goes there.
      return found.taken.kind === 'elsewhere' ? { said: this.#said(LATER) } : { takers: [] }
    }
    if (found.refused.kind === 'ok') return { takers: [] }
    const { reason, text: words } = found.refused
    return { said: this.#said(sayings[reason] ?? LATER, words) }
  }

  /** @returns the accounts that have it not, and why. */
  async #deliver(parcel: Parcel, takers: readonly Taker[]): Promise<ReadonlyMap<AccountId, StoreFault>> {
    const { store, now, files } = this.#deps
    const all = (fault: StoreFault) => new Map(takers.map(({ account }) => [account.id, fault]))
    const body = await this.#bodyOf(parcel)
    if (body === undefined) return all('busy')
    try {
      const places = await Promise.all(takers.map((taker) => this.#placeOf(parcel, taker)))
      const stored = await store.deliver({ body, now: now(), places })
      if (!stored.ok) return all(stored.error)
      return new Map(
        stored.value.flatMap((one, index) => {
          const account = takers[index]?.account.id
          return one.ok || account === undefined ? [] : [[account, one.error] as const]
        }),
      )
    } finally {
      if ('file' in body) await files?.drop(body.file)
    }
  }

  async #placeOf(parcel: Parcel, taker: Taker): Promise<Place> {
    const { store, now } = this.#deps
    const { name } = await placeFor(store, taker, false)
    return {
      account: taker.account.id,
      mailbox: { name },
      flags: [],
      prefix: returnPathField({ mailFrom: parcel.sender === '' ? null : { text: parcel.sender } }),
      internalDate: now(),
      enforceQuota: false,
    }
  }

  /** Undefined where the store or the disk refuses now. */
  async #bodyOf({ content, size }: Parcel): Promise<Body | undefined> {
    if (typeof content !== 'function') return { bytes: content }
    const { newSpool, log } = this.#deps
    const spool = newSpool()
    try {
      for (let at = 0; at < size; at += SLICE) {
        const slice = await content(at, Math.min(size, at + SLICE))
        if (slice === undefined) throw new Error('the store could not read it')
        await spool.write(slice)
      }
      const { body } = await spool.finish()
      return body
    } catch (error) {
      log.event('store-fault', { verb: 'arrive', fault: String(error) })
      await spool.discard()
      return undefined
    }
  }
}

const distinct = (takers: readonly Taker[]): readonly Taker[] => [
  ...new Map(takers.map((taker) => [taker.account.id, taker])).values(),
]

/** A courier that needs no connection; structurally OpenCourier of queue/reach.ts. */
type CourierHere = {
  readonly run: <P extends Parcel>(errand: Errand<P>) => Promise<Said | undefined>
  readonly quit: () => Promise<void>
  readonly isTls: boolean
  readonly problem: undefined
  readonly localIp: string
  readonly close: () => void
}

/** @returns what takes parcels for people here, as a session with another server would. */
export const courierHere = (deps: ArriveDeps): CourierHere => {
  const arrivals = new Arrivals(deps)
  return {
    run: async (errand) => {
      for (;;) {
        const parcel = errand.next()
        if (parcel !== undefined) {
          errand.begins(parcel)
          errand.done(parcel, await arrivals.take(parcel))
        } else if (!(await errand.more())) return undefined
      }
    },
    quit: async () => undefined,
    // Nothing of it goes over a wire.
    isTls: true,
    problem: undefined,
    localIp: '',
    close: () => undefined,
  }
}
