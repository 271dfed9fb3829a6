/** Finds the command that was typed, reads its options, prints its help, runs it. Nothing here knows a command by name. */
import { parseArgs } from 'node:util'
import { nearest } from '../nearest.ts'
import type { Command, CommandRow, Given, Option, Shell } from './command.ts'

const jsonOption: Option = { name: 'json', says: 'print data, one JSON value a line' }

const optionsOf = (command: Command): readonly Option[] => [
  ...command.options,
  ...(command.json ? [jsonOption] : []),
  { name: 'help', says: 'print this' },
]

/** @returns the help of one command: usage, what it does, its options, an example. */
export const helpOf = (command: Command): string => {
  const rows = optionsOf(command).map((option) => {
    const left = `--${option.name}${option.value === undefined ? '' : ` ${option.value}`}`
    return `  ${left.padEnd(22)} ${option.says}${option.byDefault === undefined ? '' : ` (default ${option.byDefault})`}`
  })
  return `postern ${command.usage}\n\n${command.about}\n\nOptions:\n${rows.join('\n')}\n\nExample:\n  ${command.example}\n`
}

const widthOf = (rows: readonly CommandRow[]): number => Math.max(...rows.map(({ name }) => name.length))

/** @returns the help of the program: every command with its sentence. */
const overview = (rows: readonly CommandRow[]): string =>
  `postern COMMAND [OPTIONS]\n\nA complete mail server for a family, a club or a ten-person business.\n\nCommands:\n${rows
    .map((row) => `  ${row.name.padEnd(widthOf(rows))} ${row.summary}`)
    .join('\n')}\n\n\`postern COMMAND --help\` tells more of one, with an example.\n`

/** @returns the options and words, or what is off with them. */
const readGiven = (command: Command, args: readonly string[]): Given | string => {
  const options = optionsOf(command)
  const known = new Set(options.map((option) => option.name))
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      strict: true,
      options: Object.fromEntries(
        options.map((option) => [option.name, { type: option.value === undefined ? 'boolean' : 'string' } as const]),
      ),
    })
    return { words: positionals, values: values as Given['values'] }
  } catch (error) {
    const wrong = args.find((arg) => arg.startsWith('--') && !known.has(arg.slice(2).split('=')[0] ?? ''))
    if (wrong !== undefined) {
      const near = nearest(wrong.slice(2).split('=')[0] ?? '', [...known])
      return `there is no option ${wrong}${near === undefined ? '' : `; did you mean --${near}?`}`
    }
    return error instanceof Error ? error.message : 'the options cannot be read'
  }
}

/** @returns the row whose name the first words are (the longest wins), and the arguments after it. */
const findCommand = (
  rows: readonly CommandRow[],
  args: readonly string[],
): { readonly row: CommandRow; readonly rest: readonly string[] } | undefined => {
  for (const length of [3, 2, 1]) {
    const name = args.slice(0, length).join(' ')
    const row = rows.find((one) => one.name === name)
    if (row !== undefined && args.length >= length) return { row, rest: args.slice(length) }
  }
  return undefined
}

const unknown = (rows: readonly CommandRow[], args: readonly string[], shell: Shell): number => {
  const familyOf = (words: number) =>
    args.length < words ? [] : rows.filter((row) => row.name.startsWith(`${args.slice(0, words).join(' ')} `))
  const words = familyOf(2).length > 0 ? 2 : 1
  const family = familyOf(words)
  if (family.length > 0) {
    const asked = args.includes('--help') || args.includes('-h')
    const typed = args.slice(0, words + 1).join(' ')
    const near =
      asked || args.length <= words
        ? undefined
        : nearest(
            typed,
            family.map(({ name }) => name),
          )
    const hint = near === undefined ? '' : `postern: there is no command "${typed}"; did you mean "${near}"?\n\n`
    ;(asked ? shell.out : shell.err)(
      `${hint}postern ${args.slice(0, words).join(' ')} is one of:\n${family.map((row) => `  ${row.name.padEnd(widthOf(family))} ${row.summary}`).join('\n')}\n`,
    )
    return asked ? 0 : 2
  }
  const typed = args.slice(0, 2).join(' ')
  const near =
    nearest(
      typed,
      rows.map((row) => row.name),
    ) ?? nearest(args[0] ?? '', [...new Set(rows.map((row) => row.name.split(' ')[0] ?? ''))])
  shell.err(
    `postern: there is no command "${args[0]}"${near === undefined ? '' : `; did you mean "${near}"?`} \`postern --help\` lists them.\n`,
  )
  return 2
}

/** @param args the program's arguments, without node and script. @returns the exit code. */
export const runCli = async (rows: readonly CommandRow[], args: readonly string[], shell: Shell): Promise<number> => {
  if (args.length === 0 || ['--help', '-h', 'help'].includes(args[0] ?? '')) {
    shell.out(overview(rows))
    return args.length === 0 ? 2 : 0
  }
  const found = findCommand(rows, args)
  if (found === undefined) return unknown(rows, args, shell)
  const command = await found.row.load()
  if (found.rest.includes('--help') || found.rest.includes('-h')) {
    shell.out(helpOf(command))
    return 0
  }
  const given = readGiven(command, found.rest)
  if (typeof given === 'string') {
    shell.err(`postern ${found.row.name}: ${given}\n\n${helpOf(command)}`)
    return 2
  }
  const [extra] = given.words
  if (extra !== undefined && command.usage === found.row.name) {
    shell.err(`postern ${found.row.name}: "${extra}" is not understood; it takes only options\n\n${helpOf(command)}`)
    return 2
  }
  return command.run(given, shell)
}
