/** Any octets get a finite score, bounded tokens, and the same answer twice. */
import assert from 'node:assert/strict'
import { noOpinions, score } from '../src/spam/engine.ts'
import { messageOf } from '../src/spam/testing.ts'
import { MOST_TOKENS } from '../src/spam/tokens.ts'
import type { FuzzTarget } from './target.ts'

export const target: FuzzTarget = {
  name: 'spam-score',
  seeds: () => [
    messageOf(),
    messageOf({
      html: '<html><body bgcolor=#fff><font color="#ffffff">a</font><a href="http://u@1.2.3.4:81/">b</a><!-- c --></body></html>',
    }),
    messageOf({ both: '<p>Hello</p><script>atob("x")</script><form action="mailto:a@b.example"><input></form>' }),
    messageOf({ file: ['a.zip', 'PK\x03\x04\x14\x00\x01\x00'] }),
    messageOf({
      fields: {
        Subject: '=?utf-8?b?R3LDvMOfZQ==?=',
        From: ['a@b.example', '"c" <d@e.example>'],
        Received: 'from x (y [192.0.2.1]) by z; x',
      },
    }),
  ],
  run: (input) => {
    const [one, two] = [0, 1].map(() => score({ message: input, receivedAt: 0 }, noOpinions))
    assert.ok(Number.isFinite(one?.score) && (one?.tokens.length ?? MOST_TOKENS + 1) <= MOST_TOKENS)
    assert.deepEqual(one, two)
  },
}
