/**
 * MTA-STS as it is written: the TXT record and the policy. RFC 8461 section 3.1 (record), section 3.2 (policy), section 4.1 (which MX a policy names).
 * Pure. Unknown fields are passed over; a field twice counts once, the first. Borne with: LF and CRLF, blank lines, an age over the greatest
 * (it is cut). Refused on purpose: a policy without the fields it needs, patterns that are no host names, more than MOST_MX of them.
 */
import { fail, ok, type Result } from '../base/result.ts'

/** RFC 8461 section 3.3 suggests it. */
export const MOST_POLICY = 65_536
const MOST_MX = 200
const MOST_LINES = 1000
const GREATEST_AGE = 31_557_600 // seconds: a year

type StsMode = 'enforce' | 'testing' | 'none'
export type StsPolicy = {
  readonly mode: StsMode
  /** Seconds. */
  readonly maxAge: number
  /** Lower case; `*.` stands for one label. Empty only where `mode` is `none`. */
  readonly mx: readonly string[]
}

// Where the fields may be bent: white space around `;` and `=`; RFC 8461 section 3.1 allows it.
const FIELD = /^([A-Za-z0-9][A-Za-z0-9_.-]{0,31})[ \t]*=[ \t]*([\x21-\x3a\x3c\x3e-\x7e]{1,63})$/

/**
 * @param texts the TXT records at `_mta-sts.DOMAIN`. @returns the id of the policy; `none` where no record begins as one of MTA-STS does, `many` where
 * several do, `syntax` where the one cannot be read: in each case there is no policy to be discovered.
 */
export const readStsRecord = (texts: readonly string[]): Result<string, 'none' | 'many' | 'syntax'> => {
  const [text, ...more] = texts.filter((one) => /^v=STSv1[ \t]*(?:;|$)/.test(one))
  if (text === undefined) return fail('none')
  if (more.length > 0) return fail('many')
  const parts = text.split(';').map((part) => part.replace(/^[ \t]+|[ \t]+$/g, ''))
  if (parts.at(-1) === '') parts.pop()
  let id: string | undefined
  for (const part of parts.slice(1)) {
    const [, name, value = ''] = FIELD.exec(part) ?? []
    if (name === undefined) return fail('syntax')
    if (name !== 'id' || id !== undefined) continue
    if (!/^[A-Za-z0-9]{1,32}$/.test(value)) return fail('syntax')
    id = value
  }
  return id === undefined ? fail('syntax') : ok(id)
}

export type StsFault =
  | 'too-long'
  | 'no-version'
  | 'bad-mode'
  | 'bad-age'
  | 'no-mx'
  | 'bad-mx'
  /** A line that is no `name: value`. */
  | 'syntax'

const MX = /^(?:\*\.)?(?:[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?)+$/
const readMx = (text: string): string | undefined => {
  const bare = (text.endsWith('.') ? text.slice(0, -1) : text).toLowerCase()
  return bare.length <= 253 && MX.test(bare) ? bare : undefined
}

const LINE = /^([A-Za-z0-9][A-Za-z0-9_.-]{0,31})[ \t]*:[ \t]*(.*?)[ \t]*$/

/** @returns the values of each name, in their order. */
const readLines = (text: string): ReadonlyMap<string, readonly string[]> | undefined => {
  const lines = text.split(/\r?\n/, MOST_LINES + 1)
  if (lines.length > MOST_LINES) return undefined
  const fields = new Map<string, string[]>()
  for (const line of lines) {
    if (/^[ \t]*$/.test(line)) continue
    const [, name, value = ''] = LINE.exec(line) ?? []
    if (name === undefined || /[\x00-\x08\x0a-\x1f\x7f]/.test(value)) return undefined
    const values = fields.get(name)
    if (values === undefined) fields.set(name, [value])
    else values.push(value)
  }
  return fields
}

/** @param text the body of `https://mta-sts.DOMAIN/.well-known/mta-sts.txt`. @returns the policy, or why it is none. Never throws. */
export const readStsPolicy = (text: string): Result<StsPolicy, StsFault> => {
  if (text.length > MOST_POLICY) return fail('too-long')
  const fields = readLines(text)
  if (fields === undefined) return fail('syntax')
  if (fields.get('version')?.[0] !== 'STSv1') return fail('no-version')
  const mode = fields.get('mode')?.[0]
  if (mode !== 'enforce' && mode !== 'testing' && mode !== 'none') return fail('bad-mode')
  const age = fields.get('max_age')?.[0] ?? ''
  if (!/^\d{1,10}$/.test(age)) return fail('bad-age')
  const patterns = fields.get('mx') ?? []
  if (patterns.length > MOST_MX) return fail('too-long')
  const mx: string[] = []
  for (const pattern of patterns) {
    const read = readMx(pattern)
    if (read === undefined) return fail('bad-mx')
    mx.push(read)
  }
  if (mx.length === 0 && mode !== 'none') return fail('no-mx')
  return ok({ mode, maxAge: Math.min(Number(age), GREATEST_AGE), mx })
}

/** @returns the policy as it is served: CRLF, one field a line. */
export const writeStsPolicy = (policy: StsPolicy): string =>
  [
    'version: STSv1',
    `mode: ${policy.mode}`,
    ...policy.mx.map((pattern) => `mx: ${pattern}`),
    `max_age: ${policy.maxAge}`,
    '',
  ].join('\r\n')

/** @returns the TXT record that announces a policy. @param id 1 to 32 letters and digits, another one for every change. */
export const writeStsRecord = (id: string): string => `v=STSv1; id=${id};`

/** Whether the policy names this MX: as it stands, or with `*` for exactly its first label. RFC 8461 section 4.1. */
export const namesMx = (policy: StsPolicy, mx: string): boolean => {
  const name = (mx.endsWith('.') ? mx.slice(0, -1) : mx).toLowerCase()
  const dot = name.indexOf('.')
  return policy.mx.some((pattern) =>
    pattern.startsWith('*.') ? dot > 0 && name.slice(dot) === pattern.slice(1) : name === pattern,
  )
}
