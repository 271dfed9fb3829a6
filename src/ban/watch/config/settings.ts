/**
 * Settings of several files put together as fail2ban does (jail.conf(5)): `[INCLUDES] before` and `after`, `NAME.local` over `NAME.conf`,
 * `NAME.d/`, what was there before under `known/NAME`, and `%(NAME)s`, `%(SECTION/NAME)s` replaced by values. The disk is a parameter; pure.
 */
import { fail, ok, type Result } from '../../../base/result.ts'
import { DEFAULT, type Ini, readIni, type Section, type Value } from './ini.ts'

/** Files that one filter may be put together from. */
const MOST_FILES = 200
/** How deep `%(…)s` may stand within `%(…)s`; Python's own bound. */
const MOST_DEPTH = 10
/** Characters of one value once everything is replaced. */
const MOST_VALUE = 200_000

/** The disk, as far as settings need it. */
export type FilesPort = {
  /** @returns the text, or undefined where there is no such file. */
  readonly read: (path: string) => string | undefined
  /** @returns the names in a folder; none where there is no folder. */
  readonly list: (folder: string) => readonly string[]
}

/** What is wrong, and where. */
export type Fault = { readonly file: string; readonly line: number; readonly why: string }
/** A value with the file and line that it came from. */
export type Placed = Value & { readonly file: string }
type Placings = Map<string, Placed>

const KNOWN = 'KNOWN/'
const INCLUDES = 'INCLUDES'

/** Why a value cannot be told; a fault once a file is known. */
export class Unresolved extends Error {}

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1)
const localOf = (path: string): string => `${path.replace(/\.[^./]*$/, '')}.local`
const joined = (folder: string, path: string): string => (path.startsWith('/') ? path : `${folder}${path}`)

/** Sections of all files, later ones over earlier ones. */
export class Settings {
  readonly #sections = new Map<string, Placings>()
  readonly faults: Fault[] = []
  readonly files: string[] = []

  /** @returns whether the section is in some file. */
  has(section: string): boolean {
    return section !== DEFAULT && this.#sections.has(section)
  }

  /** @returns the names of a section's own settings, without those of [DEFAULT]. */
  names(section: string): readonly string[] {
    return [...(this.#sections.get(section)?.keys() ?? [])]
  }

  /** The sections that are settings, in order. */
  sections(): readonly string[] {
    return [...this.#sections.keys()].filter((name) => name !== DEFAULT && !name.startsWith(KNOWN))
  }

  /** A value as written. */
  raw(section: string, name: string): Placed | undefined {
    return this.#sections.get(section)?.get(name.toLowerCase()) ?? this.#sections.get(DEFAULT)?.get(name.toLowerCase())
  }

  /** Whether the section itself has the setting. */
  owns(section: string, name: string): boolean {
    return this.#sections.get(section)?.has(name) === true
  }

  /** Puts a value in by hand. */
  put(section: string, name: string, text: string): void {
    const place = this.#sections.get(section) ?? new Map<string, Placed>()
    this.#sections.set(section, place)
    place.set(name, { text, line: 0, file: '' })
  }

  /** @returns a value with `%(…)s` replaced; undefined: there is none. Throws `Unresolved`. @param given stand before the section's own. */
  get(section: string, name: string, given: ReadonlyMap<string, string> = new Map()): string | undefined {
    if (!this.#sections.has(section) && section !== DEFAULT) return undefined
    const text = given.get(name.toLowerCase()) ?? this.raw(section, name)?.text
    return text === undefined ? undefined : this.#replaced(text, section, given, 1)
  }

  /** The same for names such as `known/failregex` and `lt_file/datepattern`. */
  getAnywhere(section: string, name: string, given: ReadonlyMap<string, string> = new Map()): string | undefined {
    const other = /^([\w-]+)\/([^\s>]+)$/.exec(name)
    if (other?.[1] !== undefined && other[2] !== undefined) {
      const head = other[1].toLowerCase()
      const places = head === 'known' ? [KNOWN + section, section] : [head === 'default' ? DEFAULT : other[1]]
      for (const place of places) {
        const found = this.get(place, other[2])
        if (found !== undefined) return found
      }
    }
    return this.get(section, name, given)
  }

  #replaced(text: string, section: string, given: ReadonlyMap<string, string>, depth: number): string {
    if (depth > MOST_DEPTH) throw new Unresolved('values stand within each other too deep')
    let made = ''
    let rest = text
    for (let at = rest.indexOf('%'); at >= 0; at = rest.indexOf('%')) {
      made += rest.slice(0, at)
      rest = rest.slice(at)
      if (rest[1] === '%') {
        made += '%'
        rest = rest.slice(2)
        continue
      }
      const reference = /^%\(([^)]+)\)s/.exec(rest)
      if (reference?.[1] === undefined)
        throw new Unresolved(`'%' must be followed by '%' or '(NAME)s', found: ${rest.slice(0, 20)}`)
      rest = rest.slice(reference[0].length)
      const value = this.#referred(reference[1], section, given)
      if (value === undefined) throw new Unresolved(`there is no setting ${reference[1]}`)
      made += value.includes('%') ? this.#replaced(value, section, given, depth + 1) : value
      if (made.length > MOST_VALUE) throw new Unresolved('the value is too long')
    }
    return made + rest
  }

  /** What `%(name)s` means in a section. */
  #referred(written: string, section: string, given: ReadonlyMap<string, string>): string | undefined {
    const name = written.toLowerCase()
    if (name === '__name__') return section
    const own = given.get(name) ?? this.raw(section, name)?.text
    const other = /^([\w-]+)\/([^)]+)$/.exec(written)
    if (own !== undefined || other?.[1] === undefined || other[2] === undefined) return own
    const defaults = this.#sections.get(DEFAULT)?.get(other[2])?.text
    if (other[1].toLowerCase() === 'default') return defaults
    if (other[1].toLowerCase() === 'known') return this.#sections.get(KNOWN + section)?.get(other[2])?.text ?? defaults
    const place = this.#sections.get(other[1])
    return place === undefined ? undefined : (place.get(other[2])?.text ?? defaults)
  }

