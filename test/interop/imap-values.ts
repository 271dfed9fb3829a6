/** Reads values as IMAP prints them (atoms, strings, literals, lists), to compare what two servers say. */

export type Value = string | number | null | readonly Value[]

/** @returns the value that begins at `at`, and the place after it. */
export const readValue = (text: string, at: number): readonly [Value, number] => {
  if (text[at] === '(') {
    const list: Value[] = []
    let next = at + 1
    while (text[next] !== ')') {
      if (next >= text.length) throw new Error('a list does not close')
      if (text[next] === ' ') {
        next += 1
        continue
      }
      const [value, end] = readValue(text, next)
      list.push(value)
      next = end
    }
    return [list, next + 1]
  }
  const [mark, size] = /^~?\{(\d+)\}\r\n/.exec(text.slice(at, at + 20)) ?? []
  if (mark !== undefined) {
    const from = at + mark.length
    return [text.slice(from, from + Number(size)), from + Number(size)]
  }
  const [quoted] = /^"(?:[^"\\]|\\.)*"/s.exec(text.slice(at)) ?? []
  if (quoted !== undefined) return [quoted.slice(1, -1).replace(/\\(.)/gs, '$1'), at + quoted.length]
  const [atom = ''] = /^[^\s()]+/.exec(text.slice(at, at + 100)) ?? []
  return [atom === 'NIL' ? null : Number(atom), at + atom.length]
}
/** @returns the value at the start of the text. */
export const valueIn = (text: string): Value => readValue(text, 0)[0]

/** The same in lower case, because servers may print types in either. */
export const lowered = (value: Value): Value =>
  typeof value === 'string' ? value.toLowerCase() : Array.isArray(value) ? value.map(lowered) : value

/** Dovecot gives up on an address list that is against the grammar; we read on. */
export const gaveUp = (value: Value): boolean => /SYNTAX_ERROR|MISSING_(?:MAILBOX|DOMAIN)/.test(JSON.stringify(value))
/** Dovecot says "" "" of a Content-Type that is none; RFC 2045 section 5.2 says text/plain. */
export const namesNoType = (value: Value): boolean => JSON.stringify(value).includes('["","",')
