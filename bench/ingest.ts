/** Receiving: durable deliveries a second, the wait for 250, and the CPU, against Debian's Postfix with Dovecot. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newZone, serveDns } from '../src/net/dns/server.ts'
import type { Bench, Figure } from './bench.ts'
import { smtpLoad } from './load/smtp.ts'
import { median } from './numbers.ts'
import { startPeer } from './peers/postfix-dovecot.ts'
import { type BenchServer, DOMAIN, startPostern } from './postern.ts'

const SESSIONS = 50
const SIZE = 4096
const OURS = 6000
const THEIRS = 1500
const ROUNDS = 3
const USERS = 20
const PORT = 24_000

type Round = { readonly perSecond: number; readonly p99: number; readonly cpuPerThousand: number }

const load = (port: number, messages: number) =>
  smtpLoad({
    host: '127.0.0.1',
    port,
    sessions: SESSIONS,
    messages,
    size: SIZE,
    to: (n) => [`user${n % USERS}@${DOMAIN}`],
  })

const until = async (done: () => boolean): Promise<void> => {
  for (let tries = 0; tries < 6000 && !done(); tries += 1) await new Promise((resolve) => setTimeout(resolve, 10))
}

const ourRound = async (server: BenchServer): Promise<Round> => {
  const before = server.cpuSeconds()
  const done = await load(server.smtp, OURS)
  if (done.accepted !== OURS) throw new Error(`${OURS - done.accepted} messages were not taken: ${[...done.refused]}`)
  const cpu = server.cpuSeconds() - before
  return { perSecond: done.perSecond, p99: done.latency.p99, cpuPerThousand: (cpu / OURS) * 1000 }
}

const theirRound = async (peer: Awaited<ReturnType<typeof startPeer>>): Promise<Round> => {
  const before = peer.cpuSeconds()
  const had = peer.delivered()
  const since = performance.now()
  const done = await load(peer.smtpPort, THEIRS)
  if (done.accepted !== THEIRS) throw new Error(`the peer took only ${done.accepted}: ${[...done.refused]}`)
  await until(() => peer.delivered() - had >= THEIRS)
  const seconds = (performance.now() - since) / 1000
  const cpu = peer.cpuSeconds() - before
  return { perSecond: THEIRS / seconds, p99: done.latency.p99, cpuPerThousand: (cpu / THEIRS) * 1000 }
}

const middle = (rounds: readonly Round[], key: keyof Round): number => median(rounds.map((round) => round[key]))

const compare = async (report: (figure: Figure) => void): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-peer-'))
  const peer = await startPeer(folder, { smtp: PORT + 125, imap: PORT + 143 })
  const server = await startPostern({ portBase: PORT, users: USERS })
  try {
    const ours: Round[] = []
    const theirs: Round[] = []
    for (let round = 0; round <= ROUNDS; round += 1) {
      const [one, other] = [await ourRound(server), await theirRound(peer)]
      if (round === 0) continue // both warm up
      ours.push(one)
      theirs.push(other)
    }
    const peerName = 'Postfix+Dovecot'
    const both = (key: keyof Round) => ({ ours: middle(ours, key), peer: middle(theirs, key), peerName })
    const ratio = { kind: 'ratio' } as const
    report({ name: 'ingest, delivered', ...both('perSecond'), unit: 'messages/s', better: 'more', ...ratio, goal: 3 })
    report({ name: 'ingest, p99 end of data to 250', ...both('p99'), unit: 'ms', better: 'less', ...ratio, goal: 1 })
    report({
      name: 'ingest, CPU for 1,000 messages',
      ...both('cpuPerThousand'),
      unit: 's',
      better: 'less',
      ...ratio,
      goal: 0.5,
    })
  } finally {
    peer.stop()
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

const scanned = async (report: (figure: Figure) => void): Promise<void> => {
  const zone = newZone({
    '1.0.0.127.in-addr.arpa': { PTR: ['load.bench.example'] },
    'load.bench.example': { A: ['127.0.0.1'] },
  })
  const dns = await serveDns({ host: '127.0.0.1', port: 0, zone })
  if (!dns.ok) throw new Error(dns.error)
  const server = await startPostern({
    portBase: PORT + 200,
    users: USERS,
    scan: true,
    dns: `127.0.0.1:${dns.value.port}`,
  })
  try {
    const rounds: Round[] = []
    for (let round = 0; round <= ROUNDS; round += 1) {
      const one = await ourRound(server)
      if (round > 0) rounds.push(one)
    }
    const stated = { kind: 'stated', better: 'less' } as const
    report({
      name: 'ingest with scanning, delivered',
      ours: middle(rounds, 'perSecond'),
      unit: 'messages/s',
      ...stated,
    })
    report({ name: 'ingest with scanning, p99', ours: middle(rounds, 'p99'), unit: 'ms', ...stated })
    report({
      name: 'ingest with scanning, CPU for 1,000',
      ours: middle(rounds, 'cpuPerThousand'),
      unit: 's',
      ...stated,
    })
  } finally {
    await server.stop()
    await dns.value.close()
  }
}

export const bench: Bench = {
  name: 'ingest',
  about: `${SIZE}-octet messages over ${SESSIONS} SMTP sessions, durable; peer: Postfix 3.7 with Dovecot LMTP (Maildir) from Debian`,
  run: async (report) => {
    await compare(report)
    await scanned(report)
  },
}
