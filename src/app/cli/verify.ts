/** `postern verify --stdio`: the verifier for other programs, a JSON case a line in, an answer a line out. See docs/decisions/0029. */
import { answerCase } from '../verify-stdio/case.ts'
import { answerInOrder, readLines } from '../verify-stdio/lines.ts'
import type { Command } from './command.ts'

export const command: Command = {
  usage: 'verify --stdio',
  about:
    'Answers one JSON case a line with one JSON answer a line, in order: {"op":"spf","id":1,"ip":…,"helo":…,"mailfrom":…,"dns":"IP:PORT"}, ' +
    '{"op":"dkim" or "dmarc" or "arc-validate" or "all","id":…,"message":… or "message_base64":…,"dns":…}. "now" sets the time, "receiver" our name. ' +
    'It seals too: {"op":"arc-seal","id":…,"message":…,"dns":…,"privatekey":PEM,"srvid":our authserv-id,"selector":…,"domain":…,"headers":"from:to:…","t":seconds} ' +
    'is answered {"id","set"}: ARC-Seal, ARC-Message-Signature and ARC-Authentication-Results, whole fields in the order in which they go on top of the message, ' +
    'without the last line end; tags by name on one line, or with "form":"folded" in lines. The results are those of the Authentication-Results fields with that srvid, and the state of the chain ' +
    'is their arc= (or "cv"). Where nothing is to be added, "set" is empty and "reason" says why. ' +
    'A case that cannot be read is answered {"id","error"}. It changes nothing.',
  options: [{ name: 'stdio', says: 'read cases from standard input until it ends' }],
  example: `echo '{"op":"spf","id":1,"ip":"192.0.2.1","helo":"mx.example.org","mailfrom":"a@example.org"}' | postern verify --stdio`,
  json: false,
  run: async (given, shell) => {
    if (given.values['stdio'] !== true || given.words.length > 0) {
      shell.err('verify reads its cases from standard input: postern verify --stdio\n')
      return 2
    }
    const answer = async (line: string | undefined): Promise<object | undefined> => {
      if (line === undefined) return { id: null, error: 'the line is too long' }
      return line.trim() === '' ? undefined : await answerCase(line, shell.now())
    }
    await answerInOrder(readLines(shell.input), answer, (one) => {
      if (one !== undefined) shell.out(`${JSON.stringify(one)}\n`)
    })
    return 0
  },
}
