import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DnsAnswer, Resolve } from '../../base/dns.ts'
import type { Fields, Log } from '../../base/log.ts'
import type { ScanJob } from '../../post/scan-port.ts'
import { spamTests } from '../../spam/table.ts'
import { createScanPool, type ScanPoolOptions } from './scan-pool.ts'

const nothing: Resolve = () => Promise.resolve({ kind: 'none', why: 'nxdomain', secure: false })
const text = (body: string): Uint8Array =>
  Buffer.from(
    `From: Anna <anna@example.com>\r\nTo: ben@example.org\r\nSubject: Minutes\r\nMessage-ID: <1@example.com>\r\nDate: Wed, 25 Nov 2026 03:59:00 +0000\r\n\r\n${body}\r\n`,
  )
const job = (body: string, wants: Partial<ScanJob['wants']> = {}): ScanJob => ({
  body: { bytes: text(body), size: text(body).length },
  envelope: {
    ip: '192.0.2.7',
    helo: 'mail.example.com',
    mailFrom: 'anna@example.com',
    recipients: ['ben@example.org'],
    authenticated: false,
    tls: true,
  },
  facts: { dnsbl: [{ zone: 'bl.example', weight: 3 }] },
  host: 'mx.example.org',
  receivedAt: Date.parse('2026-11-25T04:00:00Z'),
  wants: { summary: false, verify: false, score: true, ...wants },
})

/** A log that remembers. */
const kept = (): Log & { readonly events: (readonly [string, Fields])[] } => {
  const events: (readonly [string, Fields])[] = []
  return { events, event: (name, fields) => void events.push([name, fields]) }
}

/** A thread that does what the message's words say: spin in a test, die, throw, or answer. `without` is honoured as the real one does. */
const moody = new URL(
  `data:text/javascript,${encodeURIComponent(`
import { parentPort, workerData } from 'node:worker_threads'
const control = new Int32Array(workerData.control)
let benched = workerData.benched
parentPort.on('message', (m) => {
  if (m.kind === 'bench') { benched = m.names; return }
  if (m.kind !== 'scan') return
  const words = Buffer.from(m.job.body.bytes).toString()
  Atomics.store(control, 1, m.id)
  Atomics.add(control, 0, 1)
  const rule = /spin in (-?\\d+) (\\w+)/.exec(words)
  const skips = rule !== null && [...benched, ...m.without].includes(rule[2])
  if (rule !== null && m.job.wants.score && !skips) { Atomics.store(control, 2, Number(rule[1])); for (;;); }
  if (words.includes('spin report') && m.job.wants.report) { Atomics.store(control, 2, -12); for (;;); }
  if (words.includes('spin always')) { Atomics.store(control, 2, -10); for (;;); }
  if (words.includes('die') && m.job.wants.score) { Atomics.store(control, 2, -1); process.exit(3) }
  const answer = () => {
    Atomics.add(control, 0, 1)
    parentPort.postMessage({ kind: 'outcome', id: m.id, outcome: { kind: 'done', authResults: [...new Set(m.without.concat(benched))].join(), summary: m.job.wants.summary ? 'S' : undefined } })
  }
  if (words.includes('slow')) { Atomics.add(control, 0, 1); setTimeout(() => { Atomics.add(control, 0, 1); answer() }, 40) } else answer()
})
parentPort.postMessage({ kind: 'ready', rules: [] })
`)}`,
)

const withPool = async (
  options: Partial<ScanPoolOptions>,
  run: (pool: ReturnType<typeof createScanPool>, log: ReturnType<typeof kept>) => Promise<void>,
): Promise<void> => {
  const log = kept()
  const pool = createScanPool({ threads: 1, deadlineMs: 100, log, resolve: nothing, ...options })
  try {
    await run(pool, log)
  } finally {
    await pool.close()
  }
}

