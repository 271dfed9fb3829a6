/**
 * A map that forgets what was not seen for long when it holds too many: the bound of everything that grows with the number of strangers.
 *
 * Two generations: what is seen is in the young one; when that has half of the bound, it becomes the old one, and the old one is forgotten. A
 * Map with one order of use would walk over its deleted entries at each step (V8), just when strangers are many.
 */
export class Recent<V> {
  readonly #half: number
  #young = new Map<string, V>()
  #old = new Map<string, V>()

  /** @param most entries, at least 2; at least half of that many are always remembered. */
  constructor(most: number) {
    this.#half = Math.max(1, Math.floor(most / 2))
  }

  /** @returns the value, which counts as seen. */
  get(key: string): V | undefined {
    const young = this.#young.get(key)
    if (young !== undefined) return young
    const old = this.#old.get(key)
    if (old !== undefined) this.set(key, old)
    return old
  }

  set(key: string, value: V): void {
    if (this.#young.size >= this.#half && !this.#young.has(key)) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, value)
  }

  delete(key: string): void {
    this.#young.delete(key)
    this.#old.delete(key)
  }
}
