/** Turns a room's table of limits into settings: every limit has a kind, a sentence and the room's own default. Pure. */
import * as z from 'zod'
import { count, duration, size, writeDuration, writeSize } from './kinds.ts'

export type LimitRow = readonly [kind: 'count' | 'size' | 'duration', says: string]
type Numbers<L> = { readonly [K in keyof L]: number }

/** @returns `perIp` as people write it in TOML: `per-ip`. */
const kebab = (name: string): string =>
  name.replace(/Ms$/, '').replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

const MOST_COUNT = 10_000_000

const typeOf = ([kind, says]: LimitRow, byDefault: number): z.ZodType<number> => {
  if (kind === 'count') return count(byDefault, 0, MOST_COUNT, says)
  return kind === 'size' ? size(writeSize(byDefault), says) : duration(writeDuration(byDefault), says)
}

/**
 * @param defaults the room's limits: octets, counts, milliseconds. @param rows a sentence for each limit that is a setting; the others keep their default.
 * @returns a table of settings whose value has the room's own form.
 */
export const limitsOf = <L extends Numbers<L>>(defaults: L, rows: { readonly [K in keyof L]?: LimitRow }) => {
  const names = (Object.keys(rows) as (keyof L & string)[]).map((name) => [name, kebab(name)] as const)
  const shape = Object.fromEntries(
    names.flatMap(([name, key]) => {
      const row = rows[name]
      return row === undefined ? [] : [[key, typeOf(row, defaults[name])] as const]
    }),
  )
  return z
    .strictObject(shape)
    .prefault({})
    .transform((given): Numbers<L> => {
      const read = Object.fromEntries(names.map(([name, key]) => [name, given[key] ?? defaults[name]]))
      return { ...defaults, ...read } as Numbers<L> // every name of `rows` is one of L's, and its value a number
    })
}

const kinds = { octets: 'size', count: 'count', ms: 'duration' } as const
type RoomRow = { readonly unit: keyof typeof kinds; readonly says: string }

/** @returns the rows of a room's own table, as `limitsOf` takes them. */
export const rowsOf = <Name extends string>(rows: Readonly<Record<Name, RoomRow>>) =>
  Object.fromEntries(
    Object.entries<RoomRow>(rows).map(([name, row]) => [name, [kinds[row.unit], row.says] as const]),
  ) as { readonly [N in Name]: LimitRow } // the same names, by the line above
