import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readHead } from './head.ts'
import { writeNote } from './keep-refused.ts'
import type { Decision, Known, Mail, Taker } from './mail.ts'
import { isNote, RejectedCounts, refusalField, refusalIn } from './rejected.ts'

const settings = { host: 'mx.example.org', spam: { flag: 5, reject: 10, honourDmarc: true, keepRejected: false } }
const decision: Pick<Decision, 'answer'> = { answer: { kind: 'reject', reasons: ['score'] } }
const known: Pick<Known, 'output'> = {
  output: {
    score: 12.34,
    tokens: new Uint32Array(0),
    hits: [
      { name: 'LOW', says: 'a small thing', score: 0.5 },
      { name: 'HIGH', says: 'a large thing', score: 11.8 },
    ],
  },
}
const mailOf = (header: string): Pick<Mail, 'id' | 'at' | 'head' | 'envelope' | 'body'> => ({
  id: '0123456789abcdef',
  at: Date.UTC(2026, 10, 25, 12),
  head: readHead(Buffer.from(header), 'mx.example.org'),
  envelope: {
    session: 's',
    at: 0,
    ip: '192.0.2.7',
    helo: 'x',
    mailFrom: { text: 'carl@sender.example', local: 'carl', domain: 'sender.example' },
    recipients: [],
    body: '7bit',
    smtpUtf8: false,
    requireTls: false,
    protocol: 'ESMTP',
  } as unknown as Mail['envelope'],
  body: { bytes: Buffer.from(header), size: 4321 },
})
const noteOf = (header: string): string => Buffer.from(writeNote(settings, mailOf(header), known, decision)).toString()

test('a note has From and Subject of what was refused, and says why, the heaviest test first', () => {
  const note = noteOf('From: Carl <carl@sender.example>\r\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n\r\n')
  const [head = '', body = ''] = note.split('\r\n\r\n', 2)
  assert.match(head, /^From: Carl <carl@sender\.example>\r\nSubject: =\?utf-8\?Q\?Gr=C3=BC=C3=9Fe\?=\r\n/)
  assert.match(head, /Date: Wed, 25 Nov 2026 12:00:00 \+0000/)
  assert.match(head, /Auto-Submitted: auto-generated/)
  assert.match(body, /refused: it looks like spam/)
  const whole = note.slice(head.length)
  assert.match(whole, /4321 octets/)
  assert.match(whole, /12\.3; from 10 on/)
  assert.ok(whole.indexOf('HIGH') < whole.indexOf('LOW'))
  assert.match(whole, /postern why\s+0123456789abcdef/)
})

test('words beyond ASCII come back as encoded words, and the address stays one', () => {
  const note = noteOf('From: Jörg Müller <joerg@sender.example>\r\nSubject: Grüße\r\n\r\n')
  assert.match(
    note,
    /^From: =\?utf-8\?B\?[A-Za-z0-9+/=]+\?= <joerg@sender\.example>\r\nSubject: =\?utf-8\?B\?R3LDvMOfZQ==\?=\r\n/,
  )
  assert.match(noteOf('Subject: x\r\n\r\n'), /^From: .*<unknown@invalid>\r\n/)
})

test('whatever a stranger wrote, the note has one header of ours, and no line too long or of control characters', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), fc.string({ maxLength: 400 }), (from, subject) => {
      const note = noteOf(`From: ${from}\r\nSubject: ${subject}\r\n\r\n`)
      const head = note.slice(0, note.indexOf('\r\n\r\n'))
      const names = head.split(/\r\n(?![ \t])/).map((field) => field.slice(0, field.indexOf(':')))
      assert.deepEqual(names, [
        ...['From', 'Subject', 'Date', 'Message-ID', 'Auto-Submitted'],
        ...['MIME-Version', 'Content-Type', 'Content-Transfer-Encoding'],
      ])
      assert.doesNotMatch(note, /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|(?<!\r)\n|\r(?!\n)/)
      for (const line of note.split('\r\n')) assert.ok(Buffer.byteLength(line) <= 998)
    }),
    { numRuns: 200 },
  )
})

test('a hundred a day and account, then none until the next day; others have their own', () => {
  const counts = new RejectedCounts()
  const taker = (id: number) => ({ account: { id }, detail: '' }) as unknown as Taker
  const day = 86_400_000
  const taken = Array.from({ length: 120 }, () => counts.take(taker(1), 5 * day)).filter(Boolean)
  assert.equal(taken.length, 100)
  assert.equal(counts.take(taker(2), 5 * day), true)
  assert.equal(counts.take(taker(1), 6 * day - 1), false)
  assert.equal(counts.take(taker(1), 6 * day), true)
})

test('what stands before a stored message says whether it is a note, and of which message', () => {
  const prefix = `${refusalField('note', '0a1b')}Return-Path: <>\r\n`
  assert.equal(isNote(prefix), true)
  assert.equal(refusalIn(prefix), '0a1b')
  assert.equal(isNote(prefix.replace('note', 'message')), false)
  assert.equal(refusalIn(prefix.replace('note', 'message')), '0a1b')
  assert.equal(refusalIn(`Return-Path: <>\r\n${prefix}`), undefined)
})