test('a scan gives what was asked for, and nothing else', async () => {
  await withPool({ deadlineMs: 5000 }, async (pool, log) => {
    const all = await pool.scan(job('Hello Ben', { summary: true, verify: true }))
    assert.ok(all.kind === 'done')
    assert.equal(all.summary?.subject, 'Minutes')
    assert.equal(all.wire?.spf?.result, 'none')
    assert.match(all.authResults ?? '', /^Authentication-Results: mx\.example\.org;/)
    assert.ok(all.output?.hits.some((hit) => hit.name === 'BLOCKLISTED' && hit.score === 3))
    const little = await pool.scan(job('Hello Ben', { score: false, verify: true }))
    assert.ok(little.kind === 'done' && little.summary === undefined && little.output === undefined)
    assert.deepEqual(await pool.scan(job('x', { score: false })), { kind: 'done' })
    const inline = await pool.scan(job('x', { score: false, summary: true }))
    assert.equal(inline.kind === 'done' ? inline.summary?.subject : inline.kind, 'Minutes')
    const large = await pool.scan(job('x'.repeat(70_000), { score: false, summary: true }))
    assert.deepEqual(large.kind === 'done' ? large.summary?.subject : large.kind, 'Minutes')
    assert.deepEqual(log.events, [])
  })
})

test('look-ups go through the resolver that was given', async () => {
  const asked: string[] = []
  const resolve = ((name: string, type: string): Promise<DnsAnswer> => {
    asked.push(`${type} ${name}`)
    return Promise.resolve(
      type === 'TXT' && name === 'example.com'
        ? { kind: 'found', records: ['v=spf1 ip4:192.0.2.7 -all'], secure: false }
        : { kind: 'none', why: 'nxdomain', secure: false },
    )
  }) as Resolve // the answer is of the type that was asked
  await withPool({ deadlineMs: 5000, resolve }, async (pool) => {
    const outcome = await pool.scan(job('x', { verify: true, score: false }))
    assert.equal(outcome.kind === 'done' ? outcome.wire?.spf?.result : outcome.kind, 'pass')
    assert.ok(asked.includes('TXT example.com'))
  })
})

test('a DNS that never answers costs the verdict, not the scan', async () => {
  await withPool({ deadlineMs: 5000, patienceMs: 50, resolve: () => new Promise(() => undefined) }, async (pool) => {
    const outcome = await pool.scan(job('x', { verify: true }))
    assert.ok(outcome.kind === 'done')
    assert.equal(outcome.wire?.spf?.result, 'temperror')
    assert.ok(outcome.output !== undefined)
  })
})

test('a test that runs away is named, the message goes on without it, and at three strikes it is benched', async () => {
  const name = spamTests[5]?.name ?? ''
  await withPool({ entry: moody }, async (pool, log) => {
    for (let strike = 1; strike <= 3; strike++) {
      const outcome = await pool.scan(job(`spin in 5 ${name}`))
      assert.deepEqual(outcome, { kind: 'done', authResults: name, summary: undefined })
    }
    assert.deepEqual(
      log.events.map(([event, fields]) => [event, fields['rule'], fields['benched']]),
      [
        ['scan-late', name, false],
        ['scan-late', name, false],
        ['scan-late', name, true],
      ],
    )
    assert.deepEqual(pool.status().benched, [name])
    await pool.scan(job(`spin in 5 ${name}`))
    assert.equal(log.events.length, 3, 'the benched test is not run again')
  })
})

test('a report to us is read where it is asked for, and one that is made to be slow is ordinary mail', async () => {
  const complaint =
    'Content-Type: multipart/report; report-type=feedback-report; boundary=b\r\n\r\n--b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nVersion: 1\r\n\r\n--b--\r\n'
  const bytes = Buffer.from(complaint)
  const asked = { ...job('', { score: false, report: true }), body: { bytes, size: bytes.length } }
  await withPool({ deadlineMs: 5000 }, async (pool) => {
    const found = await pool.scan(asked)
    assert.equal(found.kind === 'done' ? found.report?.kind : found.kind, 'complaint')
    const other = await pool.scan({ ...asked, wants: { ...asked.wants, report: false, verify: true } })
    assert.equal(other.kind === 'done' ? other.report : other.kind, undefined)
  })
  await withPool({ entry: moody }, async (pool, log) => {
    const outcome = await pool.scan(job('spin report', { report: true, summary: true }))
    assert.deepEqual(outcome, { kind: 'done', authResults: '', summary: 'S' })
    assert.deepEqual(
      log.events.map(([event, fields]) => [event, fields['rule']]),
      [['scan-late', 'report']],
    )
  })
})

test('what no test is to blame for goes on without its score', async () => {
  await withPool({ entry: moody }, async (pool) => {
    assert.deepEqual(await pool.scan(job('spin in -2 tokens', { summary: true })), { kind: 'late', summary: 'S' })
    assert.deepEqual(await pool.scan(job('spin always', { summary: true })), { kind: 'late' })
  })
})

