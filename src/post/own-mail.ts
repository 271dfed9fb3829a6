/**
 * Mail that the house itself sends and nobody answers: reports. It goes into the queue with the null sender (RFC 5321 section 4.5.5), so that it never bounces,
 * signed for our own name, and is dropped when it could not be delivered in its time.
 */
import type { Log } from '../base/log.ts'
import type { Store } from '../store/store.ts'
import type { QueueOptions } from './queue/options.ts'
import type { Signing } from './signing.ts'

const ID_OCTETS = 16

type OwnMail = {
  /** The domain of its From field. */
  readonly domain: string
  readonly to: string
  readonly message: Uint8Array
  readonly subject: string
  readonly lifetimeMs: number
}
export type SendOwn = (mail: OwnMail) => Promise<boolean>

export type OwnMailDeps = {
  readonly store: Pick<Store, 'deliver'>
  readonly sign: Signing['sign']
  /** Tells the queue that something is there. */
  readonly wake: () => void
  readonly now: () => number
  readonly fresh: (octets: number) => Uint8Array
  readonly log: Log
}

/** @returns a way to send; it answers whether the message is in the queue, on the disk. */
export const openOwnMail =
  (deps: OwnMailDeps): SendOwn =>
  async ({ domain, to, message, subject, lifetimeMs }) => {
    const now = deps.now()
    const body = { bytes: message, size: message.length }
    const prefix = await deps.sign({ domain, message: body, prefix: '' })
    const options: QueueOptions = { notify: ['never'], smtpUtf8: false, body: '7bit', requireTls: false, subject }
    const entry = {
      ...{ message: Buffer.from(deps.fresh(ID_OCTETS)).toString('hex'), account: null, sender: '', recipient: to },
      ...({ domain: to.slice(to.lastIndexOf('@') + 1), state: 'waiting', why: '' } as const),
      ...{ queuedAt: now, nextAt: now, expiresAt: now + lifetimeMs, options: JSON.stringify(options) },
    }
    const queued = await deps.store.deliver({ body, places: [], now, queue: { prefix, entries: [entry] } })
    if (!queued.ok) {
      deps.log.event('store-fault', { verb: 'deliver', fault: queued.error })
      return false
    }
    deps.wake()
    return true
  }
