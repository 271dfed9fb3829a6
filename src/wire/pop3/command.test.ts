import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Pop3Command, readPop3Command } from './command.ts'

for (const [line, want] of [
  ['USER alice@example.org', { verb: 'USER', name: 'alice@example.org' }],
  ['user  alice ', { verb: 'USER', name: 'alice' }],
  ['USER two words', { verb: 'USER', name: 'two words' }],
  ['PASS a secret ', { verb: 'PASS', password: 'a secret ' }],
  ['pass  ', { verb: 'PASS', password: ' ' }],
  ['APOP alice c4c9334bac560ecc979e58001b3e22fb', { verb: 'APOP' }],
  ['AUTH', { verb: 'AUTH' }],
  ['AUTH ', { verb: 'AUTH' }],
  ['AUTH plain', { verb: 'AUTH', mechanism: 'plain' }],
  ['AUTH PLAIN =', { verb: 'AUTH', mechanism: 'PLAIN', initial: '=' }],
  ['AUTH SCRAM-SHA-256-PLUS  Y2E=', { verb: 'AUTH', mechanism: 'SCRAM-SHA-256-PLUS', initial: 'Y2E=' }],
  ['CaPa', { verb: 'CAPA' }],
  ['STLS', { verb: 'STLS' }],
  ['UTF8', { verb: 'UTF8' }],
  ['QUIT  ', { verb: 'QUIT' }],
  ['STAT', { verb: 'STAT' }],
  ['NOOP', { verb: 'NOOP' }],
  ['RSET', { verb: 'RSET' }],
  ['LIST', { verb: 'LIST' }],
  ['LIST ', { verb: 'LIST' }],
  ['LIST 3', { verb: 'LIST', message: 3 }],
  ['UIDL', { verb: 'UIDL' }],
  ['uidl 003', { verb: 'UIDL', message: 3 }],
  ['RETR 1', { verb: 'RETR', message: 1 }],
  ['RETR 0', { verb: 'RETR', message: 0 }],
  ['DELE 4294967295', { verb: 'DELE', message: 4_294_967_295 }],
  ['TOP 1 0', { verb: 'TOP', message: 1, lines: 0 }],
  ['top  12   10 ', { verb: 'TOP', message: 12, lines: 10 }],
] as const)
  test(`"${line}" is read`, () => assert.deepEqual(readPop3Command(line), { ok: true, value: want }))

for (const [line, why] of [
  ['', 'unknown-command'],
  [' QUIT', 'unknown-command'],
  ['HELO a', 'unknown-command'],
  ['LAST', 'unknown-command'],
  ['RPOP a', 'unknown-command'],
  ['LANG de', 'unknown-command'],
  ['XTND XMIT', 'unknown-command'],
  ['__proto__', 'unknown-command'],
  ['constructor 1', 'unknown-command'],
  ['GET / HTTP/1.1', 'foreign'],
  ['POST /a?b HTTP/1.0', 'foreign'],
  ['PRI * HTTP/2.0', 'foreign'],
  ['PRI * HTTP/2', 'foreign'],
  ['USER', 'bad-argument'],
  ['USER  ', 'bad-argument'],
  ['PASS', 'bad-argument'],
  ['PASS ', 'bad-argument'],
  ['AUTH PLAIN a b', 'bad-argument'],
  ['AUTH ../etc', 'bad-argument'],
  ['QUIT now', 'bad-argument'],
  ['STAT 1', 'bad-argument'],
  ['RETR', 'bad-number'],
  ['RETR -1', 'bad-number'],
  ['RETR 1.5', 'bad-number'],
  ['RETR 1 2', 'bad-number'],
  ['RETR 12345678901', 'bad-number'],
  ['RETR ١', 'bad-number'],
  ['LIST x', 'bad-number'],
  ['UIDL 0x1', 'bad-number'],
  ['DELE 1,2', 'bad-number'],
  ['TOP', 'bad-number'],
  ['TOP 1', 'bad-argument'],
  ['TOP 1 -1', 'bad-argument'],
  ['TOP 1 2 3', 'bad-argument'],
] as const)
  test(`"${line}" is none: ${why}`, () => assert.deepEqual(readPop3Command(line), { ok: false, error: why }))

const word = fc.stringMatching(/^[!-~]{1,20}$/)
const number = fc.nat(2 ** 31 - 1)
const commands: fc.Arbitrary<readonly [string, Pop3Command]> = fc.oneof(
  word.map((name) => [`USER ${name}`, { verb: 'USER', name }] as const),
  fc.stringMatching(/^[ -~]{1,30}$/).map((password) => [`PASS ${password}`, { verb: 'PASS', password }] as const),
  number.map((message) => [`RETR ${message}`, { verb: 'RETR', message }] as const),
  fc
    .tuple(number, number)
    .map(([message, lines]) => [`TOP ${message} ${lines}`, { verb: 'TOP', message, lines }] as const),
)

test('a command that was written is read as the same', () =>
  fc.assert(fc.property(commands, ([line, value]) => assert.deepEqual(readPop3Command(line), { ok: true, value }))))

test('no line makes it throw', () =>
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.tuple(fc.constantFrom('TOP', 'AUTH', 'LIST'), fc.string())), (line) => {
      assert.equal(typeof readPop3Command(typeof line === 'string' ? line : line.join(' ')).ok, 'boolean')
    }),
  ))
