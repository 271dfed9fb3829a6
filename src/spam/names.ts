/** Whether one domain was made to be taken for another: letters that look alike, one letter more or less, or the name inside a longer one. Pure, bounded. */

/** @returns a person's name as it is compared: letters and figures alone, lower case, one space between words. */
export const plainName = (name: string): string =>
  name
    .toLowerCase()
    .normalize('NFKC')
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()

/** Letters and pairs drawn alike, folded to one. */
const folds: readonly (readonly [RegExp, string])[] = [
  [/rn/g, 'm'],
  [/vv/g, 'w'],
  [/cl/g, 'd'],
  [/[1il|]/g, 'l'],
  [/0/g, 'o'],
  [/5/g, 's'],
  [/[-_]/g, ''],
]
const folded = (text: string): string => folds.reduce((word, [from, to]) => word.replaceAll(from, to), text)

const MOST = 63

/** At most one letter changed, added, dropped, or two neighbours swapped. */
const nearly = (a: string, b: string): boolean => {
  if (Math.abs(a.length - b.length) > 1) return false
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  let end = 0
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end++
  const left = a.slice(start, a.length - end)
  const right = b.slice(start, b.length - end)
  if (left.length <= 1 && right.length <= 1) return true
  return left.length === 2 && right.length === 2 && left[0] === right[1] && left[1] === right[0]
}

/** @param domain the stranger's. @param known one that is trusted. Both lower case. @returns whether the first is likely to be taken for the second; false for the same domain and those under it. */
export const looksLike = (domain: string, known: string): boolean => {
  if (domain === known || domain.endsWith(`.${known}`)) return false
  const ours = known.split('.').slice(-2)
  const theirs = domain.split('.').slice(-2)
  const name = (ours[0] ?? '').slice(0, MOST)
  const other = (theirs[0] ?? '').slice(0, MOST)
  if (name.length < 5 || other.length < 4) return false
  if (name !== other && (folded(name) === folded(other) || nearly(name, other))) return true
  // `bank-example.com`, `example-login.net`, `example.com.evil.net`
  return (
    (name.length >= 6 &&
      name !== other &&
      other.includes('-') &&
      new RegExp(`(?:^|-)${name.replaceAll(/[^a-z0-9]/g, '.')}(?:-|$)`).test(other)) ||
    `.${domain}`.includes(`.${known}.`)
  )
}
