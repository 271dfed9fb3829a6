import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLog } from './writer.ts'

const make = (format: 'json' | 'text', level: 'debug' | 'info' | 'warn' = 'info') => {
  const lines: string[] = []
  const log = createLog({ write: (line) => lines.push(line), format, level, now: () => 0 })
  return { log, lines }
}

test('an event is one line of JSON', () => {
  const { log, lines } = make('json')
  log.event('message-accepted', { session: 'a1', size: 12, spam: false, subject: undefined })
  assert.deepEqual(JSON.parse(lines[0] ?? ''), {
    at: '1970-01-01T00:00:00.000Z',
    level: 'info',
    event: 'message-accepted',
    session: 'a1',
    size: 12,
    spam: false,
  })
})

test("a peer's words cannot forge a line, nor fill the log", () => {
  for (const format of ['json', 'text'] as const) {
    const { log, lines } = make(format)
    log.event('smtp-rcpt-refused', { rcpt: `a\r\n2026 info login-good user="x"${'y'.repeat(10_000)}` })
    assert.equal(lines.length, 1)
    assert.equal(lines[0]?.trimEnd().includes('\n'), false)
    assert.ok((lines[0]?.length ?? 0) < 400)
  }
})

test('what is below the level is counted and not written', () => {
  const { log, lines } = make('text', 'warn')
  log.event('login-good', { user: 'anna' })
  log.event('disk-full', {})
  assert.deepEqual(lines, ['1970-01-01T00:00:00.000Z error disk-full\n'])
  assert.equal(log.counts.get('login-good'), 1)
  log.setLevel('debug')
  log.event('login-good', { user: 'anna b' })
  assert.equal(lines[1], '1970-01-01T00:00:00.000Z info  login-good user="anna b"\n')
})
