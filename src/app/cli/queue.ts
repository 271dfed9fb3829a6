/** `postern queue list|show|hold|release|retry|drop|route`. */
import * as z from 'zod'
import { writeTable } from '../text/table.ts'
import { ask, askAndPrint } from './ask.ts'
import type { Command, Given, Option, Shell } from './command.ts'
import { configOf, whereOptions } from './config-file.ts'

const lastShape = z.object({
  ...{ at: z.number(), host: z.string(), stage: z.string(), code: z.number(), enhanced: z.string() },
  ...{ text: z.string(), class: z.string() },
})
const entryShape = z.object({
  ...{ id: z.number(), message: z.string(), sender: z.string(), recipient: z.string(), account: z.string().optional() },
  ...{ state: z.string(), why: z.string(), queuedAt: z.number(), nextAt: z.number(), expiresAt: z.number() },
  ...{ tries: z.number(), size: z.number(), subject: z.string(), last: lastShape.optional() },
})
type Entry = z.output<typeof entryShape>
const doneShape = z.object({ act: z.string(), count: z.number() })
const wayShape = z.object({
  domain: z.string(),
  relay: z.object({ host: z.string(), port: z.number(), tls: z.string() }).optional(),
  sts: z.string().optional(),
  problem: z.object({ permanent: z.boolean(), says: z.string() }).optional(),
  hosts: z.array(
    z.object({
      ...{ name: z.string(), preference: z.number(), tls: z.string() },
      addresses: z.array(z.object({ ip: z.string(), failedLately: z.boolean() })),
    }),
  ),
  destinations: z.array(
    z.object({
      ...{ key: z.string(), connections: z.number(), limit: z.number(), gapMs: z.number(), restUntil: z.number() },
      ...{ waiting: z.number(), said: z.object({ text: z.string(), host: z.string() }).optional() },
    }),
  ),
})

const MOST_LISTED = 1000
const date = (at: number): string => new Date(at).toISOString().slice(0, 16).replace('T', ' ')
/** `in 5 min`, `2 h ago`. */
const from = (at: number, now: number): string => {
  const minutes = Math.round(Math.abs(at - now) / 60_000)
  const text =
    minutes < 90
      ? `${minutes} min`
      : minutes < 2880
        ? `${Math.round(minutes / 60)} h`
        : `${Math.round(minutes / 1440)} d`
  return at >= now ? `in ${text}` : `${text} ago`
}

const choiceOptions: readonly Option[] = [
  { name: 'domain', value: 'DOMAIN', says: "those to this recipients' domain" },
  { name: 'account', value: 'ADDRESS', says: 'those that this account sent' },
  { name: 'state', value: 'STATE', says: 'those that are waiting, or held' },
]

/** @returns which entries are meant; undefined, and the operator was told, where the words are off. */
const choiceOf = (given: Given, shell: Shell, command: string): Readonly<Record<string, unknown>> | undefined => {
  const ids = given.words.map(Number)
  if (ids.some((id) => !Number.isSafeInteger(id) || id < 1)) {
    shell.err(`postern ${command}: name entries by the numbers that \`postern queue list\` shows\n`)
    return undefined
  }
  const { domain, account, state } = given.values
  if (state !== undefined && state !== 'waiting' && state !== 'held') {
    shell.err(`postern ${command}: --state takes waiting or held\n`)
    return undefined
  }
  return {
    ...(ids.length === 0 ? {} : { ids }),
    ...(typeof domain === 'string' ? { domain } : {}),
    ...(typeof account === 'string' ? { account } : {}),
    ...(state === undefined ? {} : { state }),
  }
}

const rowOf = (one: Entry, now: number): readonly string[] => [
  String(one.id),
  one.state === 'held' ? `held (${one.why})` : from(one.nextAt, now),
  from(one.queuedAt, now),
  String(one.tries),
  one.account ?? (one.sender === '' ? '<>' : one.sender),
  one.recipient,
  one.last === undefined ? '' : [one.last.code === 0 ? '' : one.last.code, one.last.text].join(' ').trim(),
]

