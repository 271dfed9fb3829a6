/**
 * What a command of `postern` is: a row of src/app/cli/commands.ts, and a module that exports it.
 * Options are read by node:util.parseArgs; `--help` and, where the command prints data, `--json` come with every row.
 */
export type Option = {
  readonly name: string
  /** What stands for the value in the help (`DIR`); without it the option is a switch. */
  readonly value?: string
  readonly says: string
  readonly byDefault?: string
}

/** The options and words a command was given: `values` by option name; switches are true. */
export type Given = {
  readonly words: readonly string[]
  readonly values: Readonly<Record<string, string | true | undefined>>
}

/** Where a command writes and what it may read of its surroundings; tests give their own. */
export type Shell = {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  readonly input: AsyncIterable<Uint8Array>
  readonly now: () => number
  readonly isTerminal: boolean
  /** Calls `handler` at each of these signals. @returns a function that takes it away. */
  readonly onSignal: (name: 'SIGINT' | 'SIGTERM' | 'SIGHUP', handler: () => void) => () => void
}

export type Command = {
  /** `postern NAME WORDS`, as the help shows it: `account add ADDRESS`. */
  readonly usage: string
  /** Sentences under the usage; what it does and what it changes. */
  readonly about: string
  readonly options: readonly Option[]
  /** One line that works when pasted. */
  readonly example: string
  /** Whether `--json` makes it print data. */
  readonly json: boolean
  /** @returns the exit code: 0 done, 1 found something wrong, 2 the words given are off. */
  readonly run: (given: Given, shell: Shell) => Promise<number>
}

/** A row of the table of commands: the module is loaded only when the command is called. */
export type CommandRow = {
  /** One to three words: `serve`, `account add`, `account app-password add`. */
  readonly name: string
  readonly summary: string
  readonly load: () => Promise<Command>
}
