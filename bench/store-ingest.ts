/** What the store costs at delivery: processor, rate and commit times of batches of 50 (what a busy inbox finds), and of messages one by one through the threads. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore } from '../src/app/threads/store-client.ts'
import { silentLog } from '../src/base/log.ts'
import { summarize } from '../src/mime/summary.ts'
import { openEngine } from '../src/store/sqlite/engine.ts'
import type { Store } from '../src/store/store.ts'
import { must, NOW, worldOf } from '../src/store/testing.ts'
import type { Bench, Figure } from './bench.ts'
import { prefixOf, realMessages } from './store-messages.ts'

const MESSAGES = 10_000
const BATCH = 50
const LONE = 500

const quantile = (values: readonly number[], q: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))] ?? 0

const inFolder = async (run: (folder: string) => Promise<void>): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-bench-'))
  try {
    await run(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

type Report = (figure: Figure) => void
const stated = { better: 'less', kind: 'stated' } as const

/** The engine itself, in this thread: its processor time is all there is. */
const batches = (report: Report): Promise<void> =>
  inFolder(async (folder) => {
    const engine = await must(openEngine({ folder, complain: () => undefined }))
    const account = engine.run([
      { verb: 'addAccount', args: { name: 'a@example.org', passwordHash: '', quotaBytes: 0, settings: '', now: NOW } },
    ]).outcomes[0]
    const id: unknown = account?.ok === true ? Object(account.value).id : undefined
    const messages = (await realMessages(4_096, MESSAGES)).map((bytes) => ({ bytes, summary: summarize(bytes) }))
    const times: number[] = []
    const cpu = process.cpuUsage()
    const started = performance.now()
    for (let at = 0; at < MESSAGES; at += BATCH) {
      const before = performance.now()
      engine.run(
        messages.slice(at, at + BATCH).map(({ bytes, summary }, i) => {
          const place = {
            account: id,
            mailbox: { name: 'INBOX' },
            flags: [],
            prefix: prefixOf(at + i),
            internalDate: NOW,
            enforceQuota: false,
          }
          return { verb: 'deliver', args: { body: { bytes }, summary, places: [place], now: NOW } }
        }),
      )
      times.push(performance.now() - before)
    }
    const tookMs = performance.now() - started
    const used = process.cpuUsage(cpu)
    engine.close()
    report({
      name: 'processor for a delivery',
      ours: (used.user + used.system) / 1000 / MESSAGES,
      unit: 'ms',
      better: 'less',
      kind: 'absolute',
      goal: 0.4,
    })
    report({
      name: 'deliveries of 4 KiB in batches of 50',
      ours: (MESSAGES / tookMs) * 1000,
      unit: 'a second',
      better: 'more',
      kind: 'stated',
    })
    report({ name: 'a batch of 50, p50', ours: quantile(times, 0.5), unit: 'ms', ...stated })
    report({ name: 'a batch of 50, p99', ours: quantile(times, 0.99), unit: 'ms', ...stated })
  })

const deliverAll = async (
  store: Store,
  place: Awaited<ReturnType<typeof worldOf>>['place'],
  loops: number,
  each: number,
  messages: readonly Uint8Array[],
): Promise<readonly number[]> => {
  const times: number[] = []
  const loop = async (first: number): Promise<void> => {
    for (let i = first; i < loops * each; i += loops) {
      const bytes = messages[i % messages.length] ?? new Uint8Array()
      const before = performance.now()
      await must(
        store.deliver({
          body: { bytes },
          summary: summarize(bytes),
          places: [place({ prefix: prefixOf(i) })],
          now: NOW,
        }),
      )
      times.push(performance.now() - before)
    }
  }
  await Promise.all(Array.from({ length: loops }, (_, first) => loop(first)))
  return times
}

/** Through the threads, as sessions do: one at a time, and fifty at once. */
const threaded = (report: Report): Promise<void> =>
  inFolder(async (folder) => {
    const store = await must(openStore({ folder, log: silentLog }))
    const { place } = await worldOf(store)
    const messages = await realMessages(4_096, 1_000)
    const lone = await deliverAll(store, place, 1, LONE, messages)
    report({ name: 'a lone delivery, asked to answered, p50', ours: quantile(lone, 0.5), unit: 'ms', ...stated })
    report({ name: 'a lone delivery, asked to answered, p99', ours: quantile(lone, 0.99), unit: 'ms', ...stated })
    const cpu = process.cpuUsage()
    const started = performance.now()
    const many = await deliverAll(store, place, BATCH, MESSAGES / BATCH, messages)
    const tookMs = performance.now() - started
    const used = process.cpuUsage(cpu)
    await store.close()
    report({
      name: 'deliveries by 50 sessions, summary included',
      ours: (MESSAGES / tookMs) * 1000,
      unit: 'a second',
      better: 'more',
      kind: 'stated',
    })
    report({ name: 'one of 50 sessions, asked to answered, p99', ours: quantile(many, 0.99), unit: 'ms', ...stated })
    report({
      name: 'processor of all threads, summary included',
      ours: (used.user + used.system) / 1000 / MESSAGES,
      unit: 'ms',
      ...stated,
    })
  })

export const bench: Bench = {
  name: 'store-ingest',
  about: `Deliveries into the store alone, ${MESSAGES} real messages of 4 KiB, synchronous=FULL. The server's whole share is measured by others.`,
  run: async (report) => {
    await batches(report)
    await threaded(report)
  },
}
