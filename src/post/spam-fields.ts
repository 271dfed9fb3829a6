/**
 * The X-Spam-* fields that tell a reader and a mail program what the filter thought. Pure.
 *
 * The names and forms are SpamAssassin's, because people's own filter rules match them: X-Spam-Flag only on flagged mail,
 * X-Spam-Status with `tests=` by name. Ours come first in the stored copy, before any a sender wrote.
 */
type SpamHit = { readonly name: string; readonly score: number }

const MOST_TESTS = 60
const WIDTH = 76

/** Folds `words` after `head` at WIDTH octets, joined by `glue`. */
const folded = (head: string, words: readonly string[], glue: string): string => {
  const lines: string[] = []
  let line = head
  for (const [index, word] of words.entries()) {
    const piece = index === words.length - 1 ? word : `${word}${glue}`
    if (line.length + piece.length > WIDTH) {
      lines.push(line)
      line = '\t'
    }
    line += piece
  }
  return `${[...lines, line].map((one) => one.trimEnd()).join('\r\n')}\r\n`
}

export type SpamNote = {
  readonly score: number
  readonly flagAt: number
  readonly flagged: boolean
  readonly hits: readonly SpamHit[]
  readonly host: string
}

/** @returns the fields, each ending in CRLF; ASCII. Test names come from our tables or from rule files, and are cut to name characters. */
export const spamFields = (note: SpamNote): string => {
  const tests = [...note.hits]
    .sort((a, b) => Math.abs(b.score) - Math.abs(a.score))
    .slice(0, MOST_TESTS)
    .map((hit) => hit.name.replaceAll(/[^A-Za-z0-9_]/g, '_'))
  const status = `X-Spam-Status: ${note.flagged ? 'Yes' : 'No'}, score=${note.score.toFixed(1)} required=${note.flagAt.toFixed(1)} tests=`
  const level = '*'.repeat(Math.max(0, Math.min(50, Math.floor(note.score))))
  return [
    note.flagged ? 'X-Spam-Flag: YES\r\n' : '',
    `X-Spam-Score: ${note.score.toFixed(1)}\r\n`,
    level === '' ? '' : `X-Spam-Level: ${level}\r\n`,
    folded(status, tests.length === 0 ? ['none'] : tests, ','),
    `X-Spam-Checker-Version: Postern on ${note.host}\r\n`,
  ].join('')
}
