/**
 * The base subject, by which threads and sorts compare: RFC 5256 section 2.1 with the grammar of its section 5. Pure; bounded by MOST_TEXT.
 */

const MOST_TEXT = 1000
/** subj-leader: any blobs (`[list]`), `re`, `fw` or `fwd`, perhaps a blob, a colon. */
const leader = /^(?:\[[^[\]]*\]\s*)*(?:re|fwd?)\s*(?:\[[^[\]]*\]\s*)?:\s*/i
const blob = /^\[[^[\]]*\]\s*/
const forwarded = /^\[fwd:(.*)\]$/i

/** Step 2: trailers, which are white space and `(fwd)`. */
const withoutTrailers = (text: string): string => {
  let rest = text.trimEnd()
  while (rest.slice(-5).toLowerCase() === '(fwd)') rest = rest.slice(0, -5).trimEnd()
  return rest
}

/** Steps 3 to 5: leaders, and blobs as long as something is left after them. */
const withoutLeaders = (text: string): string => {
  let rest = text.trimStart()
  for (;;) {
    const led = leader.exec(rest)
    const cut = led ?? blob.exec(rest)
    if (cut === null) return rest
    const after = rest.slice(cut[0].length)
    if (led === null && after === '') return rest
    rest = after
  }
}

/** @param subject decoded and unfolded. @returns its base; empty where nothing else was there. */
export const baseSubject = (subject: string): string => {
  let text = subject.slice(0, MOST_TEXT).replace(/\s+/g, ' ')
  for (;;) {
    text = withoutLeaders(withoutTrailers(text))
    const inner = forwarded.exec(text)
    if (inner === null) return text
    text = inner[1] ?? ''
  }
}
