/** `postern watch test|list`: tries a filter of fail2ban on lines, and says what is watched. Nothing is banned here. */
import { createReadStream, existsSync, globSync, statSync } from 'node:fs'
import { createGunzip } from 'node:zlib'
import type { Fault } from '../../ban/watch/config/settings.ts'
import { openFilter } from '../../ban/watch/filter.ts'
import { MOST_SHOWN, type Showing, Trial, writeTried } from '../../ban/watch/filter-test.ts'
import type { Settings } from '../settings/schema.ts'
import { writeTable } from '../text/table.ts'
import { clockHere, listFilters, readFilter } from '../watch/disk.ts'
import { LineCutter } from '../watch/lines.ts'
import type { Command, Given, Shell } from './command.ts'
import { configOf, configOption, configPath, loadConfig } from './config-file.ts'

const FOLDER = '/etc/fail2ban/filter.d'
const MOST_KEPT = 100_000

const folderOption = {
  name: 'folder',
  value: 'DIR',
  says: 'where filter files are, instead of those of the configuration',
  byDefault: FOLDER,
}

/** The folders of filters: as given, as the configuration has them, or fail2ban's. */
const foldersOf = (given: Given): readonly string[] => {
  const named = given.values['folder']
  if (typeof named === 'string') return [named]
  const file = configPath(given)
  const config = existsSync(file) ? loadConfig(file) : undefined
  return config?.ok === true ? config.value.settings.watch.folders.map(config.value.path) : [FOLDER]
}

const writeFault = ({ file, line, why }: Fault): string => `${file}${line > 0 ? `:${line}` : ''}: ${why}\n`

/** Gives every line of a file, or of a text, to `each`. */
const linesOf = async (source: string, each: (line: string) => void): Promise<void> => {
  if (!existsSync(source) || !statSync(source).isFile()) {
    for (const line of source.split('\n')) each(line)
    return
  }
  const cutter = new LineCutter()
  const file = createReadStream(source)
  const octets = source.endsWith('.gz') ? file.pipe(createGunzip()) : file
  for await (const chunk of octets) if (Buffer.isBuffer(chunk)) cutter.feed(chunk, each)
  cutter.finish(each)
}

const switchOf = (given: Given, kind: 'missed' | 'ignored'): 'all' | 'few' | 'none' =>
  given.values[`print-no-${kind}`] === true ? 'none' : given.values[`print-all-${kind}`] === true ? 'all' : 'few'

const tryFilter = async (given: Given, shell: Shell, named: string, source: string): Promise<number> => {
  const text = readFilter(named, foldersOf(given), false)
  if (!text.ok) {
    for (const fault of text.error) shell.err(writeFault(fault))
    return 2
  }
  const show: Showing = {
    matched: given.values['print-all-matched'] === true,
    missed: switchOf(given, 'missed'),
    ignored: switchOf(given, 'ignored'),
  }
  const all = show.matched || show.missed === 'all' || show.ignored === 'all' || given.values['json'] === true
  const trial = new Trial(all ? MOST_KEPT : MOST_SHOWN + 1)
  const { datepattern, maxlines, timezone } = given.values
  const opened = openFilter(text.value, {
    clock: clockHere(shell.now),
    all: true,
    ignored: (pattern) => trial.ignoredBy(pattern),
    ...(typeof datepattern === 'string' ? { datepattern } : {}),
    ...(typeof maxlines === 'string' && /^[1-9]\d{0,3}$/.test(maxlines) ? { maxlines: Number(maxlines) } : {}),
    ...(typeof timezone === 'string' ? { zone: timezone } : {}),
  })
  const faults = opened.ok ? opened.value.faults : opened.error
  for (const fault of faults) shell.err(writeFault(fault))
  if (!opened.ok) return 2
  const { filter } = opened.value
  if (!existsSync(source) && !/\s/.test(source)) shell.err(`there is no file ${source}: it is tried as a line\n`)
  await linesOf(source, (line) => trial.line(filter, line))
  const tried = trial.result(filter)
  if (given.values['json'] === true) shell.out(`${JSON.stringify({ filter: named, ...tried, faults })}\n`)
  else shell.out(writeTried(tried, show))
  return tried.matched.count > 0 ? 0 : 1
}

