/**
 * A filter of fail2ban, read: its patterns as text with every `%(…)s` and `<…>` of the files replaced, and where they stand (fail2ban 1.0,
 * jail.conf(5), "FILTERS"). The disk is a parameter; pure.
 */
import { fail, ok, type Result } from '../../../base/result.ts'
import {
  type Fault,
  type FilesPort,
  readSettings,
  readSettingsFile,
  resolving,
  type Settings,
  Unresolved,
} from './settings.ts'
import { replaceTags } from './tags.ts'

/** One pattern of a filter. */
export type FilterLine = { readonly text: string; readonly file: string; readonly line: number }

export type FilterText = {
  readonly name: string
  readonly prefregex: FilterLine | undefined
  readonly failregex: readonly FilterLine[]
  readonly ignoreregex: readonly FilterLine[]
  readonly maxlines: number
  readonly datepattern: string | undefined
  readonly usedns: string | undefined
  /** Words as journalctl takes them, one list a line. */
  readonly journalmatch: readonly (readonly string[])[]
  /** The kind of offence; only filters of ours name one. */
  readonly offence: string | undefined
  /** What could not be read; the rest is in force. */
  readonly faults: readonly Fault[]
  readonly files: readonly string[]
}

const MOST_PATTERNS = 2000
const wanted = [
  'usedns',
  'prefregex',
  'ignoreregex',
  'failregex',
  'maxlines',
  'datepattern',
  'journalmatch',
  'offence',
] as const

/** Shell words, as much of them as journalmatch uses. */
const shellWords = (line: string): readonly string[] =>
  [...line.matchAll(/(?:[^\s"']|"[^"]*"|'[^']*')+/g)].map((word) => word[0].replaceAll(/"([^"]*)"|'([^']*)'/g, '$1$2'))

/** The values of [Definition] and [Init] with the options of whoever uses the filter. Throws `Unresolved`. */
const valuesOf = (
  settings: Settings,
  options: ReadonlyMap<string, string>,
  journal: boolean,
): ReadonlyMap<string, string> => {
  const given = new Map(options)
  if ((given.get('logtype') ?? '') === '' && !settings.owns('Definition', 'logtype'))
    given.set('logtype', journal ? 'journal' : 'file')
  const values = new Map<string, string>()
  for (const name of wanted) {
    const value = given.has(name) ? undefined : settings.get('Definition', name, given)
    if (value !== undefined) values.set(name, value)
  }
  const init = new Map(given)
  for (const name of settings.names('Init')) {
    const value = settings.get('Init', name) ?? ''
    if (!name.startsWith('known/')) init.set(`known/${name}`, value)
    if (!init.has(name)) init.set(name, value)
  }
  for (const [name, value] of init) values.set(name, value)
  return replaceTags(values, (tag) => {
    try {
      return settings.getAnywhere('Definition', tag, given)
    } catch (error) {
      if (error instanceof Unresolved) return undefined
      throw error
    }
  })
}

const faultAt = (settings: Settings, name: string, why: string): Fault => {
  const placed = settings.raw('Definition', name)
  return { file: placed?.file ?? settings.files.at(-1) ?? '', line: placed?.line ?? 0, why }
}

/** What a filter reads when it is put together. */
export type FilterSource = {
  /** The folder that holds `filter.d`'s files. */
  readonly folder: string
  /** A name in the folder, or a path that ends in `.conf` or `.local`. */
  readonly name: string
  readonly options: ReadonlyMap<string, string>
  /** Whether lines come from the journal (without date and host name). */
  readonly journal: boolean
}

/** @returns the filter, or the faults for which there is none. */
export const readFilterText = (port: FilesPort, source: FilterSource): Result<FilterText, readonly Fault[]> => {
  const path = /\.(?:conf|local)$/.test(source.name)
  const file = path ? source.name : `${source.folder}/${source.name}`
  const settings = path ? readSettingsFile(port, file) : readSettings(port, file)
  if (settings === undefined)
    return fail([{ file: path ? file : `${file}.conf`, line: 0, why: 'there is no such file' }])
  if (!settings.has('Definition'))
    return fail([
      ...settings.faults,
      { file: settings.files.at(-1) ?? file, line: 0, why: 'there is no section [Definition]' },
    ])
  const read = resolving(() => valuesOf(settings, source.options, source.journal))
  if (!read.ok) return fail([...settings.faults, faultAt(settings, 'failregex', read.error)])
  const values = read.value
  const faults: Fault[] = [...settings.faults]
  const lines = (name: 'failregex' | 'ignoreregex' | 'prefregex'): readonly FilterLine[] => {
    const placed = settings.raw('Definition', name)
    const place = { file: placed?.file ?? settings.files.at(-1) ?? '', line: placed?.line ?? 0 }
    const text = values.get(name) ?? ''
    const all = (name === 'prefregex' ? [text] : text.split('\n')).filter((line) => line !== '')
    return all.slice(0, MOST_PATTERNS).map((line) => ({ text: line, ...place }))
  }
  const maxlines = Number(values.get('maxlines') ?? '1')
  if (!Number.isInteger(maxlines) || maxlines < 1)
    faults.push(faultAt(settings, 'maxlines', 'maxlines must be a number above zero'))
  return ok({
    name: source.name,
    prefregex: lines('prefregex')[0],
    failregex: lines('failregex'),
    ignoreregex: lines('ignoreregex'),
    maxlines: Number.isInteger(maxlines) && maxlines > 0 ? maxlines : 1,
    datepattern: values.get('datepattern'),
    usedns: values.get('usedns'),
    journalmatch: (values.get('journalmatch') ?? '')
      .split('\n')
      .map(shellWords)
      .filter((words) => words.length > 0),
    offence: values.get('offence'),
    faults,
    files: settings.files,
  })
}
