import assert from 'node:assert/strict'
import { test } from 'node:test'
import { spamFields } from './spam-fields.ts'

test('flagged mail carries the flag, the score and the names, heaviest first', () => {
  const hits = [
    { name: 'LIGHT', score: 0.1 },
    { name: 'HEAVY', score: 5.2 },
  ]
  assert.equal(
    spamFields({ score: 5.3, flagAt: 5, flagged: true, hits, host: 'mx.example.org' }),
    'X-Spam-Flag: YES\r\nX-Spam-Score: 5.3\r\nX-Spam-Level: *****\r\n' +
      'X-Spam-Status: Yes, score=5.3 required=5.0 tests=HEAVY,LIGHT\r\nX-Spam-Checker-Version: Postern on mx.example.org\r\n',
  )
})

test('good mail has no flag and no stars', () => {
  const text = spamFields({ score: -1.2, flagAt: 5, flagged: false, hits: [], host: 'h' })
  assert.doesNotMatch(text, /X-Spam-(Flag|Level)/)
  assert.match(text, /tests=none/)
})

test('a hundred tests fold, and no line is long or breaks a name', () => {
  const hits = Array.from({ length: 100 }, (_, n) => ({ name: `RULE_WITH_A_LONG_NAME_${n}\r\nX: `, score: n }))
  for (const line of spamFields({ score: 9, flagAt: 5, flagged: true, hits, host: 'h' }).split('\r\n')) {
    assert.ok(line.length <= 78, line)
    assert.match(line, /^(X-Spam-[A-Za-z-]+: |\t|$)/)
  }
})
