/**
 * One message on its way into a spool: counts it, holds it to the size that is allowed, and turns what a disk can do into a reason. After
 * the first fault the spool is given back and the rest of the message is read over; nothing of it is kept.
 */

import { fail, ok, type Result } from '../../base/result.ts'
import { type Body, type Spool, SpoolError } from '../../base/spool.ts'

export type IntakeFault = 'too-large' | 'disk-full' | 'internal'

export class Intake {
  readonly #open: () => Spool
  readonly #most: number
  readonly #failed: (error: unknown) => void
  #spool: Spool | undefined
  #size = 0
  #fault: IntakeFault | undefined

  /** @param failed is told what a spool threw that is no SpoolError, for the log. */
  constructor(open: () => Spool, most: number, failed: (error: unknown) => void) {
    this.#open = open
    this.#most = most
    this.#failed = failed
  }

  get size(): number {
    return this.#size
  }

  get fault(): IntakeFault | undefined {
    return this.#fault
  }

  /** So many octets are about to come; too many are a fault at once. */
  expect(octets: number): void {
    if (this.#size + octets > this.#most) void this.#end('too-large')
  }

  /** Takes octets of the message; waits only where the disk makes it wait. */
  write(bytes: Uint8Array): Promise<void> | undefined {
    this.#size += bytes.length
    if (this.#fault !== undefined) return undefined
    if (this.#size > this.#most) return this.#end('too-large')
    try {
      this.#spool ??= this.#open()
      const written = this.#spool.write(bytes)
      return written === undefined ? undefined : written.catch((error: unknown) => this.#broke(error))
    } catch (error) {
      return this.#broke(error)
    }
  }

  /** @returns the whole message, or why there is none. Nothing may be written afterwards. */
  async finish(): Promise<Result<{ readonly body: Body; readonly size: number }, IntakeFault>> {
    if (this.#fault === undefined) {
      try {
        const spool = this.#spool ?? this.#open()
        this.#spool = undefined // whatever comes of it, it is not ours to discard any more
        return ok(await spool.finish())
      } catch (error) {
        await this.#broke(error)
      }
    }
    return fail(this.#fault ?? 'internal')
  }

  /** Gives the spool back; does nothing when that was done. */
  async discard(): Promise<void> {
    const spool = this.#spool
    this.#spool = undefined
    try {
      await spool?.discard()
    } catch (error) {
      this.#failed(error)
    }
  }

  #broke(error: unknown): Promise<void> {
    if (error instanceof SpoolError && error.fault === 'disk-full') return this.#end('disk-full')
    this.#failed(error)
    return this.#end('internal')
  }

  #end(fault: IntakeFault): Promise<void> {
    this.#fault ??= fault
    return this.discard()
  }
}
