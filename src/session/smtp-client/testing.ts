/** A server without a socket, as a script: what it offers, and what it says to which line instead of yes. For tests and fuzzing of the client. */
import { fail, ok } from '../../base/result.ts'
import { ContentReader } from '../../wire/smtp/content.ts'
import type { Link } from './dialogue.ts'

/** What to say to a line: a whole reply with its line ends; `close`: the connection ends; `stall`: nothing is ever said. */
type Answer = string | 'close' | 'stall'
export type Script = {
  readonly greeting?: Answer
  /** Keywords of EHLO. */
  readonly offers?: readonly string[]
  /** By the beginning of a line (`RCPT TO:<b@x>`, `.` for the end of the content, `BDAT`): the answers of each time it comes, the last of them for all further times. */
  readonly answers?: Readonly<Record<string, readonly Answer[]>>
  readonly secure?: string
}
export type Scripted = {
  readonly link: Link
  /** Lines that the client said. */
  readonly said: string[]
  /** Writes of the client, in the order they came. */
  readonly writes: string[]
  /** Contents that came whole. */
  readonly messages: string[]
}

const yes: Readonly<Record<string, string>> = { DATA: '354 go\r\n', QUIT: '221 bye\r\n', STARTTLS: '220 go\r\n' }

/** One connection to a server that follows the script. */
export const scripted = (script: Script = {}): Scripted => {
  const { offers = ['PIPELINING', 'SIZE 1000000', '8BITMIME', 'SMTPUTF8', 'DSN'], answers = {} } = script
  const counts = new Map<string, number>()
  const [said, writes, messages]: [string[], string[], string[]] = [[], [], []]
  let waiting = ''
  let state: 'open' | 'closed' | 'stalled' = 'open'
  let held = ''
  let content: { readonly reader: ContentReader; readonly parts: string[] } | undefined
  let chunk = 0

  const answer = (line: string, byDefault: string): void => {
    const key =
      Object.keys(answers).find((start) => line.startsWith(start) || (start === 'an empty line' && line === '')) ?? line
    const list = answers[key] ?? [byDefault]
    const times = counts.get(key) ?? 0
    counts.set(key, times + 1)
    const text = list[Math.min(times, list.length - 1)] ?? byDefault
    if (text === 'close') state = 'closed'
    else if (text === 'stall') state = 'stalled'
    else if (text.includes('\r\n') || text === '') {
      waiting += text
      if (line === 'DATA' && text.startsWith('354'))
        content = { reader: new ContentReader({ dots: true, rewriteLf: false }), parts: [] }
    } else throw new Error(`no reply: ${text}`)
  }
  const hear = (line: string): void => {
    said.push(line)
    const verb = line.split(' ')[0] ?? ''
    if (verb === 'EHLO') {
      const list = ['server.example', ...offers]
      answer(line, list.map((word, at) => `250${at === list.length - 1 ? ' ' : '-'}${word}\r\n`).join(''))
    } else if (verb === 'BDAT') chunk = Number(line.split(' ')[1])
    else answer(line, yes[verb] ?? '250 2.0.0 ok\r\n')
  }
  const take = (): boolean => {
    if (content !== undefined) {
      const { reader, parts } = content
      const taken = reader.read(Buffer.from(held, 'latin1'), 0, held.length)
      parts.push(Buffer.from(taken.octets).toString('latin1'))
      held = held.slice(taken.at)
      if (!reader.ended) return false
      messages.push(parts.join(''))
      content = undefined
      answer('.', '250 2.0.0 taken\r\n')
      return true
    }
    if (chunk > 0) {
      if (held.length < chunk) return false
      messages.push(held.slice(0, chunk))
      held = held.slice(chunk)
      chunk = 0
      answer('BDAT', '250 2.0.0 taken\r\n')
      return true
    }
    const end = held.indexOf('\r\n')
    if (end < 0) return false
    const line = held.slice(0, end)
    held = held.slice(end + 2)
    hear(line)
    return true
  }
  answer('the greeting', script.greeting ?? '220 server.example ESMTP\r\n')
  const link: Link = {
    some: async () => {
      const bytes = Buffer.from(waiting, 'latin1')
      waiting = ''
      if (bytes.length > 0) return ok(bytes)
      return fail(state === 'closed' ? 'closed' : 'timeout')
    },
    send: async (bytes) => {
      const text = Buffer.from(bytes).toString('latin1')
      writes.push(text)
      held += text
      while (state === 'open' && take());
      return ok(undefined)
    },
    secure: async () => (script.secure === undefined ? ok(undefined) : fail(script.secure)),
  }
  return { link, said, writes, messages }
}
