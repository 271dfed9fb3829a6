/** The pages of the metrics port: /metrics for Prometheus, /health for whoever watches. */
import type { HttpOptions } from '../../net/http.ts'
import { lastTidied, type Tidied } from '../../post/tidy.ts'
import type { LogWriter } from '../log/writer.ts'
import { version } from '../version.ts'
import type { House } from './house.ts'
import { type Gauge, writeMetrics } from './metrics.ts'
import type { Opened } from './services.ts'

const purgeGauges = ({ at, junk, kept, keptOctets, oldestJunk }: Tidied): readonly Gauge[] => [
  { name: 'postern_purge_last_seconds', says: 'When Junk was last purged, in seconds since 1970.', value: at / 1000 },
  { name: 'postern_purge_last_removed', says: 'Messages that the last purge took from Junk.', value: junk },
  { name: 'postern_junk_messages', says: 'Messages in Junk after the last purge.', value: kept },
  { name: 'postern_junk_bytes', says: 'Size of Junk after the last purge.', value: keptOctets },
  {
    name: 'postern_junk_oldest_seconds',
    says: 'When the oldest message got to a Junk, in seconds since 1970; 0 where all are empty.',
    value: (oldestJunk ?? 0) / 1000,
  },
]

const gaugesOf = async (house: House, listeners: readonly Opened[]): Promise<readonly Gauge[]> => {
  const stats = await house.store.stats()
  const purged = await lastTidied(house.store, Date.now())
  const { rss, heapUsed } = process.memoryUsage()
  const pool = house.pool.status()
  const open = (kind: string): number =>
    listeners.filter((one) => one.kind === kind).reduce((sum, one) => sum + one.listener.connections(), 0)
  return [
    { name: 'postern_smtp_connections', says: 'Open connections on port 25.', value: open('smtp') },
    {
      name: 'postern_submission_connections',
      says: 'Open connections of mail programs that send.',
      value: open('submission') + open('submissions'),
    },
    {
      name: 'postern_imap_connections',
      says: 'Open connections of mail programs that speak IMAP.',
      value: open('imap') + open('imaps'),
    },
    {
      name: 'postern_pop3_connections',
      says: 'Open connections of mail programs that speak POP3.',
      value: open('pop3') + open('pop3s'),
    },
    { name: 'postern_bans', says: 'Bans in force.', value: house.jail.list().length },
    { name: 'postern_scan_threads', says: 'Scan threads.', value: pool.threads },
    { name: 'postern_scan_open', says: 'Messages that are being scanned.', value: pool.open },
    { name: 'postern_scan_waiting', says: 'Messages that wait for a scan thread.', value: pool.waiting },
    {
      name: 'postern_scan_benched',
      says: 'Spam tests that took too long and are left out.',
      value: pool.benched.length,
    },
    {
      name: 'postern_lessons_total',
      says: 'Messages the filter learned from.',
      value: house.pool.lessons(),
      counter: true,
    },
    { name: 'postern_memory_bytes', says: 'Resident memory.', value: rss },
    { name: 'postern_heap_bytes', says: 'JavaScript heap of the main thread.', value: heapUsed },
    ...(purged.ok && purged.value !== null ? purgeGauges(purged.value) : []),
    ...(stats.ok
      ? [
          { name: 'postern_messages', says: 'Stored messages.', value: stats.value.messages },
          { name: 'postern_accounts', says: 'Accounts.', value: stats.value.accounts },
          { name: 'postern_queue_waiting', says: 'Entries of the queue that wait.', value: stats.value.queue.waiting },
          { name: 'postern_queue_held', says: 'Entries of the queue that are held.', value: stats.value.queue.held },
          {
            name: 'postern_queue_oldest_seconds',
            says: 'Age of the oldest entry of the queue.',
            value: Math.max(0, Math.round((Date.now() - (stats.value.queue.oldest ?? Date.now())) / 1000)),
          },
          {
            name: 'postern_send_connections',
            says: 'Connections to other servers.',
            value: house.sending.runner.stats().connections,
          },
          { name: 'postern_store_bytes', says: 'Size of the store.', value: stats.value.fileBytes },
          { name: 'postern_commits_total', says: 'Commits to disk.', value: stats.value.commits, counter: true },
          { name: 'postern_store_verbs_total', says: 'Verbs done in them.', value: stats.value.verbs, counter: true },
        ]
      : []),
  ]
}

/** @returns the routes. /health answers 503 where the store does not answer. */
export const pageOf = (house: House, listeners: readonly Opened[], log: LogWriter): HttpOptions['routes'] => ({
  '/metrics': async () => ({
    status: 200,
    type: 'text/plain; version=0.0.4; charset=utf-8',
    body: writeMetrics(log.counts, await gaugesOf(house, listeners)),
  }),
  '/health': async () => {
    const stats = await house.store.stats()
    return {
      status: stats.ok ? 200 : 503,
      type: 'application/json',
      body: `${JSON.stringify({ ok: stats.ok, version, ...(stats.ok ? {} : { store: stats.error }) })}\n`,
    }
  },
})
