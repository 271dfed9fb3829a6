/** The pages of the manual that are printed from the program's tables: settings, commands, events, sentences, spam tests, replies. */
import { commands } from '../../src/app/cli/commands.ts'
import { helpOf } from '../../src/app/cli/run.ts'
import { writeSettingsPage } from '../../src/app/settings/describe.ts'
import { writeDuration } from '../../src/app/settings/kinds.ts'
import { settingsSchema } from '../../src/app/settings/schema.ts'
import { talkSentences } from '../../src/ban/sentences.ts'
import { events } from '../../src/base/events.ts'
import * as smtpTables from '../../src/session/smtp/words.ts'
import { spamTests, thresholds } from '../../src/spam/table.ts'

const printed = 'Printed from the program by `npm run docs`.'
const cell = (text: string): string => text.replaceAll('|', '\\|')
const table = (heads: readonly string[], rows: readonly (readonly string[])[]): string =>
  [
    `| ${heads.join(' | ')} |`,
    `| ${heads.map(() => '---').join(' | ')} |`,
    ...rows.map((row) => `| ${row.map(cell).join(' | ')} |`),
    '',
  ].join('\n')

export const settingsPage = (): string => writeSettingsPage(settingsSchema)

export const commandsPage = async (): Promise<string> => {
  const parts: string[] = []
  for (const row of commands) {
    const command = await row.load()
    parts.push(`## postern ${row.name}\n\n${row.summary}\n\n\`\`\`text\n${helpOf(command)}\`\`\`\n`)
  }
  return `# Commands\n\n${printed} \`postern COMMAND --help\` prints the same.\n\n${parts.join('\n')}`
}

export const eventsPage = (): string =>
  `# Log events\n\n${printed} The log is one event a line; \`/metrics\` counts each as \`postern_events_total{event="…"}\`.\n\n${table(
    ['event', 'level', 'meaning'],
    Object.entries(events).map(([name, { level, says }]) => [`\`${name}\``, level, says]),
  )}`

export const sentencesPage = (): string => {
  const rows = talkSentences.rows.map((row) => [
    row.offence,
    row.count === 1 ? 'at the first' : `at ${row.count} in ${writeDuration(row.withinMs)}`,
    row.who === 'network' ? 'its network (/24, /48)' : 'the address (/64 of IPv6)',
    `${writeDuration(row.leastMs)} – ${writeDuration(row.mostMs)}`,
    row.closes === 'all' ? 'every port' : 'the service where it happened',
  ])
  const { growth, longestMs, halfLifeMs } = talkSentences
  return `# Sentences\n\n${printed} Each row is a table of settings, \`[bans.sentences.OFFENCE-WHO]\`.\n\n${table(
    ['offence', 'when', 'who is banned', 'for', 'what is closed'],
    rows,
  )}\nThe term is drawn between the two numbers. A further ban is ${growth} times as long as the one before, up to ${writeDuration(
    longestMs,
  )}; half of a record is forgotten in ${writeDuration(halfLifeMs)}.\n\nMercies: a host or network that delivers wanted mail is not banned for one customer's mail; the sentence falls on the sending domain or address that authentication vouches for. An address with a good login in the last 30 days is not banned for failed ones: only that pair of name and password is refused. The same wrong password again and again counts once. Unknown recipients weigh 3 from a host without a confirmed reverse name and 1 from any other, so that a typing mistake is not punished. \`postern pardon\` lifts any ban.\n`
}

export const testsPage = (): string =>
  `# Spam tests\n\n${printed} The points of all tests that fire are added to those of the learner: from ${thresholds.flag} on a message is filed as Junk, from ${thresholds.reject} on it is refused.\n\n${table(
    ['test', 'points', 'fires when'],
    spamTests.map(({ name, score, says }) => [`\`${name}\``, score.toFixed(1), says]),
  )}`

export const repliesPage = (): string => {
  const rows = Object.values(smtpTables)
    .filter((words) => typeof words === 'object')
    .flatMap((words) => Object.entries<string>(words))
    .map(([reason, text]) => [
      `\`${text.split(' ').slice(0, 2).join(' ')}\``,
      text.split(' ').slice(2).join(' '),
      reason,
    ])
    .sort((a, b) => (a[0] ?? '').localeCompare(b[0] ?? '') || (a[2] ?? '').localeCompare(b[2] ?? ''))
  return `# What a sending server is told\n\n${printed} Codes of RFC 5321 and RFC 3463.\n\n${table(['reply', 'text', 'reason'], rows)}`
}
