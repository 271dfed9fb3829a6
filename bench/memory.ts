/** Resident memory: of the idle server, after a load, and of a connection of a mail program in IDLE; beside Debian's Dovecot (a process a connection). */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newZone, serveDns } from '../src/net/dns/server.ts'
import type { Bench, Figure } from './bench.ts'
import { type Door, type ImapLoad, openImap } from './load/imap.ts'
import { smtpLoad } from './load/smtp.ts'
import { startPeer } from './peers/postfix-dovecot.ts'
import { type BenchServer, DOMAIN, PASSWORD, startPostern } from './postern.ts'

const PORT = 25_200
const USERS = 20
const MESSAGES = 5_000
const WARM = 200 // connections before it is counted
const COUNTED = 1_000
const PEER_WARM = 50
const PEER_COUNTED = 200 // each is a process
const AT_ONCE = 20 // that log in
const QUIET_MS = 10_000
const MIB = 2 ** 20

type Report = (figure: Figure) => void
type Where = Pick<Door, 'port' | 'tls'> & { readonly password: string }

const quiet = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, QUIET_MS))

/** Opens connections that log in, select INBOX, and wait in IDLE. */
const idlers = async (where: Where, from: number, count: number): Promise<readonly ImapLoad[]> => {
  const made: ImapLoad[] = []
  let next = 0
  const open = async (): Promise<void> => {
    while (next < count) {
      const user = `user${(from + next) % USERS}@${DOMAIN}`
      next += 1
      const client = await openImap({ host: '127.0.0.1', ...where, user, mailbox: 'INBOX' })
      await client.idle()
      made.push(client)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, open))
  return made
}

/** @returns octets that one more idle connection takes. */
const eachTakes = async (where: Where, memory: () => number, warm: number, counted: number): Promise<number> => {
  const open = [...(await idlers(where, 0, warm))]
  await quiet()
  const before = memory()
  open.push(...(await idlers(where, warm, counted)))
  await quiet()
  const after = memory()
  const lost = open.filter((client) => client.closed).length
  if (lost > 0) throw new Error(`${lost} of ${open.length} idle connections were closed`)
  for (const client of open) client.close()
  await quiet()
  return (after - before) / counted
}

const idleServer = async (report: Report, server: BenchServer): Promise<void> => {
  await quiet()
  const idle = { unit: 'MiB', better: 'less' } as const
  report({ name: 'memory, idle server', ours: server.resident() / MIB, ...idle, kind: 'absolute', goal: 150 })
  const to = (n: number): readonly string[] => [`user${n % USERS}@${DOMAIN}`]
  const load = { host: '127.0.0.1', port: server.smtp, sessions: 50, messages: MESSAGES, size: 4096, to }
  const done = await smtpLoad(load)
  if (done.accepted !== MESSAGES) throw new Error(`messages were not taken: ${[...done.refused]}`)
  report({ name: 'memory, at the end of 5,000 messages', ours: server.resident() / MIB, ...idle, kind: 'stated' })
  await quiet()
  report({ name: 'memory, 10 s after 5,000 messages', ours: server.resident() / MIB, ...idle, kind: 'stated' })
}

const ours = async (run: (server: BenchServer) => Promise<void>, scan: boolean, portBase: number): Promise<void> => {
  const dns = await serveDns({
    host: '127.0.0.1',
    port: 0,
    zone: newZone({
      '1.0.0.127.in-addr.arpa': { PTR: ['load.bench.example'] },
      'load.bench.example': { A: ['127.0.0.1'] },
    }),
  })
  if (!dns.ok) throw new Error(dns.error)
  const server = await startPostern({ portBase, users: USERS, scan, dns: `127.0.0.1:${dns.value.port}` })
  try {
    await run(server)
  } finally {
    await server.stop()
    await dns.value.close()
  }
}

const peerTakes = async (): Promise<number> => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-peer-'))
  const peer = await startPeer(folder, { smtp: PORT + 625, imap: PORT + 643 })
  try {
    const where = { port: peer.imapPort, tls: false, password: peer.password }
    return await eachTakes(where, peer.imapMemory, PEER_WARM, PEER_COUNTED)
  } finally {
    peer.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

export const bench: Bench = {
  name: 'memory',
  about: `resident memory with all threads; ${COUNTED} connections in IDLE after ${WARM} others; peer: Dovecot 2.3 from Debian (PSS of its processes, ${PEER_COUNTED} connections)`,
  run: async (report) => {
    await ours((server) => idleServer(report, server), true, PORT)
    const peer = (await peerTakes()) / 1024
    for (const [name, tls] of [
      ['plain', false],
      ['TLS', true],
    ] as const)
      await ours(
        async (server) => {
          const where = { port: tls ? server.imaps : server.imap, tls, password: PASSWORD }
          const each = await eachTakes(where, server.resident, WARM, COUNTED)
          report({
            name: `memory, a connection in IDLE, ${name}`,
            ours: each / 1024,
            ...(tls ? {} : { peer, peerName: 'Dovecot' }),
            unit: 'KiB',
            better: 'less',
            kind: 'absolute',
            goal: 70,
          })
        },
        false,
        PORT + (tls ? 400 : 200),
      )
  },
}
