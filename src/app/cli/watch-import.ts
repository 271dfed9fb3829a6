/** `postern watch import`: what of a fail2ban configuration is ours, as settings to paste; what is not, as remarks. Changes nothing. */
import { existsSync, globSync } from 'node:fs'
import { talkSentences } from '../../ban/sentences.ts'
import { readFilterText } from '../../ban/watch/config/filter-file.ts'
import { readNamed } from '../../ban/watch/config/tags.ts'
import { openFilter } from '../../ban/watch/filter.ts'
import { type JailEntry, type JailFile, readJailFile } from '../../ban/watch/jail-file.ts'
import { readPrefix, writePrefix } from '../../base/ip.ts'
import { writeDuration } from '../settings/kinds.ts'
import { clockHere, filesHere } from '../watch/disk.ts'
import type { Command } from './command.ts'

const DAY = 86_400_000
const logins = talkSentences.rows.find((row) => row.offence === 'login-failed' && row.who === 'address')?.count ?? 3

const quoted = (text: string): string => JSON.stringify(text)

/** Actions of fail2ban that a jail of ours has no need of are not remarked on; these are. */
const remarksOf = (folder: string, jail: JailEntry): readonly string[] => {
  const remarks = jail.left.map((option) => `[${jail.name}] ${option}: has no meaning here`)
  const named = readNamed(jail.filter)
  const text = named.ok
    ? readFilterText(filesHere, { folder: `${folder}/filter.d`, ...named.value, journal: jail.journal })
    : undefined
  if (text === undefined || !text.ok)
    return [...remarks, `[${jail.name}] the filter ${jail.filter} cannot be read: ${text?.error[0]?.why ?? 'its name'}`]
  const opened = openFilter(text.value, { clock: clockHere(() => 0) })
  const faults = opened.ok ? opened.value.faults : opened.error
  return [...remarks, ...faults.map(({ file, line, why }) => `[${jail.name}] ${file}:${line}: ${why}`)]
}

const isThere = (log: string): boolean => (log.includes('*') ? globSync(log).length > 0 : existsSync(log))

const entriesOf = (jail: JailEntry): readonly string[] => {
  const weight = jail.maxretry === undefined || jail.maxretry === logins ? undefined : logins / jail.maxretry
  const sources =
    jail.journal || jail.logs.length === 0
      ? ['journal = "filter"']
      : jail.logs.map((log) => `path = ${quoted(log)}${isThere(log) ? '' : '  # not there now'}`)
  return sources.map((source) =>
    [
      '[[watch.files]]',
      source,
      `filter = ${quoted(jail.filter)}`,
      ...(weight === undefined ? [] : [`weight = ${Number(weight.toPrecision(3))}  # maxretry = ${jail.maxretry}`]),
      ...(jail.zone === undefined || jail.zone === '' ? [] : [`zone = ${quoted(jail.zone)}`]),
      '',
    ].join('\n'),
  )
}

const spans = (jails: readonly JailEntry[], of: (jail: JailEntry) => number | undefined): readonly number[] => [
  ...new Set(jails.flatMap((jail) => of(jail) ?? [])),
]
const writeSpan = (ms: number): string => (Number.isFinite(ms) ? writeDuration(ms) : 'for ever')

/** One sentence holds for all logins: the longest of what fail2ban had. */
const sentenceOf = (jails: readonly JailEntry[]): readonly string[] => {
  const find = spans(jails, (jail) => jail.findtimeMs)
  const ban = spans(jails, (jail) => jail.bantimeMs)
  if (find.length === 0 || ban.length === 0) return []
  const finite = ban.filter((ms) => Number.isFinite(ms))
  const term = Math.max(...finite, ban.length > finite.length ? 7 * DAY : 0)
  return [
    `# fail2ban had findtime ${find.map(writeSpan).join(', ')} and bantime ${ban.map(writeSpan).join(', ')}. One sentence holds for all failed logins;`,
    `# Postern's own is 3 in 12 h for 1 h - 2 h, twice as long each time. To have fail2ban's:`,
    '# [bans.sentences.login-failed-address]',
    `# within = ${quoted(writeDuration(Math.max(...find)))}`,
    `# term = ${quoted(`${writeDuration(term)} - ${writeDuration(term)}`)}`,
    '',
  ]
}

/** @returns the settings as TOML, remarks as comments. */
export const writeImport = (folder: string, file: JailFile): string => {
  const allow = [...new Set(file.jails.flatMap((jail) => jail.ignoreip))]
  const networks = allow.flatMap((text) => {
    const prefix = readPrefix(text)
    return prefix.ok ? [writePrefix(prefix.value)] : []
  })
  const names = allow.filter((text) => !readPrefix(text).ok)
  const remarks = [
    ...file.jails.flatMap((jail) => remarksOf(folder, jail)),
    ...file.faults.map((fault) => `${fault.file}:${fault.line}: ${fault.why}`),
    ...names.map((name) => `ignoreip ${name}: a name is no network; write its addresses in [bans] allow`),
  ]
  return [
    `# From ${folder}: ${file.jails.length} jails that are on, ${file.off} that are off. Put this into postern.toml, then end fail2ban:`,
    '# both would ban, and neither would lift what the other set.',
    ...remarks.map((remark) => `# NOT TAKEN ${remark}`),
    '',
    ...(networks.length === 0 ? [] : ['# Into [bans]:', `# allow = [${networks.map(quoted).join(', ')}]`, '']),
    ...sentenceOf(file.jails),
    '[watch]',
    `folders = [${quoted(`${folder}/filter.d`)}]`,
    '',
    ...file.jails.flatMap(entriesOf),
  ].join('\n')
}

export const watchImport: Command = {
  usage: 'watch import [DIR]',
  about:
    "Reads fail2ban's jail.conf, jail.local and jail.d and prints the [watch] settings for the jails that are on; what has no counterpart stands there as\na remark. Changes nothing: paste what you want. The filters stay where they are and are read from there.",
  options: [],
  example: 'postern watch import /etc/fail2ban',
  json: true,
  run: async (given, shell) => {
    const [folder = '/etc/fail2ban', ...more] = given.words
    if (more.length > 0) {
      shell.err('postern watch import: name one folder, as in /etc/fail2ban\n')
      return 2
    }
    const file = readJailFile(filesHere, folder.replace(/\/$/, ''))
    if (!file.ok) {
      shell.err(`postern watch import: ${file.error.file}: ${file.error.why}\n`)
      return 2
    }
    shell.out(
      given.values['json'] === true
        ? `${JSON.stringify(file.value)}\n`
        : writeImport(folder.replace(/\/$/, ''), file.value),
    )
    return 0
  },
}
