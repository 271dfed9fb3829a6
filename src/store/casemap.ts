/**
 * Comparison without case: i;unicode-casemap (RFC 5051), which RFC 9051 section 6.4.4 and RFC 5256 section 2.2 ask for. Titles and capitals
 * are one here (the two differ for a handful of digraphs only). Pure.
 */

/** Two texts are equal without case when their folded forms are equal. */
export const fold = (text: string): string => {
  const upper = text.toUpperCase()
  // Decomposition changes no ASCII text, and most text is ASCII.
  return /^[\x00-\x7f]*$/.test(upper) ? upper : upper.normalize('NFKD')
}

/** Order of folded texts by octets of UTF-8, which is the order of code points. */
export const compareFolded = (a: string, b: string): number => {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)]
    if (x === y) continue
    const [halfX, halfY] = [x >= 0xd800 && x <= 0xdfff, y >= 0xd800 && y <= 0xdfff]
    // Half of a pair stands for a code point above every single unit.
    return halfX === halfY ? x - y : halfX ? 1 : -1
  }
  return a.length - b.length
}
