/**
 * What a session has to say, gathered: the answers to a batch of pipelined commands go out as one write (RFC 2920 section 3.2), after one
 * wait if some of them are answered slowly, and with the patience for what comes next. Pure.
 */
import type { Act } from '../../base/act.ts'

const MOST_DELAY_MS = 10_000 // for one batch
const MOST_GATHERED = 16_384 // characters, before they go out in any case

export class Talk {
  #text = ''
  #delay = 0
  #after: Act | undefined
  #patience = 0
  #told = 0

  /** @param reply a whole reply with its line ends. */
  say(reply: string): void {
    this.#text += reply
  }

  /** The answers of this batch wait a little longer. */
  delay(ms: number): void {
    this.#delay = Math.min(MOST_DELAY_MS, this.#delay + ms)
  }

  /** How long the peer may be silent from now on. */
  patience(ms: number): void {
    this.#patience = ms
  }

  /** What is done after all that was said. */
  finally(act: 'start-tls' | 'close'): void {
    this.#after = { act }
  }

  /** Whether it must go out before anything else is read. */
  get urgent(): boolean {
    return this.#after !== undefined || this.#text.length > MOST_GATHERED
  }

  get silent(): boolean {
    return this.#text === ''
  }

  /** @returns the acts for all of it; afterwards there is nothing to say. */
  take(): readonly Act[] {
    const acts: Act[] = []
    if (this.#delay > 0) acts.push({ act: 'wait', ms: this.#delay })
    if (this.#text !== '') acts.push({ act: 'write', bytes: this.#text })
    if (this.#patience !== this.#told) acts.push({ act: 'patience', ms: this.#patience })
    if (this.#after !== undefined) acts.push(this.#after)
    this.#told = this.#patience
    this.#text = ''
    this.#delay = 0
    this.#after = undefined
    return acts
  }
}
