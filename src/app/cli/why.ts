/** `postern why`: how a message was judged: every fact, test and reason, in the order they were found. */
import * as z from 'zod'
import { readDuration } from '../settings/kinds.ts'
import { askAndPrint } from './ask.ts'
import type { Command } from './command.ts'
import { whereOptions } from './config-file.ts'
import { receiptShape } from './shapes.ts'
import { writeStory } from './story.ts'

const MOST = 20

export const why: Command = {
  usage: 'why MESSAGE-ID|ADDRESS',
  about:
    'Prints how messages were judged: the sender and what is known of it, every test that fired with its points, and the reasons. Finds\nthem by Message-ID, sender, recipient, address of the peer, or a word of the subject; the newest first.',
  options: [{ name: 'since', value: 'DURATION', says: 'how far back', byDefault: '"7 d"' }, ...whereOptions],
  example: 'postern why friend@example.net --since "2 d"',
  json: true,
  run: async (given, shell) => {
    const [match, ...more] = given.words
    const since = given.values['since']
    const ms = readDuration(typeof since === 'string' ? since : '7 d')
    if (match === undefined || more.length > 0 || ms === undefined) {
      shell.err('postern why: name one Message-ID, address or word, and a length of time as in --since "2 d"\n')
      return 2
    }
    const request = { verb: 'receipts', words: { since: shell.now() - ms, match, most: MOST } }
    return askAndPrint(given, shell, request, (value) => {
      const receipts = z.array(receiptShape).parse(value)
      return receipts.length === 0 ? `nothing about "${match}" in that time\n` : receipts.map(writeStory).join('\n')
    })
  },
}
