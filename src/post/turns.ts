/** A door for work that costs: so many at once, so many waiting, the rest are turned away. */
export class Turns {
  readonly #atOnce: number
  readonly #mostWaiting: number
  readonly #waiting: (() => void)[] = []
  #inside = 0

  constructor(atOnce: number, mostWaiting: number) {
    this.#atOnce = atOnce
    this.#mostWaiting = mostWaiting
  }

  /** @returns what `work` gives, or undefined when too many wait already. */
  async take<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (this.#inside >= this.#atOnce) {
      if (this.#waiting.length >= this.#mostWaiting) return undefined
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    } else this.#inside += 1
    try {
      return await work()
    } finally {
      // The place goes to the next in line; it stays taken.
      const next = this.#waiting.shift()
      if (next === undefined) this.#inside -= 1
      else next()
    }
  }
}
