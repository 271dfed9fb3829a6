/** Walks over a zod declaration of settings: which names a table has, and every setting with its sentence and default. Pure. */
import * as z from 'zod'

/** The type below defaults, pipes and the like. */
const bare = (type: z.core.$ZodType): z.core.$ZodType => {
  if (type instanceof z.ZodDefault || type instanceof z.ZodPrefault || type instanceof z.ZodOptional)
    return bare(type.def.innerType)
  if (type instanceof z.ZodPipe) return bare(type.def.in)
  return type
}

/** The tables' own type: an object, or an array of them. */
const tableOf = (type: z.core.$ZodType): z.ZodObject | undefined => {
  const inner = bare(type)
  if (inner instanceof z.ZodObject) return inner
  if (inner instanceof z.ZodArray) return tableOf(inner.def.element)
  return undefined
}

/** The names that a table's declaration knows. */
export const namesIn = (table: z.ZodObject): readonly string[] => Object.keys(table.shape)

/** The declaration of the table at a path of keys and positions, or undefined where there is none. */
export const childAt = (schema: z.core.$ZodType, path: readonly PropertyKey[]): z.ZodObject | undefined => {
  let table = tableOf(schema)
  for (const key of path) {
    if (typeof key === 'number') continue
    const next: z.core.$ZodType | undefined = table?.shape[String(key)]
    if (next === undefined) return undefined
    table = tableOf(next)
  }
  return table
}

type Leaf = {
  /** `spam.flag`. */
  readonly key: string
  readonly says: string
  /** As it is written in TOML; undefined where it must be given. */
  readonly byDefault: string | undefined
  /** Whether it stands in an array of tables (`[[…]]`). */
  readonly repeats: boolean
}

/** @returns the TOML of a default: text, number, truth, or a list of them. */
export const writeToml = (value: unknown): string =>
  Array.isArray(value)
    ? `[${value.map(writeToml).join(', ')}]`
    : typeof value === 'string'
      ? JSON.stringify(value)
      : String(value)

const defaultOf = (type: z.core.$ZodType): string | undefined => {
  if (type instanceof z.ZodDefault || type instanceof z.ZodPrefault) return writeToml(type.def.defaultValue)
  return undefined
}
const saysOf = (type: z.core.$ZodType): string => (type instanceof z.ZodType ? (type.description ?? '') : '')

export type Section = {
  readonly name: string
  readonly says: string
  readonly repeats: boolean
  readonly leaves: readonly Leaf[]
}

/** @returns every setting, by section, in the order of the declaration; the first section is the top of the file. */
export const sectionsOf = (schema: z.ZodObject): readonly Section[] => {
  const top: Leaf[] = []
  const sections: Section[] = []
  const visit = (table: z.ZodObject, prefix: string, into: Leaf[], repeats: boolean): void => {
    for (const [name, type] of Object.entries(table.shape) as [string, z.core.$ZodType][]) {
      const key = prefix === '' ? name : `${prefix}.${name}`
      const inner = tableOf(type)
      if (inner === undefined) into.push({ key, says: saysOf(type), byDefault: defaultOf(type), repeats })
      else {
        const leaves: Leaf[] = []
        const many = bare(type) instanceof z.ZodArray
        const at = sections.push({ name: key, says: saysOf(type), repeats: many, leaves }) - 1
        visit(inner, key, leaves, many)
        if (leaves.length === 0 && at >= 0) sections.splice(at, 1)
      }
    }
  }
  visit(schema, '', top, false)
  return [{ name: '', says: '', repeats: false, leaves: top }, ...sections]
}
