/** Waiting for mail: from the last octet of DATA to the `EXISTS` that an idling mail program hears, against Debian's Postfix with Dovecot's IDLE. */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createConnection, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newZone, serveDns } from '../src/net/dns/server.ts'
import type { Bench, Figure } from './bench.ts'
import { type Door, latencies, openImap } from './load/imap.ts'
import { loadMessage } from './load/smtp.ts'
import { startPeer } from './peers/postfix-dovecot.ts'
import { DOMAIN, PASSWORD, startPostern } from './postern.ts'

const PORT = 24_600
const OURS = 400
const THEIRS = 30 // a third of a second each
const WARM = 30
const SIZE = 4096
const TO = `user0@${DOMAIN}`
const PAUSE_MS = 5 // between messages, so that a message's own rest is not counted to the next
const LATE_MS = 10_000

/** Reads replies until one line begins with a code and a space. */
const reply = async (socket: Socket, code: string): Promise<void> => {
  let text = ''
  while (!new RegExp(`^${code} .*\\r\\n`, 'm').test(text)) {
    const [piece]: unknown[] = await once(socket, 'data', { signal: AbortSignal.timeout(LATE_MS) })
    text += String(piece)
    if (/^[45]\d\d /m.test(text)) throw new Error(text)
  }
}

/** One message at a time over one SMTP connection, one client in IDLE. @returns milliseconds of each: to EXISTS, and to 250. */
const measure = async (
  smtpPort: number,
  imap: Door & { readonly user: string; readonly password: string },
  messages: number,
): Promise<{ readonly heard: readonly number[]; readonly taken: readonly number[] }> => {
  const client = await openImap({ ...imap, mailbox: 'INBOX' })
  const end = await client.idle()
  const socket = createConnection({ host: '127.0.0.1', port: smtpPort })
  socket.setNoDelay(true)
  await reply(socket, '220')
  socket.write('EHLO load.bench.example\r\n')
  await reply(socket, '250')
  const heard: number[] = []
  const taken: number[] = []
  for (let n = 0; n < messages + WARM; n += 1) {
    socket.write(`MAIL FROM:<load@bench.example>\r\nRCPT TO:<${TO}>\r\nDATA\r\n`)
    await reply(socket, '354')
    const exists = client.see(/^\* \d+ EXISTS\r\n/m)
    const answered = reply(socket, '250').then(() => performance.now())
    const since = performance.now()
    socket.write(Buffer.concat([loadMessage(n, SIZE), Buffer.from('.\r\n')]))
    const [at, ok] = await Promise.all([exists, answered])
    if (n >= WARM) {
      heard.push(at - since)
      taken.push(ok - since)
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
  socket.destroy()
  await end()
  client.close()
  return { heard, taken }
}

const ours = async (scan: boolean): Promise<Awaited<ReturnType<typeof measure>>> => {
  const zone = newZone({
    '1.0.0.127.in-addr.arpa': { PTR: ['load.bench.example'] },
    'load.bench.example': { A: ['127.0.0.1'] },
  })
  const dns = await serveDns({ host: '127.0.0.1', port: 0, zone })
  if (!dns.ok) throw new Error(dns.error)
  const server = await startPostern({
    portBase: PORT + (scan ? 200 : 0),
    users: 1,
    scan,
    dns: `127.0.0.1:${dns.value.port}`,
  })
  try {
    const door = { host: '127.0.0.1', port: server.imap, tls: false, user: TO, password: PASSWORD }
    return await measure(server.smtp, door, OURS)
  } finally {
    await server.stop()
    await dns.value.close()
  }
}

const theirs = async (): Promise<Awaited<ReturnType<typeof measure>>> => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-peer-'))
  const peer = await startPeer(folder, { smtp: PORT + 425, imap: PORT + 443 })
  try {
    const door = { host: '127.0.0.1', port: peer.imapPort, tls: false, user: TO, password: peer.password }
    return await measure(peer.smtpPort, door, THEIRS)
  } finally {
    peer.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

export const bench: Bench = {
  name: 'idle',
  about: `${SIZE}-octet messages one at a time to a client in IDLE; peer: Postfix 3.7 with Dovecot LMTP (Maildir) from Debian, ${THEIRS} messages`,
  run: async (report) => {
    const [off, on, peer] = [await ours(false), await ours(true), await theirs()]
    const peerHeard = latencies(peer.heard)
    const figure = (name: string, value: number, peerValue: number): Omit<Figure, 'kind'> => ({
      name: `idle, ${name}`,
      ours: value,
      peer: peerValue,
      peerName: 'Postfix+Dovecot',
      unit: 'ms',
      better: 'less',
    })
    for (const [name, { heard, taken }] of [
      ['scanning off', off],
      ['scanning on', on],
    ] as const) {
      const { p50, p99 } = latencies(heard)
      report({ ...figure(`end of data to EXISTS, p50, ${name}`, p50, peerHeard.p50), kind: 'absolute', goal: 15 })
      report({ ...figure(`end of data to EXISTS, p99, ${name}`, p99, peerHeard.p99), kind: 'stated' })
      const answer = figure(`end of data to 250, p50, ${name}`, latencies(taken).p50, latencies(peer.taken).p50)
      report({ ...answer, kind: 'stated' })
    }
  },
}
