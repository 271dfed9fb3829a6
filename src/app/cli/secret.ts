/** A password for an account: made here, or read from standard input or a file; never from the command line, where every process can read it. */
import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fail, ok, type Result } from '../../base/result.ts'
import type { Given, Option, Shell } from './command.ts'

export const secretOptions: readonly Option[] = [
  { name: 'password-stdin', says: 'read the password from standard input (one line)' },
  { name: 'password-file', value: 'FILE', says: 'read it from a file' },
]

// Without letters and digits that look alike: it is typed from a screen into a phone.
const LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789'
const GROUPS = 4
const GROUP = 5

/** @returns a password of some 99 bits, in groups for the eye: `k7mqp-…`. */
export const newPassword = (): string =>
  Array.from({ length: GROUPS }, () =>
    Array.from({ length: GROUP }, () => LETTERS[randomInt(LETTERS.length)] ?? '').join(''),
  ).join('-')

const firstLine = (text: string): string => text.split(/\r?\n/)[0] ?? ''

/** @returns the password and whether it was made here, and so must be shown. */
export const secretOf = async (
  given: Given,
  shell: Shell,
): Promise<Result<{ readonly password: string; readonly made: boolean }, string>> => {
  const file = given.values['password-file']
  if (typeof file === 'string') {
    try {
      return ok({ password: firstLine(readFileSync(file, 'utf8')), made: false })
    } catch (error) {
      return fail(`cannot read ${file}: ${error instanceof Error ? error.message : 'unknown'}`)
    }
  }
  if (given.values['password-stdin'] !== true) return ok({ password: newPassword(), made: true })
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of shell.input) {
    pieces.push(piece)
    size += piece.length
    if (size > 4096) break
  }
  return ok({ password: firstLine(Buffer.concat(pieces).toString('utf8')), made: false })
}