  /** Puts a file over what is there. */
  merge(file: string, ini: Ini): void {
    this.files.push(file)
    for (const { line, why } of ini.faults) this.faults.push({ file, line, why })
    for (const [written, section] of ini.sections) {
      // `[Init?family=inet6]`: settings that hold on a condition; filters have none.
      const condition = /^(\w+)(\?.+)$/.exec(written)
      const name = condition?.[1] ?? written
      const suffix = condition?.[2] ?? ''
      this.#mergeSection(name, section, suffix, file)
    }
  }

  #mergeSection(name: string, section: Section, suffix: string, file: string): void {
    const before = this.#sections.get(name)
    if (before !== undefined && name !== DEFAULT) {
      const known = this.#sections.get(KNOWN + name) ?? new Map<string, Placed>()
      this.#sections.set(KNOWN + name, known)
      for (const [option, value] of before) if (section.has(option)) known.set(option, value)
    }
    const place = before ?? new Map<string, Placed>()
    this.#sections.set(name, place)
    for (const [option, value] of section) place.set(option + suffix, { ...value, file })
  }
}

/** Which files a file brings with it, itself among them, in the order in which they hold. */
class Includes {
  readonly #port: FilesPort
  readonly #read = new Map<string, Ini | undefined>()
  readonly #settings: Settings
  #count = 0

  constructor(port: FilesPort, settings: Settings) {
    this.#port = port
    this.#settings = settings
  }

  ini(path: string): Ini | undefined {
    if (!this.#read.has(path)) {
      const text = this.#port.read(path)
      this.#read.set(path, text === undefined ? undefined : readIni(text))
    }
    return this.#read.get(path)
  }

  of(paths: readonly string[], seen: readonly string[]): readonly string[] {
    const all: string[] = []
    for (const path of paths) {
      all.push(path)
      const local = localOf(path)
      if (!paths.includes(local) && this.ini(local) !== undefined) all.push(local)
    }
    return all.flatMap((path) => this.#around(path, seen))
  }

  #around(path: string, seen: readonly string[]): readonly string[] {
    const ini = this.ini(path)
    this.#count += 1
    if (ini === undefined) return []
    if (this.#count > MOST_FILES) {
      this.#settings.faults.push({ file: path, line: 0, why: 'too many files bring each other in' })
      return []
    }
    const own = new Settings()
    own.merge(path, ini)
    const bring = (name: 'before' | 'after'): readonly string[] => {
      const placed = own.has(INCLUDES) ? own.raw(INCLUDES, name) : undefined
      if (placed === undefined) return []
      try {
        const names = own.get(INCLUDES, name)?.split('\n') ?? []
        const inner = names.map((one) => joined(folderOf(path), one)).filter((one) => !seen.includes(one))
        return inner.flatMap((one) => this.of([one], [...seen, path]))
      } catch (error) {
        if (!(error instanceof Unresolved)) throw error
        this.#settings.faults.push({ file: path, line: placed.line, why: error.message })
        return []
      }
    }
    return [...bring('before'), path, ...bring('after')]
  }
}

/**
 * @param base path without its ending: `/etc/fail2ban/filter.d/sshd`, `/etc/fail2ban/jail`.
 * @returns the settings of `base.conf`, `base.d/*.conf`, `base.local`, `base.d/*.local` and what they bring in; or undefined: there is no such file.
 */
export const readSettings = (port: FilesPort, base: string): Settings | undefined => {
  const folder = `${base}.d`
  const inside = (ending: string): readonly string[] =>
    port
      .list(folder)
      .filter((name) => name.endsWith(ending) && !name.startsWith('.'))
      .toSorted()
      .map((name) => `${folder}/${name}`)
  return together(port, [`${base}.conf`, ...inside('.conf'), `${base}.local`, ...inside('.local')])
}

/** @returns the settings of one file, wherever it is, and what it brings in. */
export const readSettingsFile = (port: FilesPort, path: string): Settings | undefined => together(port, [path])

const together = (port: FilesPort, candidates: readonly string[]): Settings | undefined => {
  const settings = new Settings()
  const includes = new Includes(port, settings)
  const there = candidates.filter((path) => includes.ini(path) !== undefined)
  if (there.length === 0) return undefined
  for (const path of includes.of(there, [])) {
    const ini = includes.ini(path)
    if (ini !== undefined) settings.merge(path, ini)
  }
  return settings
}

/** @returns what `read` finds, or why a value of it cannot be told. */
export const resolving = <T>(read: () => T): Result<T, string> => {
  try {
    return ok(read())
  } catch (error) {
    if (error instanceof Unresolved) return fail(error.message)
    throw error
  }
}
