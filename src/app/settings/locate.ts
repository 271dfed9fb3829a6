/**
 * Where a key stands in a TOML file: line and column by path, for messages about values that parse well and mean nothing. TOML 1.0 (keys, tables,
 * arrays of tables). Pure; a key it cannot find is told at its nearest table that it can.
 */
export type Place = { readonly line: number; readonly column: number }
type Path = readonly (string | number)[]

const KEY = /^\s*((?:[A-Za-z0-9_-]+|"[^"\\]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"\\]*"|'[^']*'))*)\s*=/
const TABLE = /^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$/

const split = (dotted: string): readonly string[] =>
  [...dotted.matchAll(/[A-Za-z0-9_-]+|"([^"\\]*)"|'([^']*)'/g)].map((found) => found[1] ?? found[2] ?? found[0])

/** Skips the lines of a multi-line string or array that opens on a line. @returns how many lines it takes more. */
const extent = (lines: readonly string[], at: number): number => {
  const value = (lines[at] ?? '').replace(KEY, '').trimStart()
  for (const quote of ['"""', "'''"]) {
    if (!value.startsWith(quote) || value.indexOf(quote, 3) >= 0) continue
    const end = lines.findIndex((line, index) => index > at && line.includes(quote))
    return end < 0 ? 0 : end - at
  }
  if (!value.startsWith('[')) return 0
  let depth = 0
  for (let index = at; index < lines.length; index += 1) {
    const text = (index === at ? value : (lines[index] ?? ''))
      .replaceAll(/"(?:[^"\\]|\\.)*"|'[^']*'/g, '')
      .replace(/#.*$/, '')
    for (const char of text) depth += char === '[' ? 1 : char === ']' ? -1 : 0
    if (depth <= 0) return index - at
  }
  return 0
}

/** @param text the file. @returns a function from a path of keys (and positions in arrays of tables) to its place. */
export const locator = (text: string): ((path: Path) => Place) => {
  const places = new Map<string, Place>()
  const keyOf = (path: Path): string => JSON.stringify(path)
  const counts = new Map<string, number>()
  const lines = text.split('\n')
  let table: Path = []
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? ''
    const header = TABLE.exec(line)
    if (header !== null) {
      const name = split(header[2] ?? '')
      const number = counts.get(keyOf(name)) ?? 0
      if (header[1] === '[[') counts.set(keyOf(name), number + 1)
      table = header[1] === '[[' ? [...name, number] : name
      places.set(keyOf(table), { line: at + 1, column: line.indexOf('[') + 1 })
      continue
    }
    const key = KEY.exec(line)
    if (key === null) continue
    const path = [...table, ...split(key[1] ?? '')]
    places.set(keyOf(path), { line: at + 1, column: line.search(/\S/) + 1 })
    at += extent(lines, at)
  }
  return (path) => {
    for (let length = path.length; length > 0; length -= 1) {
      const found = places.get(keyOf(path.slice(0, length)))
      if (found !== undefined) return found
    }
    return { line: 1, column: 1 }
  }
}
