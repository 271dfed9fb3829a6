/** JSON from a disk, a socket or a stranger: read without throwing, and looked into without trust. Pure. */

/** @returns the value of a JSON text; undefined where it is none. */
export const readJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Whether it is an object with names. */
export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
