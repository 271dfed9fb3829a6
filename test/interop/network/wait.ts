/** Waiting for what another program does: asked again and again, up to a bound. */
const STEP_MS = 100

/** @returns the first value that is not undefined. Throws when the time is over. */
export const until = async <T>(what: string, look: () => T | undefined, ms = 20_000): Promise<T> => {
  const by = Date.now() + ms
  for (;;) {
    const found = look()
    if (found !== undefined) return found
    if (Date.now() > by) throw new Error(`waited ${ms} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, STEP_MS))
  }
}
