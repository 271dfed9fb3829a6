/** `postern config describe|check`. */
import * as z from 'zod'
import { nearest } from '../nearest.ts'
import { writeSettings } from '../settings/describe.ts'
import { settingsSchema } from '../settings/schema.ts'
import { sectionsOf } from '../settings/walk.ts'
import type { Command } from './command.ts'
import { beyondText } from './config-beyond.ts'
import { configOption, configPath, loadConfig } from './config-file.ts'

export const configDescribe: Command = {
  usage: 'config describe [WORD]',
  about:
    'Prints every setting with its default and what it does; with a word, those whose name holds it.\n--json prints the JSON schema.',
  options: [],
  example: 'postern config describe bans.sentences',
  json: true,
  run: async (given, shell) => {
    if (given.values['json'] === true) {
      shell.out(`${JSON.stringify(z.toJSONSchema(settingsSchema, { io: 'input', unrepresentable: 'any' }), null, 2)}\n`)
      return 0
    }
    const word = given.words[0] ?? ''
    const text = writeSettings(settingsSchema, word)
    if (text !== '') {
      shell.out(text)
      return 0
    }
    const near = nearest(
      word,
      sectionsOf(settingsSchema).flatMap((section) => section.leaves.map((leaf) => leaf.key)),
    )
    shell.err(`postern: no setting's name holds "${word}"${near === undefined ? '' : `; did you mean ${near}?`}\n`)
    return 1
  },
}

export const configCheck: Command = {
  usage: 'config check [FILE]',
  about:
    'Reads a configuration and tells every mistake in it, with line and column; also files that it names and that cannot be\nread, and what is allowed but not wise. Changes nothing.',
  options: [configOption],
  example: 'postern config check postern.toml',
  json: true,
  run: async (given, shell) => {
    const file = given.words[0] ?? configPath(given)
    const config = loadConfig(file)
    const { problems, notes } = config.ok ? beyondText(config.value) : { problems: config.error.split('\n'), notes: [] }
    const ok = problems.length === 0
    if (given.values['json'] === true) shell.out(`${JSON.stringify({ file, ok, mistakes: problems, notes })}\n`)
    else {
      for (const problem of problems) shell.err(`${config.ok ? `${file}: ` : ''}${problem}\n`)
      for (const note of notes) shell.err(`${file}: note: ${note}\n`)
      if (ok) shell.out(`${file}: no mistakes\n`)
    }
    return ok ? 0 : 1
  },
}
