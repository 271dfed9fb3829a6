/**
 * From the text of a configuration to settings: every mistake at once, each with its line and column, and for a name that is not there the nearest that
 * is. TOML by smol-toml, meaning by zod. Pure.
 */
import { parse, TomlError } from 'smol-toml'
import type * as z from 'zod'
import { fail, ok, type Result } from '../../base/result.ts'
import { nearest } from '../nearest.ts'
import { locator } from './locate.ts'
import { childAt, namesIn } from './walk.ts'

export type Mistake = {
  readonly line: number
  readonly column: number
  /** `spam.flag`; empty for the file itself. */
  readonly key: string
  readonly says: string
}

const dotted = (path: readonly PropertyKey[]): string => path.map(String).join('.')

type Issue = z.core.$ZodIssue
const told = (schema: z.ZodType, issue: Issue): readonly (readonly [path: readonly PropertyKey[], says: string])[] => {
  if (issue.code === 'unrecognized_keys') {
    const table = childAt(schema, issue.path)
    const known = table === undefined ? [] : namesIn(table)
    return issue.keys.map((key) => {
      const near = nearest(key, known)
      const hint = near === undefined ? `there are: ${known.join(', ')}` : `did you mean "${near}"?`
      return [[...issue.path, key], `there is no setting of this name; ${hint}`] as const
    })
  }
  if (issue.code === 'invalid_type' && issue.input === undefined) return [[issue.path, 'is missing']]
  if (issue.code === 'invalid_type' && issue.expected === 'object') return [[issue.path, 'must be a table of settings']]
  return [[issue.path, issue.message]]
}

/** @param schema the settings' declaration. @param text a TOML file. @returns the settings with their defaults filled in, or all mistakes in the order of their lines. */
export const readSettings = <T>(schema: z.ZodType<T>, text: string): Result<T, readonly Mistake[]> => {
  let raw: unknown
  try {
    raw = parse(text)
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    const says = error.message.split('\n')[0]?.replace(/^Invalid TOML document: /, '') ?? 'this is not TOML'
    return fail([{ line: error.line, column: error.column, key: '', says }])
  }
  const read = schema.safeParse(raw, { reportInput: true })
  if (read.success) return ok(read.data)
  const place = locator(text)
  const mistakes = read.error.issues.flatMap((issue) =>
    told(schema, issue).map(([path, says]) => ({
      ...place(path.map((key) => (typeof key === 'number' ? key : String(key)))),
      key: dotted(path),
      says,
    })),
  )
  return fail(mistakes.sort((a, b) => a.line - b.line || a.column - b.column))
}

/** @returns a mistake as one line: `postern.toml:12:3: spam.flag: must be a number`. */
export const writeMistake = (file: string, mistake: Mistake): string =>
  `${file}:${mistake.line}:${mistake.column}: ${mistake.key === '' ? '' : `${mistake.key}: `}${mistake.says}`
