/** Sending: messages a second from the queue to Debian's smtp-sink over 20 connections, and the CPU, against Postfix sending its own queue to the same sink. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { askServer } from '../src/app/admin/socket.ts'
import type { Bench, Figure } from './bench.ts'
import { fillQueue } from './load/queue.ts'
import { measureSigning } from './load/signing.ts'
import { median } from './numbers.ts'
import { type CountingSink, startSender, startSmtpSink } from './peers/postfix-sender.ts'
import { startPostern } from './postern.ts'

const MESSAGES = 6000
const SIZE = 4096
const CONNECTIONS = 20
const ROUNDS = 3
const SIGNED = 2000
const PORT = 24_500

type Round = { readonly perSecond: number; readonly cpuPerThousand: number }

/** Lets a queue go and waits until the sink has it all. */
const timed = async (sink: CountingSink, cpuSeconds: () => number, release: () => unknown): Promise<Round> => {
  const [had, cpu, since] = [sink.count(), cpuSeconds(), performance.now()]
  await release()
  for (let waited = 0; sink.count() - had < MESSAGES && waited < 60_000; waited += 2)
    await new Promise((resolve) => setTimeout(resolve, 2))
  const seconds = (performance.now() - since) / 1000
  if (sink.count() - had < MESSAGES) throw new Error(`only ${sink.count() - had} came`)
  // What is still to be written down counts too.
  await new Promise((resolve) => setTimeout(resolve, 500))
  return { perSecond: MESSAGES / seconds, cpuPerThousand: ((cpuSeconds() - cpu) / MESSAGES) * 1000 }
}

const ourRound = async (sink: CountingSink): Promise<Round> => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-send-'))
  try {
    mkdirSync(join(folder, 'data'))
    await fillQueue(join(folder, 'data'), { messages: MESSAGES, size: SIZE, state: 'held' })
    const more = `[send]\nper-destination = ${CONNECTIONS}\n[[relay]]\nhost = "127.0.0.1"\nport = ${PORT + 1}\ntls = "if-offered"\nverify = false\n`
    const server = await startPostern({ portBase: PORT + 100, users: 0, folder, more, quiet: true })
    try {
      await new Promise((resolve) => setTimeout(resolve, 1000))
      return await timed(sink, server.cpuSeconds, async () => {
        const done = await askServer(join(folder, 'data'), { verb: 'queue-change', words: { act: 'release' } })
        if (!done.ok || !done.value.ok) throw new Error('the queue was not released')
      })
    } finally {
      await server.stop()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const theirRound = async (sink: CountingSink): Promise<Round> => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-sender-'))
  const sender = await startSender(folder, { port: PORT + 2, sinkPort: PORT + 1, connections: CONNECTIONS })
  try {
    sender.fill(MESSAGES, SIZE)
    await new Promise((resolve) => setTimeout(resolve, 1000))
    return await timed(sink, sender.cpuSeconds, sender.release)
  } finally {
    sender.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

const measure = async (report: (figure: Figure) => void): Promise<void> => {
  const sink = await startSmtpSink(PORT + 1)
  try {
    const ours: Round[] = []
    const theirs: Round[] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      ours.push(await ourRound(sink))
      theirs.push(await theirRound(sink))
    }
    const both = (key: keyof Round) => ({
      ours: median(ours.map((round) => round[key])),
      peer: median(theirs.map((round) => round[key])),
      ...{ peerName: 'Postfix', kind: 'ratio' as const },
    })
    report({
      name: 'send, from the queue to smtp-sink',
      ...both('perSecond'),
      unit: 'messages/s',
      better: 'more',
      goal: 1.5,
    })
    const cpu = both('cpuPerThousand')
    report({ name: 'send, CPU for 1,000 messages', ...cpu, unit: 's', better: 'less', goal: 1 })
    const signing = await measureSigning(SIGNED, SIZE)
    report({
      name: 'signing with both keys, when a message is submitted',
      ...{ ours: signing.perSecond, unit: 'messages/s', better: 'more', kind: 'stated' },
    })
    report({
      name: 'send, CPU for 1,000 messages, with signing counted',
      ...{ ours: cpu.ours + signing.cpuPerThousand, peer: cpu.peer, peerName: 'Postfix, which does not sign' },
      ...{ unit: 's', better: 'less', kind: 'stated' },
    })
  } finally {
    sink.stop()
  }
}

export const bench: Bench = {
  name: 'send',
  about: `${MESSAGES} queued messages of ${SIZE} octets over ${CONNECTIONS} connections to smtp-sink; peer: Postfix 3.7 from Debian sending its own queue there`,
  run: measure,
}
