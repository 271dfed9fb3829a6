/** A map that forgets the longest unseen entry when it holds too many: the bound of everything that grows with the number of strangers. */
export class Recent<V> {
  readonly #most: number
  readonly #entries = new Map<string, V>()

  /** @param most entries, at least 1. */
  constructor(most: number) {
    this.#most = most
  }

  /** @returns the value, which counts as seen. */
  get(key: string): V | undefined {
    const value = this.#entries.get(key)
    if (value === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, value)
    return value
  }

  set(key: string, value: V): void {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    if (this.#entries.size <= this.#most) return
    const oldest = this.#entries.keys().next()
    if (oldest.done !== true) this.#entries.delete(oldest.value)
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }

  clear(): void {
    this.#entries.clear()
  }

  get size(): number {
    return this.#entries.size
  }
}