export const queueList: Command = {
  usage: 'queue list [NUMBER…]',
  about: 'Lists what is to leave, a line a recipient: when it is tried next, how often it was, and what was said last.',
  options: [...choiceOptions, ...whereOptions],
  example: 'postern queue list --domain example.com',
  json: true,
  run: async (given, shell) => {
    const choice = choiceOf(given, shell, 'queue list')
    if (choice === undefined) return 2
    const request = { verb: 'queue-list', words: { ...choice, most: MOST_LISTED } }
    return askAndPrint(given, shell, request, (value) => {
      const entries = z.array(entryShape).parse(value)
      if (entries.length === 0) return 'nothing is queued\n'
      const heads = ['number', 'next try', 'queued', 'tries', 'from', 'to', 'last said'].map((head) => ({
        ...{ head, right: head === 'number' || head === 'tries' },
        ...(head === 'last said' ? { most: 70 } : {}),
      }))
      const more = entries.length === MOST_LISTED ? `the first ${MOST_LISTED}; choose with --domain or --account\n` : ''
      return `${writeTable(
        heads,
        entries.map((one) => rowOf(one, shell.now())),
      )}${more}`
    })
  },
}

export const queueShow: Command = {
  usage: 'queue show NUMBER',
  about: 'Shows one entry of the queue: whose it is, what was said, and the head of the message.',
  options: whereOptions,
  example: 'postern queue show 17',
  json: true,
  run: async (given, shell) => {
    const id = Number(given.words[0])
    if (given.words.length !== 1 || !Number.isSafeInteger(id) || id < 1) {
      shell.err('postern queue show: name one number that `postern queue list` shows\n')
      return 2
    }
    return askAndPrint(given, shell, { verb: 'queue-show', words: { id } }, (value) => {
      const { head, ...one } = entryShape.extend({ head: z.string() }).parse(value)
      const now = shell.now()
      const lines: readonly (readonly [string, string])[] = [
        ['message', one.message],
        ['from', `<${one.sender}>${one.account === undefined ? '' : ` (${one.account})`}`],
        ['to', one.recipient],
        [
          'state',
          one.state === 'held'
            ? `held: ${one.why}`
            : `waiting; next try ${from(one.nextAt, now)}, ${date(one.nextAt)} UTC`,
        ],
        ['queued', `${date(one.queuedAt)} UTC; given up ${from(one.expiresAt, now)}`],
        ['tries', String(one.tries)],
        ['size', `${one.size} octets`],
        ...(one.last === undefined
          ? []
          : ([
              [
                'last said',
                `${one.last.host}: ${one.last.code === 0 ? '' : `${one.last.code} `}${one.last.enhanced} ${one.last.text}`,
              ],
              ['that is', `${one.last.class}, at ${one.last.stage}, ${from(one.last.at, now)}`],
            ] as const)),
      ]
      const safe = head.replaceAll(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g, '?').replaceAll('\r\n', '\n')
      return `${lines.map(([left, right]) => `${left.padEnd(10)} ${right.replaceAll(/[\x00-\x1f\x7f-\x9f]/g, '?')}\n`).join('')}\n${safe}`
    })
  },
}

type Words = { readonly name: string; readonly about: string; readonly done: string; readonly more?: readonly Option[] }

/** Asks before what cannot be undone, telling how much it is. @returns whether to go on, or an exit code */
const mayDrop = async (
  given: Given,
  shell: Shell,
  choice: Readonly<Record<string, unknown>>,
): Promise<true | number> => {
  if (given.values['yes'] === true) return true
  const config = configOf(given, shell)
  if (config === undefined) return 2
  const listed = await ask(config, { verb: 'queue-list', words: { ...choice, most: 100_000 } }, { now: shell.now })
  if (!listed.ok) {
    shell.err(`postern: ${listed.error}\n`)
    return 1
  }
  const count = z.array(entryShape).parse(listed.value).length
  const told =
    given.values['bounce'] === true ? 'their senders are told' : 'nobody is told (--bounce tells the senders)'
  shell.err(
    `postern: this drops ${count} queued ${count === 1 ? 'message' : 'messages'} for good, and ${told}. Say --yes to do it; \`postern queue hold\` only keeps them back.\n`,
  )
  return 2
}

