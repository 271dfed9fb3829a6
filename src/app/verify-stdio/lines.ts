/**
 * Lines in, lines out, in order: each is answered as soon as it and all before it are done, a few at once. Bounded: a line longer than
 * `LONGEST_LINE` is passed over and answered as an error.
 */
const LONGEST_LINE = 64 * 1024 * 1024 // a message of 40 MiB in base64
const MOST_UNDER_WAY = 8

/** @returns the lines of `input` without their ends; `undefined` for one that is too long. The last need not end. */
export async function* readLines(
  input: AsyncIterable<Uint8Array>,
  longest = LONGEST_LINE,
): AsyncGenerator<string | undefined, void> {
  let pieces: Uint8Array[] = []
  let size = 0
  const end = (): string | undefined => {
    const line = size > longest ? undefined : Buffer.concat(pieces).toString('utf8').replace(/\r$/, '')
    pieces = []
    size = 0
    return line
  }
  const keep = (piece: Uint8Array): void => {
    size += piece.length
    if (size <= longest) pieces.push(piece)
    else pieces = []
  }
  for await (const chunk of input) {
    let from = 0
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      keep(chunk.subarray(from, at))
      yield end()
      from = at + 1
    }
    keep(chunk.subarray(from))
  }
  if (size > 0) yield end()
}

/** Answers each line with `answer`, up to `MOST_UNDER_WAY` at once, and gives the answers to `out` in the order of the lines. */
export const answerInOrder = async <T>(
  lines: AsyncIterable<string | undefined>,
  answer: (line: string | undefined) => Promise<T>,
  out: (answer: T) => void,
): Promise<void> => {
  let last: Promise<void> = Promise.resolve()
  let waiting = 0
  let wake = (): void => undefined
  for await (const line of lines) {
    const own = answer(line)
    const before = last
    waiting += 1
    last = (async () => {
      const [, value] = await Promise.all([before, own])
      out(value)
      waiting -= 1
      wake()
    })()
    while (waiting >= MOST_UNDER_WAY)
      await new Promise<void>((done) => {
        wake = done
      })
  }
  await last
}
