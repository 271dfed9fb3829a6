/**
 * The admin socket's lines: one JSON request, one JSON answer, over a Unix socket in the data folder that only its owner may open. So a command of the
 * administrator's works while the server runs, without a second process in the database. Pure.
 */
import { fail, ok, type Result } from '../../base/result.ts'

export const SOCKET_NAME = 'admin.sock'
/** Octets of one line; a request names a few words, an answer may list accounts. */
export const MOST_REQUEST = 65_536
export const MOST_ANSWER = 64 * 1_048_576

export type AdminRequest = { readonly verb: string; readonly words: Readonly<Record<string, unknown>> }
export type AdminAnswer = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly says: string }

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const parsed = (line: string): unknown => {
  try {
    return JSON.parse(line)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** @returns the request of a line. */
export const readRequest = (line: string): Result<AdminRequest, 'malformed'> => {
  const value = parsed(line)
  if (!isRecord(value) || typeof value['verb'] !== 'string' || !isRecord(value['words'])) return fail('malformed')
  return ok({ verb: value['verb'], words: value['words'] })
}

/** @returns the answer of a line. */
export const readAnswer = (line: string): Result<AdminAnswer, 'malformed'> => {
  const value = parsed(line)
  if (!isRecord(value)) return fail('malformed')
  if (value['ok'] === true) return ok({ ok: true, value: value['value'] })
  return typeof value['says'] === 'string' ? ok({ ok: false, says: value['says'] }) : fail('malformed')
}

/** @returns the line. */
export const writeLine = (value: AdminRequest | AdminAnswer): string => `${JSON.stringify(value)}\n`
