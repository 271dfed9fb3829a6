/** Names of sessions: short, in the order of their birth, different over restarts. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const base32 = (n: number): string => {
  let text = ''
  for (let rest = Math.max(0, Math.floor(n)); rest > 0 || text === ''; rest = Math.floor(rest / 32))
    text = (ALPHABET[rest % 32] ?? '0') + text
  return text
}

/** @param now epoch ms. @returns a maker of ids: seconds of the start, and a count. */
export const sessionIds = (now: number): (() => string) => {
  const start = base32(now / 1000)
  let count = 0
  return () => {
    count += 1
    return `${start}-${base32(count)}`
  }
}
