/** `postern check`: the invariants of the store. */
import * as z from 'zod'
import { ask } from './ask.ts'
import type { Command } from './command.ts'
import { configOf, whereOptions } from './config-file.ts'

export const check: Command = {
  usage: 'check',
  about:
    'Checks every invariant of the mail store: order, counts, references, quota, and that each stored body can be read. Reads only;\nexits 1 if it finds something. Works while the server runs (it answers itself, and mail waits meanwhile) or while it does not.',
  options: whereOptions,
  example: 'postern check --json',
  json: true,
  run: async (given, shell) => {
    const config = configOf(given, shell)
    if (config === undefined) return 2
    const answer = await ask(config, { verb: 'check', words: {} }, { now: shell.now })
    if (!answer.ok) {
      shell.err(`postern: ${answer.error}\n`)
      return 1
    }
    const findings = z.array(z.string()).parse(answer.value)
    if (given.values['json'] === true)
      shell.out(`${JSON.stringify({ folder: config.folder, sound: findings.length === 0, findings })}\n`)
    else if (findings.length === 0) shell.out(`${config.folder}: sound\n`)
    else shell.out(`${config.folder}: ${findings.length} findings\n${findings.map((one) => `  ${one}\n`).join('')}`)
    return findings.length === 0 ? 0 : 1
  },
}
