import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readHead, without } from './head.ts'

const host = 'mx.example.org'
const read = (text: string) => readHead(Buffer.from(text, 'latin1'), host)

for (const [from, want] of [
  ['carl@sender.example', 'carl@sender.example'],
  ['Carl <Carl@Sender.Example>', 'carl@sender.example'],
  ['"bank@bank.example" <carl@sender.example>', 'carl@sender.example'],
  ['Carl (boss@bank.example) <carl@sender.example>', 'carl@sender.example'],
  ['a@one.example, b@two.example', undefined],
  ['A <a@one.example>, B <b@two.example>', undefined],
  ['Carl', undefined],
  ['', undefined],
] as const)
  test(`From "${from}" is of ${want}`, () => assert.equal(read(`From: ${from}\r\n\r\n`).fromAddress, want))

test('what a receipt names is unfolded, decoded from nothing, and short', () => {
  const head = read(
    `Subject: one\r\n\ttwo\r\nMessage-ID: <1@x>\r\nSubject: again\r\nFrom: ${'x'.repeat(5000)}\r\n\r\nSubject: body`,
  )
  assert.equal(head.subject, 'one two')
  assert.equal(head.messageId, '<1@x>')
  assert.equal(head.from.length, 300)
})

test('Received fields are counted, and only in the header', () =>
  assert.equal(read('Received: a\r\nreceived : b\r\nX-Received: c\r\n\r\nReceived: d\r\n').hops, 2))

for (const [field, forged] of [
  ['Authentication-Results: mx.example.org; spf=pass', true],
  ['authentication-results:\r\n\t(hi) "MX.Example.ORG" 1;\r\n\tspf=pass', true],
  ['Authentication-Results: mx.other.example; spf=pass', false],
  ['Authentication-Results: mx.example.org.evil.example; spf=pass', false],
  ['X-Authentication-Results: mx.example.org; spf=pass', false],
] as const)
  test(`${JSON.stringify(field)} is ${forged ? '' : 'not '}forged`, () =>
    assert.equal(read(`Subject: x\r\n${field}\r\nTo: y\r\n\r\n`).forged.length, forged ? 1 : 0))

test('only what is forged is cut out, and the rest stays byte for byte', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 6 }), fc.uint8Array(), (fields, body) => {
      const lines = fields.map((forged, n) => ({
        forged,
        text: forged ? `Authentication-Results: ${host}; a=pass\r\n\tx=${n}\r\n` : `X-${n}: y\r\n z\r\n`,
      }))
      const message = Buffer.concat([Buffer.from(`${lines.map(({ text }) => text).join('')}\r\n`), body])
      const kept = Buffer.concat([
        Buffer.from(
          `${lines
            .filter(({ forged }) => !forged)
            .map(({ text }) => text)
            .join('')}\r\n`,
        ),
        body,
      ])
      assert.deepEqual(Buffer.from(without(message, readHead(message, host).forged)), kept)
    }),
  )
})

test('no octets make it throw, and what it cuts is within them', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 300 }),
        fc.string().map((text) => Buffer.from(`From: ${text}\r\nAuthentication-Results:${text}`)),
      ),
      (octets) => {
        const head = readHead(octets, host)
        for (const [from, to] of head.forged) assert.ok(from < to && to <= octets.length)
      },
    ),
  )
})

test('hostile fields cost no time', () => {
  const start = process.cpuUsage()
  for (const text of [
    `From: ${'('.repeat(500_000)}\r\n`,
    `From: ${'<a@'.repeat(200_000)}\r\n`,
    `From: "${'\\'.repeat(500_000)}\r\n`,
    'A:\r\n'.repeat(250_000),
  ])
    read(text)
  const { user } = process.cpuUsage(start)
  assert.ok(user < 3_000_000, `${user} us`)
})
