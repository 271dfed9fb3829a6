/** Reads a dialogue file into steps; the form is told in test/dialogues/imap/README.md. */

/** `text` of what is said and heard is latin1, with its line ends. Steps of one client that follow each other are one. */
export type Step =
  | {
      readonly kind: 'open'
      readonly who: string
      readonly user: string
      readonly tls: boolean
      readonly raw: boolean
      /** In a dialogue of another protocol: this one speaks IMAP. */
      readonly imap: boolean
      readonly commands: readonly string[]
    }
  | { readonly kind: 'put'; readonly user: string; readonly mailbox: string; readonly messages: readonly string[] }
  /** The connection is lost, or the transport wants last words. */
  | { readonly kind: 'end'; readonly who: string; readonly why: Ending }
  | { readonly kind: 'say'; readonly who: string; readonly text: string }
  | { readonly kind: 'hear'; readonly who: string; readonly text: string; readonly at: number }

export type Dialogue = { readonly options: readonly string[]; readonly steps: readonly Step[] }

/** Small messages for dialogues that need some. */
export const smallMessage = (n: number): string =>
  `From: sender${n}@example.net\r\nTo: alice@example.org\r\nSubject: Message ${n}\r\nDate: Sun, 1 Mar 2026 10:0${n % 10}:00 +0000\r\nMessage-ID: <m${n}@example.net>\r\n\r\nText ${n}.\r\n`

const unescaped = (text: string): string =>
  text.replaceAll(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))

/** `{{{` at the end of a line begins a literal, `}}}` at the beginning of one ends it; its last line end is not part of it. */
const withLiterals = (lines: readonly string[], plus: string): { text: string; used: number } => {
  let text = ''
  let at = 0
  for (;;) {
    const line = lines[at] ?? ''
    at += 1
    if (!line.endsWith('{{{')) return { text: `${text}${unescaped(line)}\r\n`, used: at }
    const end = lines.findIndex((one, index) => index >= at && one.startsWith('}}}'))
    if (end < 0) throw new Error(`a literal has no end: ${line}`)
    const octets = unescaped(lines.slice(at, end).join('\r\n')).replaceAll('\\n', '\n')
    text += `${unescaped(line.slice(0, -3))}{${octets.length}${plus}}\r\n${octets}`
    const rest = (lines[end] ?? '').slice(3)
    at = end
    lines = [...lines.slice(0, end), rest, ...lines.slice(end + 1)]
  }
}

const openStep = (words: readonly string[]): Step => {
  const [who = '1', ...rest] = words
  const at = rest.indexOf('then')
  const options = at < 0 ? rest : rest.slice(0, at)
  const commands =
    at < 0
      ? []
      : rest
          .slice(at + 1)
          .join(' ')
          .split(' then ')
  const user = options.find((word) => !['raw', 'plain', 'imap'].includes(word)) ?? 'alice'
  const [raw, imap] = [options.includes('raw'), options.includes('imap')]
  return { kind: 'open', who, user, raw, imap, tls: !options.includes('plain'), commands }
}

const endings = ['gone', 'timeout', 'slow', 'shutdown', 'barred'] as const
type Ending = (typeof endings)[number]

const endStep = ([who = '1', why]: readonly string[]): Step => {
  const ending = endings.find((one) => one === why)
  if (ending === undefined) throw new Error(`no such ending: ${why}`)
  return { kind: 'end', who, why: ending }
}

const putStep = (words: readonly string[], below: readonly string[]): { step: Step; used: number } => {
  const [target = 'INBOX', what = '1'] = words
  const [user = 'alice', mailbox = 'INBOX'] = target.includes(':') ? target.split(':') : ['alice', target]
  if (what !== '{{{') {
    const [from = 1, to = from] = what.split('-').map(Number)
    const messages = Array.from({ length: to - from + 1 }, (_, at) => smallMessage(from + at))
    return { step: { kind: 'put', user, mailbox, messages }, used: 1 }
  }
  const end = below.indexOf('}}}')
  const message = unescaped(below.slice(1, end).join('\r\n'))
  return { step: { kind: 'put', user, mailbox, messages: [message] }, used: end + 1 }
}

/** @param source of the file. @returns its options and steps. @throws where it is not well-formed. */
export const readDialogue = (source: string): Dialogue => {
  const lines = source.split('\n')
  const options: string[] = []
  const steps: Step[] = []
  for (let at = 0; at < lines.length; ) {
    const line = lines[at] ?? ''
    const below = lines.slice(at)
    const spoken = /^([CS])(\d*): ?(.*)$/.exec(line)
    if (spoken !== null) {
      const who = spoken[2] === '' ? '1' : (spoken[2] ?? '1')
      const { text, used } = withLiterals([spoken[3] ?? '', ...below.slice(1)], spoken[1] === 'C' ? '+' : '')
      addSpoken(steps, spoken[1] === 'C' ? 'say' : 'hear', who, text, at + 1)
      at += used
      continue
    }
    const [word = '', ...words] = line.split(/ +/)
    if (word === '@options') options.push(...words)
    else if (word === '@open') steps.push(openStep(words))
    else if (word === '@silent') steps.push({ kind: 'hear', who: words[0] ?? '1', text: '', at: at + 1 })
    else if (word === '@end') steps.push(endStep(words))
    else if (word === '@put') {
      const { step, used } = putStep(words, below)
      steps.push(step)
      at += used
      continue
    } else if (line !== '' && !line.startsWith('#')) throw new Error(`line ${at + 1} is nothing: ${line}`)
    at += 1
  }
  return { options, steps }
}

const addSpoken = (steps: Step[], kind: 'say' | 'hear', who: string, text: string, at: number): void => {
  const before = steps.at(-1)
  if (kind === 'hear' && text === '\r\n') return
  if (kind === 'say') steps.push({ kind, who, text })
  else if (before?.kind === 'hear' && before.who === who)
    steps[steps.length - 1] = { ...before, text: before.text + text }
  else steps.push({ kind, who, text, at })
}
