/**
 * The small door to a database: `all`, `get`, `run`, `lists` over prepared statements that are kept by their text. Every verb is
 * written over it, so that another database can stand behind the same verbs. Also the typed readers of a row's columns.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'

/** What a row holds is not what the schema says: the fault `damaged`. */
export class Damaged extends Error {}

type Value = null | number | string | Uint8Array
export type Row = Readonly<Record<string, unknown>>
export type List = readonly unknown[]
export type Tx = {
  readonly all: (sql: string, ...values: readonly Value[]) => readonly Row[]
  readonly get: (sql: string, ...values: readonly Value[]) => Row | undefined
  /** Rows as arrays: half the price of objects; for lists that may be long. */
  readonly lists: (sql: string, ...values: readonly Value[]) => readonly List[]
  readonly list: (sql: string, ...values: readonly Value[]) => List | undefined
  /** @returns how many rows changed, and the id that an INSERT made. */
  readonly run: (sql: string, ...values: readonly Value[]) => { readonly changes: number; readonly id: number }
}

/** Opens the door: each text is prepared once. Statements of texts made at run time would pile up, so verbs have none. */
export const openDoor = (db: DatabaseSync): Tx => {
  const objects = new Map<string, StatementSync>()
  const arrays = new Map<string, StatementSync>()
  const prepared = (sql: string): StatementSync => {
    const known = objects.get(sql)
    if (known !== undefined) return known
    const made = db.prepare(sql)
    objects.set(sql, made)
    return made
  }
  const asArrays = (sql: string): StatementSync => {
    const known = arrays.get(sql)
    if (known !== undefined) return known
    const made = db.prepare(sql)
    made.setReturnArrays(true)
    arrays.set(sql, made)
    return made
  }
  /** With setReturnArrays a row is an array; the check is for the types. */
  const isList = (row: unknown): row is List => Array.isArray(row)
  return {
    all: (sql, ...values) => prepared(sql).all(...values),
    get: (sql, ...values) => prepared(sql).get(...values),
    lists: (sql, ...values) => {
      const rows: unknown = asArrays(sql).all(...values)
      return Array.isArray(rows) ? rows : []
    },
    list: (sql, ...values) => {
      const row: unknown = asArrays(sql).get(...values)
      return isList(row) ? row : undefined
    },
    run: (sql, ...values) => {
      const done = prepared(sql).run(...values)
      return { changes: Number(done.changes), id: Number(done.lastInsertRowid) }
    },
  }
}

/** A column that the schema says is a number. @throws Damaged on anything else. */
export const num = (value: unknown): number => {
  if (typeof value === 'number') return value
  throw new Damaged(`a column holds ${typeof value}, not a number`)
}

/** A column that may be null. */
export const numOrNull = (value: unknown): number | null => (value === null ? null : num(value))

/** A column that the schema says is text. */
export const text = (value: unknown): string => {
  if (typeof value === 'string') return value
  throw new Damaged(`a column holds ${typeof value}, not text`)
}

/** A column that the schema says is octets. */
export const octets = (value: unknown): Uint8Array => {
  if (value instanceof Uint8Array) return value
  throw new Damaged(`a column holds ${typeof value}, not octets`)
}

/** A text that must be one of `choices`. */
export const oneOf = <T extends string>(value: unknown, choices: readonly T[]): T => {
  const found = choices.find((choice) => choice === value)
  if (found === undefined) throw new Damaged(`a column holds "${String(value)}", not one of ${choices.join(', ')}`)
  return found
}

/** A column of JSON that holds a list of texts. */
export const texts = (value: unknown): readonly string[] => {
  const list: unknown = JSON.parse(text(value))
  if (!Array.isArray(list)) throw new Damaged('a column holds no list')
  return list.map(text)
}
