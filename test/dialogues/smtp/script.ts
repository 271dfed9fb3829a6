/** Reads and plays a golden dialogue of SMTP; the form is told in README.md. */
import assert from 'node:assert/strict'
import type { Act } from '../../../src/base/act.ts'
import { actsOf, type House, type HouseOptions, smtpHouse, testPeer, testTls } from './house.ts'

const escapes: Readonly<Record<string, string>> = { r: '\r', n: '\n', '0': '\0', t: '\t', '\\': '\\' }
const unescaped = (text: string): Buffer =>
  Buffer.concat(
    text.split(/(\\x[0-9a-f]{2}|\\[rn0t\\]|\{\d+\*[^}]*\})/).map((part) => {
      const repeated = /^\{(\d+)\*([^}]*)\}$/.exec(part)
      if (repeated !== null) return Buffer.from((repeated[2] ?? '').repeat(Number(repeated[1])))
      if (/^\\x/.test(part)) return Buffer.from([Number.parseInt(part.slice(2), 16)])
      return Buffer.from(/^\\./.test(part) ? (escapes[part[1] ?? ''] ?? part) : part)
    }),
  )

/** `C: text` is a line; with a backslash at its end it has no line end. */
const said = (line: string): Buffer => {
  const text = line.slice(3)
  return text.endsWith('\\') && !text.endsWith('\\\\')
    ? unescaped(text.slice(0, -1))
    : Buffer.concat([unescaped(text), Buffer.from('\r\n')])
}

/** The answer to EHLO is `S: (keywords)` where the dialogue is not about it. */
const shortened = (lines: readonly string[], keywords: boolean): readonly string[] => {
  const from = lines.indexOf('S: 250-mx.example.org')
  const to = lines.indexOf('S: 250 HELP')
  return keywords || from < 0 ? lines : [...lines.slice(0, from), 'S: (keywords)', ...lines.slice(to + 1)]
}

const told = (acts: readonly Act[]): readonly string[] =>
  acts.flatMap((act) => {
    if (act.act === 'write') {
      const text = Buffer.from(act.bytes).toString('latin1')
      assert.ok(text.endsWith('\r\n'), 'a reply has its line end')
      return text
        .slice(0, -2)
        .split('\r\n')
        .map((line) => `S: ${line}`)
    }
    if (act.act === 'patience') return []
    return [act.act === 'wait' ? `A: wait ${act.ms}` : `A: ${act.act}`]
  })

/** What happened behind the session since it was last asked. */
const behind = (house: House, seen: { taken: number; offences: number }): readonly string[] => {
  const taken = house.taken.slice(seen.taken).map(({ envelope, bytes }) => {
    const { mailFrom, recipients, protocol, body } = envelope
    const extras = [
      envelope.ret === undefined ? '' : ` ret=${envelope.ret}`,
      envelope.envid === undefined ? '' : ` envid=${envelope.envid}`,
      envelope.requireTls ? ' requiretls' : '',
      envelope.holdUntil === undefined ? '' : ` hold=${new Date(envelope.holdUntil).toISOString()}`,
    ].join('')
    const to = recipients.map(({ address, notify, orcpt }) =>
      [address.text, notify.length > 0 ? ` notify=${notify}` : '', orcpt === undefined ? '' : ` orcpt=${orcpt}`].join(
        '',
      ),
    )
    const text = JSON.stringify(bytes.toString('latin1'))
    return `M: ${protocol} ${body}${extras} <${mailFrom?.text ?? ''}> -> ${to.join(', ')} ${bytes.length > 200 ? `${bytes.length} octets` : text}`
  })
  const offences = house.offences.slice(seen.offences).map((kind) => `E: ${kind}`)
  seen.taken = house.taken.length
  seen.offences = house.offences.length
  return [...taken, ...offences]
}

export type Setting = { -readonly [K in keyof HouseOptions]: HouseOptions[K] } & { quiet?: boolean; keywords?: boolean }

const set = (options: Setting, words: readonly string[]): void => {
  const [name = '', value = ''] = words
  if (name === 'bareLf' && (value === 'refuse' || value === 'rewrite')) options.bareLf = value
  else if (name === 'early' && (value === 'refuse' || value === 'allow')) options.early = value
  else if (name === 'submission') options.submission = value === 'yes'
  else if (name === 'requireTls') options.requireTls = value === 'yes'
  else if (name === 'startTls') options.startTls = value === 'yes'
  else if (name === 'quiet') options.quiet = value === 'yes'
  else if (name === 'keywords') options.keywords = value === 'yes'
  else if (name === 'room') options.room = Number(value)
  else options.limits = { ...options.limits, [name]: Number(value) }
}

export type Step = { readonly command: string; readonly input: Buffer; readonly expected: string[] }

/** @param source of one dialogue, below its `==` line. */
export const readDialogue = (source: string): { readonly options: Setting; readonly steps: readonly Step[] } => {
  const options: Setting = {}
  const steps: { command: string; input: Buffer; expected: string[] }[] = [
    { command: 'greet', input: Buffer.alloc(0), expected: [] },
  ]
  for (const line of source.split('\n')) {
    const last = steps.at(-1)
    if (line === '' || line.startsWith('#')) continue
    if (line.startsWith('set ')) set(options, line.slice(4).split(' '))
    else if (line.startsWith('C: ') && last?.command === 'octets' && last.expected.length === 0)
      steps.splice(-1, 1, { ...last, input: Buffer.concat([last.input, said(line)]) })
    else if (line.startsWith('C: ')) steps.push({ command: 'octets', input: said(line), expected: [] })
    else if (/^[SAEM]: /.test(line)) last?.expected.push(line)
    else steps.push({ command: line, input: Buffer.alloc(0), expected: [] })
  }
  return { options, steps }
}

const act = async (house: House, step: Step, options: Setting): Promise<readonly Act[]> => {
  const [verb = '', argument = ''] = step.command.split(' ')
  if (verb === 'greet') return actsOf(house.session.greet(testPeer, async () => options.quiet ?? true))
  if (verb === 'octets') return actsOf(house.session.octets(step.input))
  if (verb === 'gone') house.session.gone()
  else if (verb === 'secured') house.session.secured(testTls)
  else if (verb === 'later') house.clock.now += Number(argument)
  else if (
    argument === 'timeout' ||
    argument === 'slow' ||
    argument === 'shutdown' ||
    argument === 'barred' ||
    argument === 'revoked'
  )
    return actsOf(house.session.farewell(argument))
  else throw new Error(`no such step: ${step.command}`)
  return []
}

export type Played = { readonly step: Step; readonly found: readonly string[] }

/** Plays all steps. @returns what each led to, and the spools that were left open. */
export const play = async (
  options: Setting,
  steps: readonly Step[],
): Promise<{ readonly played: readonly Played[]; readonly openSpools: number }> => {
  const house = smtpHouse(options)
  const seen = { taken: 0, offences: 0 }
  const played: Played[] = []
  for (const step of steps) {
    const acts = await act(house, step, options)
    played.push({ step, found: [...shortened(told(acts), options.keywords === true), ...behind(house, seen)] })
  }
  house.session.gone()
  await new Promise((resolve) => setImmediate(resolve))
  return { played, openSpools: house.openSpools() }
}
