/**
 * Many strings looked for in one pass (Aho and Corasick, 1975): which of the owners of strings have one in the text. Octets are folded to classes first, so that the
 * table stays small. Pure.
 */
export type Prefilter = {
  /** @param text lower case, an octet a character. @param found is set to 1 at each owner that has a string in it. */
  readonly search: (text: string, found: Uint8Array) => void
  readonly states: number
}

/** @param strings of each owner, lower case; an owner without strings is never found. */
export const prefilter = (strings: readonly (readonly string[] | undefined)[]): Prefilter => {
  const classes = new Uint8Array(256)
  let width = 1
  for (const one of strings.flatMap((list) => list ?? []))
    for (let index = 0; index < one.length; index += 1) {
      const code = one.charCodeAt(index) & 255
      if (classes[code] === 0 && width < 255) {
        classes[code] = width
        width += 1
      }
    }
  const size = 1 + strings.reduce((sum, list) => sum + (list ?? []).reduce((all, one) => all + one.length, 0), 0)
  const next = new Int32Array(size * width)
  const owners: number[][] = [[]]
  let states = 1
  for (const [owner, list] of strings.entries())
    for (const one of list ?? []) {
      let state = 0
      for (let index = 0; index < one.length; index += 1) {
        const at = state * width + (classes[one.charCodeAt(index) & 255] ?? 0)
        if (next[at] === 0) {
          next[at] = states
          owners.push([])
          states += 1
        }
        state = next[at] ?? 0
      }
      owners[state]?.push(owner)
    }
  link(next, owners, width)
  const heads = owners.map((list) => (list.length === 0 ? undefined : Int32Array.from(new Set(list))))
  const table = next.slice(0, states * width)
  return {
    states,
    search: (text, found) => {
      let state = 0
      for (let index = 0; index < text.length; index += 1) {
        state = table[state * width + (classes[text.charCodeAt(index) & 255] ?? 0)] ?? 0
        const list = heads[state]
        if (list === undefined) continue
        for (const owner of list) found[owner] = 1
      }
    },
  }
}

/** Where a state has no step, it steps as its longest proper suffix does; and it tells what that tells. */
const link = (next: Int32Array, owners: number[][], width: number): void => {
  const fails = new Int32Array(owners.length)
  const queue: number[] = []
  for (let klass = 0; klass < width; klass += 1) {
    const state = next[klass] ?? 0
    if (state !== 0) queue.push(state)
  }
  for (let head = 0; head < queue.length; head += 1) {
    const state = queue[head] ?? 0
    const fail = fails[state] ?? 0
    owners[state]?.push(...(owners[fail] ?? []))
    for (let klass = 0; klass < width; klass += 1) {
      const at = state * width + klass
      const onward = next[fail * width + klass] ?? 0
      const child = next[at] ?? 0
      if (child === 0) next[at] = onward
      else {
        fails[child] = onward
        queue.push(child)
      }
    }
  }
}