test('the other jobs of a lost thread run again', async () => {
  await withPool({ entry: moody }, async (pool) => {
    const name = spamTests[2]?.name ?? ''
    const slow = pool.scan(job('slow'))
    const late = pool.scan(job(`spin in 2 ${name}`))
    const after = pool.scan(job('hello'))
    const outcomes = await Promise.all([slow, late, after])
    assert.deepEqual(
      outcomes.map((outcome) => outcome.kind),
      ['done', 'done', 'done'],
    )
  })
})

test('a thread that dies is replaced; its message keeps its summary', async () => {
  await withPool({ entry: moody }, async (pool, log) => {
    assert.deepEqual(await pool.scan(job('die', { summary: true })), { kind: 'failed', summary: 'S' })
    assert.equal(log.events[0]?.[0], 'scan-failed')
    assert.equal((await pool.scan(job('hello'))).kind, 'done')
  })
})

test('threads that cannot start fail the scans, not the mail', async () => {
  const entry = new URL('data:text/javascript,throw new Error("no")')
  await withPool({ entry }, async (pool, log) => {
    for (let i = 0; i < 3; i++) assert.equal((await pool.scan(job('hello'))).kind, 'failed')
    assert.ok(log.events.every(([event]) => event === 'scan-failed'))
    assert.ok(log.events.length < 20)
  })
})

test('a full queue skips the scan at once', async () => {
  await withPool({ entry: moody, deadlineMs: 5000 }, async (pool) => {
    const open = Array.from({ length: 700 }, () => pool.scan(job('slow')))
    assert.deepEqual(await pool.scan(job('one too many')), { kind: 'skipped' })
    const outcomes = await Promise.all(open)
    const done = outcomes.filter((outcome) => outcome.kind === 'done').length
    assert.ok(done > 500 && done < 600, `${done} were scanned`)
  })
})

test('what is learned counts in the next scan, and a snapshot brings it back', async () => {
  await withPool({ deadlineMs: 5000 }, async (pool) => {
    const learn = (body: string, spam: boolean, corrects = false): Promise<string> =>
      pool.learn({ message: text(body), spam, corrects, account: 'ben', weight: 1 })
    const score = async (): Promise<number> => {
      const outcome = await pool.scan({ ...job('cheap pills from the shop'), account: 'ben' })
      return outcome.kind === 'done' ? (outcome.output?.score ?? Number.NaN) : Number.NaN
    }
    const before = await score()
    for (let i = 0; i < 12; i++) {
      assert.equal(await learn(`cheap pills from the shop number ${i}`, true), 'learned')
      assert.equal(await learn(`the club meets on day ${i}`, false), 'learned')
    }
    const after = await score()
    assert.ok(after > before + 1, `${before} became ${after}`)
    assert.equal(pool.lessons(), 24)
    const kept = pool.snapshot()
    await withPool({ deadlineMs: 5000, learned: kept }, async (again) => {
      const outcome = await again.scan({ ...job('cheap pills from the shop'), account: 'ben' })
      assert.equal(outcome.kind === 'done' ? outcome.output?.score : undefined, after)
    })
    for (let i = 0; i < 12; i++) await learn(`cheap pills from the shop number ${i}`, false, true)
    assert.ok((await score()) < before + 1, 'moving them back takes it back')
  })
})

test('a damaged snapshot is logged, and the filter starts empty', async () => {
  await withPool({ learned: new Uint8Array(99) }, async (pool, log) => {
    assert.equal(log.events[0]?.[0], 'learner-damaged')
    assert.equal(pool.load(new Uint8Array(99)).ok, false)
    assert.equal(pool.load(pool.snapshot()).ok, true)
  })
})

test('after close everything is skipped', async () => {
  const pool = createScanPool({ threads: 1, deadlineMs: 100, log: kept(), resolve: nothing, entry: moody })
  const open = pool.scan(job('slow'))
  await pool.close()
  assert.deepEqual(await open, { kind: 'skipped' })
  assert.deepEqual(await pool.scan(job('hello')), { kind: 'skipped' })
  assert.equal(await pool.learn({ tokens: Uint32Array.of(1), spam: true, corrects: false, weight: 1 }), 'failed')
})
