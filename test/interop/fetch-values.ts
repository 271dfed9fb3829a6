/** Reads FETCH answers for comparisons: the items of each message, and the numbers of a form's parts. RFC 9051 sections 6.4.5 and 7.5.2. */
import assert from 'node:assert/strict'
import { lowered, readValue, type Value } from './imap-values.ts'

/** By item, in small letters: its value. */
export type Items = ReadonlyMap<string, Value>

/** @returns the items of every FETCH answer in a text, by message number. */
export const readAnswers = (text: string): ReadonlyMap<number, Items> => {
  const all = new Map<number, Items>()
  let at = 0
  for (;;) {
    const begin = /^\* (\d+) FETCH \(/.exec(text.slice(at, at + 40))
    if (begin === null) {
      const end = text.indexOf('\r\n', at)
      if (end < 0) return all
      at = end + 2
      continue
    }
    at += begin[0].length
    const items = new Map<string, Value>(all.get(Number(begin[1])) ?? [])
    while (text[at] !== ')') {
      const [label = ''] = /^ ?[A-Z0-9.]+(?:\[[^\]]*\](?:<\d+>)?)? /i.exec(text.slice(at, at + 300)) ?? []
      assert.ok(label !== '', `no item at ${text.slice(at, at + 60)}`)
      const [value, next] = readValue(text, at + label.length)
      items.set(label.trim().toLowerCase(), value)
      at = next
    }
    all.set(Number(begin[1]), items)
  }
}

const childrenOf = (form: readonly Value[], prefix: string): readonly string[] =>
  form.flatMap((child, index) => {
    if (!Array.isArray(child)) return []
    const path = `${prefix}${index + 1}`
    return [path, ...(Array.isArray(child[0]) ? childrenOf(child, `${path}.`) : below(child, path))]
  })

/** The parts of the message that a message/rfc822 part holds. */
const below = (form: readonly Value[], path: string): readonly string[] => {
  const inner = form[8]
  if (lowered(form[0] ?? null) !== 'message' || !Array.isArray(inner)) return []
  return Array.isArray(inner[0]) ? childrenOf(inner, `${path}.`) : [`${path}.1`, ...below(inner, `${path}.1`)]
}

/** @returns the numbers of all parts of a BODY. */
export const partsOf = (form: Value): readonly string[] => {
  if (!Array.isArray(form)) return []
  return Array.isArray(form[0]) ? childrenOf(form, '') : ['1', ...below(form, '1')]
}
