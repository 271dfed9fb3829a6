/** Finds and reads the configuration a command works with: `--config FILE`, $POSTERN_CONFIG, ./postern.toml, /etc/postern/postern.toml, in that order. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fail, ok, type Result } from '../../base/result.ts'
import { readSettings, writeMistake } from '../settings/read.ts'
import { type Settings, settingsSchema } from '../settings/schema.ts'
import type { Given, Option, Shell } from './command.ts'

export const FILE_NAME = 'postern.toml'
const SYSTEM_FILE = '/etc/postern/postern.toml'

export const configOption: Option = {
  name: 'config',
  value: 'FILE',
  says: 'the configuration',
  byDefault: `./${FILE_NAME}, else ${SYSTEM_FILE}`,
}

/** Where the house is: a configuration, or a data folder alone (the demo's). */
export const whereOptions: readonly Option[] = [
  { name: 'data', value: 'DIR', says: "a data folder (the demo's, say), instead of that of the configuration" },
  configOption,
]

export type Config = {
  readonly file: string
  readonly settings: Settings
  /** The data folder, absolute. */
  readonly folder: string
  /** A path of the settings, absolute: relative ones start at the configuration's folder. */
  readonly path: (path: string) => string
}

/** @returns the file to read; the first that is there where none is named. */
export const configPath = (given: Given): string => {
  const named = given.values['config'] ?? process.env['POSTERN_CONFIG']
  if (typeof named === 'string') return resolve(named)
  return existsSync(FILE_NAME) || !existsSync(SYSTEM_FILE) ? resolve(FILE_NAME) : SYSTEM_FILE
}

/** @returns the configuration of a file, or lines for the operator. */
export const loadConfig = (file: string): Result<Config, string> => {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    return fail(
      missing
        ? `there is no ${file}; \`postern quickstart you@example.org\` writes one, or name yours with --config`
        : `cannot read ${file}: ${error instanceof Error ? error.message : 'unknown'}`,
    )
  }
  const read = readSettings(settingsSchema, text)
  if (!read.ok) return fail(read.error.map((mistake) => writeMistake(file, mistake)).join('\n'))
  const path = (one: string): string => resolve(dirname(file), one)
  return ok({ file, settings: read.value, folder: path(read.value.data), path })
}

/** The defaults, for a command that was given only a data folder. */
const bareConfig = (data: string): Config => {
  const read = readSettings(settingsSchema, 'host = "localhost.localdomain"')
  if (!read.ok) throw new Error('the defaults have mistakes')
  return { file: '--data', settings: read.value, folder: resolve(data), path: resolve }
}

/** As `loadConfig`, or what `--data` says; a mistake is told and the answer is undefined. */
export const configOf = (given: Given, shell: Shell): Config | undefined => {
  const { data } = given.values
  if (typeof data === 'string') return bareConfig(data)
  const config = loadConfig(configPath(given))
  if (config.ok) return config.value
  shell.err(`${config.error}\n`)
  return undefined
}