const acting = (act: 'hold' | 'release' | 'retry' | 'drop', words: Words): Command => ({
  usage: `queue ${act} NUMBER… | --domain DOMAIN | --account ADDRESS | --all`,
  about: words.about,
  options: [...choiceOptions, { name: 'all', says: 'everything in the queue' }, ...(words.more ?? []), ...whereOptions],
  example: words.name,
  json: true,
  run: async (given, shell) => {
    const choice = choiceOf(given, shell, `queue ${act}`)
    if (choice === undefined) return 2
    const all = given.values['all'] === true
    if (Object.keys(choice).length === 0 && !all) {
      shell.err(`postern queue ${act}: say which: numbers, --domain, --account, --state or --all\n`)
      return 2
    }
    if (act === 'drop') {
      const may = await mayDrop(given, shell, choice)
      if (may !== true) return may
    }
    const bounce = given.values['bounce'] === true
    const request = { verb: 'queue-change', words: { ...choice, act, ...(act === 'drop' ? { bounce } : {}) } }
    return askAndPrint(given, shell, request, (value) => {
      const { count } = doneShape.parse(value)
      return `${words.done} ${count} ${count === 1 ? 'entry' : 'entries'}\n`
    })
  },
})

export const queueHold = acting('hold', {
  about: 'Keeps mail back until `queue release`; what is on its way at this moment still goes.',
  ...{ done: 'held', name: 'postern queue hold --account anna@example.org' },
})
export const queueRelease = acting('release', {
  about: 'Lets go what is held, at once; the time that it was held does not count against it.',
  ...{ done: 'released', name: 'postern queue release 17 18' },
})
export const queueRetry = acting('retry', {
  about:
    'Tries waiting mail now instead of at its time, and forgets that its destination failed. What is held stays held.',
  ...{ done: 'retrying', name: 'postern queue retry --domain example.com' },
})
export const queueDrop = acting('drop', {
  about: 'Removes mail from the queue, for good.',
  ...{ done: 'dropped', name: 'postern queue drop 17 --bounce --yes' },
  more: [
    { name: 'bounce', says: 'tell the senders that it was not delivered' },
    { name: 'yes', says: 'drop it: there is no undo' },
  ],
})

const tlsWords: Readonly<Record<string, string>> = {
  opportunistic: 'TLS where it is offered',
  pkix: 'TLS with a certificate for its name (MTA-STS), or not at all',
  dane: 'TLS with a certificate that its DNS names (DANE), or not at all',
  encrypted: 'TLS, or not at all',
}

const wayText = (way: z.output<typeof wayShape>, now: number): string => {
  const lines: string[] = []
  if (way.relay !== undefined)
    lines.push(`by the relay ${way.relay.host}, port ${way.relay.port} (TLS ${way.relay.tls})`)
  if (way.problem !== undefined)
    lines.push(way.problem.permanent ? `cannot be delivered: ${way.problem.says}` : `waits: ${way.problem.says}`)
  if (way.sts !== undefined && way.sts !== 'none') lines.push(`MTA-STS: ${way.sts}`)
  for (const host of way.hosts) {
    lines.push(`${host.preference} ${host.name}: ${tlsWords[host.tls] ?? host.tls}`)
    for (const { ip, failedLately } of host.addresses)
      lines.push(`    ${ip}${failedLately ? '  (failed lately: tried last)' : ''}`)
  }
  for (const one of way.destinations) {
    lines.push(`now: ${one.waiting} in memory, ${one.connections} connections (at most ${one.limit})`)
    if (one.restUntil > now)
      lines.push(`rests, ${from(one.restUntil, now)}: ${one.said?.host ?? ''}: ${one.said?.text ?? ''}`)
  }
  return `mail for ${way.domain}:\n${lines.map((line) => `  ${line.replaceAll(/[\x00-\x1f\x7f-\x9f]/g, '?')}\n`).join('')}`
}

export const queueRoute: Command = {
  usage: 'queue route DOMAIN',
  about:
    'Says where mail for a domain would go: relay or mail servers, their addresses, what TLS must be, and what failed lately.',
  options: [
    { name: 'sender', value: 'ADDRESS', says: 'as if this address sent it: relays may go by it' },
    ...whereOptions,
  ],
  example: 'postern queue route example.com',
  json: true,
  run: async (given, shell) => {
    const [domain, ...more] = given.words
    if (domain === undefined || more.length > 0) {
      shell.err('postern queue route: name one domain, as in example.com\n')
      return 2
    }
    const { sender } = given.values
    const words = { domain, ...(typeof sender === 'string' ? { sender } : {}) }
    return askAndPrint(given, shell, { verb: 'queue-route', words }, (value) =>
      wayText(wayShape.parse(value), shell.now()),
    )
  },
}
