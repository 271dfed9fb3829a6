/**
 * Reads one file of settings as Python's `configparser` does for fail2ban (Python 3.11 Library Reference, "configparser"; fail2ban 1.0,
 * jail.conf(5)): `[SECTION]`, `name = value` or `name: value`, lines that go on when indented deeper, `#` and `;` at the head of a line,
 * `;` after white space. Names are in lower case. Pure.
 *
 * A line that is none of these, a name or section given twice: a fault with its line; the rest is read, so that a person sees all faults.
 */

/** Octets of a file. */
const MOST_TEXT = 1_000_000

/** A value, and the line where it begins. */
export type Value = { readonly text: string; readonly line: number }
export type Section = ReadonlyMap<string, Value>
type IniFault = { readonly line: number; readonly why: string }
export type Ini = {
  readonly sections: ReadonlyMap<string, Section>
  readonly faults: readonly IniFault[]
}

/** The section whose values hold for all others. */
export const DEFAULT = 'DEFAULT'

type Open = { readonly lines: string[]; readonly line: number }

const isSpace = (c: string | undefined): boolean => c !== undefined && /\s/.test(c)

/** Where a comment of the line begins; undefined: nowhere. */
const commentAt = (line: string): number | undefined => {
  if (/^\s*[#;]/.test(line)) return 0
  for (let at = line.indexOf(';'); at >= 0; at = line.indexOf(';', at + 1))
    if (at === 0 || isSpace(line[at - 1])) return at
  return undefined
}

class IniReader {
  readonly sections = new Map<string, Map<string, Open>>()
  readonly faults: IniFault[] = []
  #section: Map<string, Open> | undefined
  #value: Open | undefined
  #indent = 0

  line(raw: string, number: number): void {
    const comment = commentAt(raw)
    const text = raw.slice(0, comment).trim()
    if (text === '') {
      if (comment === undefined) this.#value?.lines.push('')
      return
    }
    const indent = raw.search(/\S/)
    if (this.#value !== undefined && indent > this.#indent) {
      this.#value.lines.push(text)
      return
    }
    this.#indent = indent
    const header = /^\[(.+)\]/.exec(text)
    if (header?.[1] !== undefined) this.#open(header[1], number)
    else this.#option(text, number)
  }

  #open(name: string, number: number): void {
    if (this.sections.has(name) && name !== DEFAULT) this.#fault(number, `the section [${name}] is there twice`)
    const section = this.sections.get(name) ?? new Map<string, Open>()
    this.sections.set(name, section)
    this.#section = section
    this.#value = undefined
  }

  #option(text: string, number: number): void {
    if (this.#section === undefined) {
      this.#fault(number, 'a setting before the first [SECTION]')
      return
    }
    const at = text.search(/[=:]/)
    const name = text.slice(0, Math.max(at, 0)).trim().toLowerCase()
    if (at < 0 || name === '') {
      this.#fault(number, 'neither [SECTION] nor NAME = VALUE')
      return
    }
    if (this.#section.has(name)) this.#fault(number, `${name} is there twice in one section`)
    this.#value = { lines: [text.slice(at + 1).trim()], line: number }
    this.#section.set(name, this.#value)
  }

  #fault(line: number, why: string): void {
    this.faults.push({ line, why })
  }
}

/** @returns the sections of a file, with what is wrong in it. */
export const readIni = (text: string): Ini => {
  const reader = new IniReader()
  if (text.length > MOST_TEXT) return { sections: new Map(), faults: [{ line: 1, why: 'the file is too long' }] }
  let number = 0
  for (const line of text.split(/\r\n|\r|\n/)) {
    number += 1
    reader.line(line, number)
  }
  const sections = new Map<string, Section>()
  for (const [name, values] of reader.sections)
    sections.set(
      name,
      new Map(
        [...values].map(
          ([option, open]) => [option, { text: open.lines.join('\n').trimEnd(), line: open.line }] as const,
        ),
      ),
    )
  return { sections, faults: reader.faults }
}
