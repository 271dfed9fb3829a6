/**
 * A message with our X-Spam fields in place of those that it came with. Pure. Line ends stay the message's own (spamc on Unix sends LF), and an mbox `From `
 * line, as procmail gives it, stays first.
 */
const LF = 10
const CR = 13
const SPACE = 32
const TAB = 9

const lineEnd = (bytes: Uint8Array, from: number): number => {
  const lf = bytes.indexOf(LF, from)
  return lf < 0 ? bytes.length : lf + 1
}

const isBlank = (bytes: Uint8Array, from: number, to: number): boolean =>
  to - from <= 2 && (bytes[from] === LF || (bytes[from] === CR && bytes[from + 1] === LF))

const starts = (bytes: Uint8Array, at: number, text: string): boolean =>
  Buffer.from(bytes.subarray(at, at + text.length))
    .toString('latin1')
    .toLowerCase() === text

/** @returns the octets without header fields named X-Spam-…: what an earlier filter, or a sender, thought of it. */
export const withoutMarkup = (message: Uint8Array): Uint8Array => {
  const kept: Uint8Array[] = []
  let from = 0
  let dropping: boolean = false
  let at = 0
  while (at < message.length) {
    const end = lineEnd(message, at)
    if (isBlank(message, at, end)) break
    const folded = message[at] === SPACE || message[at] === TAB
    const drop: boolean = folded ? dropping : starts(message, at, 'x-spam-')
    if (drop && !dropping) kept.push(message.subarray(from, at))
    if (!drop && dropping) from = at
    dropping = drop
    at = end
  }
  if (dropping) from = at
  if (kept.length === 0) return message
  return Buffer.concat([...kept, message.subarray(from)])
}

/** @param fields each ending in CRLF. @returns what goes before them, they themselves with the message's line ends, and the rest. */
export const marked = (message: Uint8Array, fields: string): readonly [Uint8Array, string, Uint8Array] => {
  const end = lineEnd(message, 0)
  const crlf = end >= 2 && message[end - 2] === CR
  const own = crlf ? fields : fields.replaceAll('\r\n', '\n')
  const first = starts(message, 0, 'from ') ? end : 0
  return [message.subarray(0, first), own, message.subarray(first)]
}

/** @returns the header with its empty line. */
export const headerOf = (message: Uint8Array): Uint8Array => {
  for (let at = 0; at < message.length; ) {
    const end = lineEnd(message, at)
    if (isBlank(message, at, end)) return message.subarray(0, end)
    at = end
  }
  return message
}