export const watchTest: Command = {
  usage: 'watch test FILTER LOGFILE|LINE',
  about:
    'Tries a filter of fail2ban (or of ours) on a log, a rotated .gz, or one line, and answers as fail2ban-regex does: hits of each failregex and ignoreregex,\ndate templates, lines ignored, matched and missed. Bans nobody, resolves no names. Exits 1 where no line matched, 2 where the filter cannot be read.',
  options: [
    { name: 'print-all-matched', says: 'print the lines that matched' },
    { name: 'print-all-missed', says: 'print all lines that did not, however many' },
    {
      name: 'print-all-ignored',
      says: 'print all lines that an ignoreregex took, or that are no failure by themselves',
    },
    { name: 'print-no-missed', says: 'print none of them' },
    { name: 'print-no-ignored', says: 'print none of them' },
    { name: 'datepattern', value: 'PATTERN', says: 'dates look so, instead of as the filter says' },
    { name: 'maxlines', value: 'N', says: 'lines that are matched together, instead of as the filter says' },
    {
      name: 'timezone',
      value: 'ZONE',
      says: 'the zone of dates that name none, as +0100',
      byDefault: "this machine's",
    },
    folderOption,
    configOption,
  ],
  example: 'postern watch test "postfix[mode=aggressive]" /var/log/mail.log --print-all-matched',
  json: true,
  run: async (given, shell) => {
    const [named, source, ...more] = given.words
    if (named === undefined || source === undefined || more.length > 0) {
      shell.err('postern watch test: name a filter and a log file, as in: postern watch test sshd /var/log/auth.log\n')
      return 2
    }
    return tryFilter(given, shell, named, source)
  },
}

type Watched = {
  readonly source: string
  readonly filter: string
  readonly offence: string
  readonly weight: number
  readonly patterns: number
  readonly files: readonly string[]
  readonly faults: readonly Fault[]
}

const watchedOf = (settings: Settings, path: (path: string) => string): readonly Watched[] =>
  settings.watch.files.map((one) => {
    const text = readFilter(one.filter, settings.watch.folders.map(path), one.path === '')
    const opened = text.ok ? openFilter(text.value, { clock: clockHere(() => 0) }) : text
    const source = one.path === '' ? `journal: ${one.journal}` : path(one.path)
    return {
      source,
      filter: one.filter,
      offence: one.offence === 'filter' ? ((text.ok ? text.value.offence : undefined) ?? 'login-failed') : one.offence,
      weight: one.weight,
      patterns: opened.ok ? opened.value.filter.patterns.fail.length : 0,
      files: one.path === '' ? [] : one.path.includes('*') ? globSync(source) : existsSync(source) ? [source] : [],
      faults: opened.ok ? opened.value.faults : opened.error,
    }
  })

export const watchList: Command = {
  usage: 'watch list',
  about:
    'Lists the logs that the configuration watches: by which filter, for which offence, how many files there are, and what is wrong with a filter.\nWith --filters the filters that there are, by name. Reads only; exits 1 where a filter has a mistake or a log is missing.',
  options: [{ name: 'filters', says: 'list the filters of fail2ban and ours instead' }, folderOption, configOption],
  example: 'postern watch list --filters',
  json: true,
  run: async (given, shell) => {
    if (given.values['filters'] === true) {
      const found = [...listFilters(foldersOf(given))]
      if (given.values['json'] === true)
        for (const [name, folder] of found) shell.out(`${JSON.stringify({ name, folder })}\n`)
      else shell.out(writeTable([{ head: 'filter' }, { head: 'folder' }], found))
      return 0
    }
    const config = configOf(given, shell)
    if (config === undefined) return 2
    const list = watchedOf(config.settings, config.path)
    if (given.values['json'] === true) for (const one of list) shell.out(`${JSON.stringify(one)}\n`)
    else if (list.length === 0)
      shell.out(
        'nothing is watched: write [[watch.files]] in the configuration, or see `postern watch import --help`\n',
      )
    else
      shell.out(
        writeTable(
          [
            { head: 'log' },
            { head: 'filter' },
            { head: 'offence' },
            { head: 'patterns', right: true },
            { head: 'files', right: true },
          ],
          list.map((one) => [
            one.source,
            one.filter,
            one.offence,
            String(one.patterns),
            one.source.startsWith('journal: ') ? '' : String(one.files.length),
          ]),
        ),
      )
    for (const { faults } of list) for (const fault of faults) shell.err(writeFault(fault))
    const missing = list.filter((one) => !one.source.startsWith('journal: ') && one.files.length === 0)
    for (const { source } of missing) shell.err(`${source}: there is no such file\n`)
    return missing.length > 0 || list.some((one) => one.faults.length > 0) ? 1 : 0
  },
}
