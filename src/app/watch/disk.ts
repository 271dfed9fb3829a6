/** The disk and the clock as the filters of ban/watch ask for them, and where filter files are: the owner's folders first, then ours. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type FilterText, readFilterText } from '../../ban/watch/config/filter-file.ts'
import type { Fault, FilesPort } from '../../ban/watch/config/settings.ts'
import { readNamed } from '../../ban/watch/config/tags.ts'
import type { ClockPort } from '../../ban/watch/dates/value.ts'
import { fail, type Result } from '../../base/result.ts'

/** Filters of ours: what fail2ban's miss. */
const ownFilters = fileURLToPath(new URL('../../ban/watch/filters', import.meta.url))

/** Files as they are; what cannot be read is not there. */
export const filesHere: FilesPort = {
  read: (path) => {
    try {
      return statSync(path).isFile() ? readFileSync(path, 'utf8') : undefined
    } catch (error) {
      if (error instanceof Error && 'code' in error) return undefined
      throw error
    }
  },
  list: (folder) => (existsSync(folder) && statSync(folder).isDirectory() ? readdirSync(folder) : []),
}

/** The machine's zone. @param now milliseconds since 1970. */
export const clockHere = (now: () => number): ClockPort => ({
  now: () => now() / 1000,
  fromLocal: (utc) => {
    const shown = new Date(utc)
    const local = new Date(
      shown.getUTCFullYear(),
      shown.getUTCMonth(),
      shown.getUTCDate(),
      shown.getUTCHours(),
      shown.getUTCMinutes(),
      shown.getUTCSeconds(),
    )
    return Math.floor(local.getTime() / 1000)
  },
  toLocal: (seconds) => seconds * 1000 - new Date(seconds * 1000).getTimezoneOffset() * 60_000,
})

/**
 * @param named `sshd`, `postfix[mode=auth]`, or the path of a filter file. @param folders where filter files are, the first that has one wins.
 * @returns the filter as text, or what is wrong and where.
 */
export const readFilter = (
  named: string,
  folders: readonly string[],
  journal: boolean,
): Result<FilterText, readonly Fault[]> => {
  const read = readNamed(named)
  if (!read.ok) return fail([{ file: named, line: 0, why: read.error }])
  const { name, options } = read.value
  const all = [...folders, ownFilters]
  const folder = all.find((one) => existsSync(`${one}/${name}.conf`) || existsSync(`${one}/${name}.local`))
  return readFilterText(filesHere, { folder: folder ?? all[0] ?? '', name, options, journal })
}

/** The filters that there are, by name, with the folder of each. */
export const listFilters = (folders: readonly string[]): ReadonlyMap<string, string> => {
  const found = new Map<string, string>()
  for (const folder of [...folders, ownFilters])
    for (const file of filesHere.list(folder).toSorted()) {
      const name = file.replace(/\.conf$/, '')
      if (file.endsWith('.conf') && !name.endsWith('-common') && name !== 'common' && !found.has(name))
        found.set(name, folder)
    }
  return found
}
