import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { addRecord, findPart, recordAt } from './part-numbers.ts'
import { cutSection, partOf, type SectionText } from './section.ts'
import { summarize } from './summary.ts'

const body = [
  'From: a@b',
  'Subject: outer',
  'Content-Type: multipart/mixed; boundary=o',
  '',
  'preamble',
  '--o',
  'Content-Type: text/plain; charset=UTF-8',
  'Content-Transfer-Encoding: BASE64',
  '',
  'aGk=',
  '--o',
  'Content-Type: message/rfc822',
  '',
  'Subject: inner',
  'To: c@d',
  'Content-Type: multipart/alternative; boundary=i',
  '',
  '--i',
  'X: 1',
  '',
  'one',
  '--i',
  'Content-Type: application/x-never-heard-of-it; charset=x',
  '',
  'two',
  '--i--',
  '--o',
  'Content-Type: message/rfc822',
  '',
  'Subject: single',
  '',
  'alone',
  '--o--',
  '',
].join('\r\n')
const prefix = 'Received: from x\r\n\ty\r\nX-Spam: no\r\n'
const message = Buffer.from(prefix + body)
const { parts } = summarize(Buffer.from(body))

const cut = (path: readonly number[], text: SectionText, fields: readonly string[] = []): string | undefined => {
  const octets = cutSection(message, prefix.length, parts, path, text, fields)
  return octets === null ? undefined : Buffer.from(octets).toString()
}
const innerHeader = 'Subject: inner\r\nTo: c@d\r\nContent-Type: multipart/alternative; boundary=i\r\n\r\n'
const innerText =
  '--i\r\nX: 1\r\n\r\none\r\n--i\r\nContent-Type: application/x-never-heard-of-it; charset=x\r\n\r\ntwo\r\n--i--'

for (const [path, text, fields, want] of [
  [[], null, [], prefix + body],
  [[], 'HEADER', [], `${prefix}${body.slice(0, body.indexOf('preamble'))}`],
  [[], 'TEXT', [], body.slice(body.indexOf('preamble'))],
  [[], 'MIME', [], undefined],
  [[], 'HEADER.FIELDS', ['SUBJECT', 'x-spam'], 'X-Spam: no\r\nSubject: outer\r\n\r\n'],
  [[], 'HEADER.FIELDS', ['received'], 'Received: from x\r\n\ty\r\n\r\n'],
  [[], 'HEADER.FIELDS', ['nothing'], '\r\n'],
  [[], 'HEADER.FIELDS.NOT', ['received', 'content-type', 'from'], 'X-Spam: no\r\nSubject: outer\r\n\r\n'],
  [[], 'HEADER.FIELDS.NOT', [], `${prefix}${body.slice(0, body.indexOf('preamble'))}`],
  [[1], null, [], 'aGk='],
  [[1], 'MIME', [], 'Content-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: BASE64\r\n\r\n'],
  [[1], 'HEADER', [], undefined],
  [[1], 'TEXT', [], undefined],
  [[1, 1], null, [], undefined],
  [[2], null, [], innerHeader + innerText],
  [[2], 'MIME', [], 'Content-Type: message/rfc822\r\n\r\n'],
  [[2], 'HEADER', [], innerHeader],
  [[2], 'TEXT', [], innerText],
  [[2], 'HEADER.FIELDS', ['to'], 'To: c@d\r\n\r\n'],
  [[2], 'HEADER.FIELDS.NOT', ['to', 'content-type'], 'Subject: inner\r\n\r\n'],
  [[2, 1], null, [], 'one'],
  [[2, 1], 'MIME', [], 'X: 1\r\n\r\n'],
  [[2, 2], null, [], 'two'],
  [[2, 3], null, [], undefined],
  [[3, 1], null, [], 'alone'],
  [[3, 1], 'MIME', [], 'Subject: single\r\n\r\n'],
  [[3, 1, 1], null, [], undefined],
  [[3, 2], null, [], undefined],
  [[4], null, [], undefined],
  [[0], null, [], undefined],
] as const)
  test(`section ${[...path, text ?? ''].join('.')} ${fields.join(' ')}`, () =>
    assert.equal(cut(path, text, fields), want))

test('a message that is no multipart has one part', () => {
  const single = Buffer.from('Subject: x\r\n\r\nhello\r\n')
  const numbers = summarize(single).parts
  const own = (path: readonly number[], text: SectionText): string | undefined =>
    cutSection(single, 0, numbers, path, text, [])?.toString()
  assert.equal(own([1], null), 'hello\r\n')
  assert.equal(own([1], 'MIME'), 'Subject: x\r\n\r\n')
  assert.equal(own([2], null), undefined)
  assert.equal(own([1, 1], null), undefined)
})

test('sections are views of the message where they can be', () => {
  for (const [path, text, fields] of [
    [[1], null, []],
    [[], 'HEADER', []],
    [[2], 'TEXT', []],
    [[], 'HEADER.FIELDS.NOT', []],
  ] as const)
    assert.equal(cutSection(message, prefix.length, parts, path, text, fields)?.buffer, message.buffer)
})

test('no numbers, no sections', () => {
  assert.equal(cutSection(message, 0, [], [], null, []), null)
  assert.equal(partOf([], [1]), null)
})

test('what BINARY needs of a part', () => {
  assert.deepEqual(partOf(parts, [1]), {
    encoding: 'base64',
    charset: 'utf-8',
    type: 'text/plain',
    from: body.indexOf('aGk='),
    to: body.indexOf('aGk=') + 4,
  })
  assert.equal(partOf(parts, [2, 2])?.type, 'application/x-never-heard-of-it')
  assert.equal(partOf(parts, [2, 1])?.encoding, '7bit')
  assert.deepEqual(partOf(parts, []), {
    encoding: 'binary',
    charset: '',
    type: 'message/rfc822',
    from: 0,
    to: body.length,
  })
  assert.equal(partOf(parts, [9]), null)
})

test('a record is read as it was written, words of any length included', () => {
  const word = fc.string({
    unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
    maxLength: 250,
  })
  const place = fc.nat(2 ** 31)
  fc.assert(
    fc.property(place, place, place, word, word, word, (headerFrom, bodyFrom, bodyTo, type, charset, encoding) => {
      const record = { kind: 0, headerFrom, bodyFrom, bodyTo, type, charset, encoding }
      const out: number[] = []
      addRecord(out, { ...record, kind: 2 }, () => {
        addRecord(out, record, () => undefined)
        addRecord(out, { ...record, bodyTo: 7 }, () => undefined)
      })
      assert.ok(out.every(Number.isSafeInteger))
      assert.deepEqual(recordAt(out, 0), { ...record, kind: 2 })
      assert.deepEqual(recordAt(out, findPart(out, [1])), record)
      assert.equal(recordAt(out, findPart(out, [2])).bodyTo, 7)
      assert.equal(findPart(out, [3]), -1)
    }),
  )
})

test('any numbers give a section or none', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -20, max: 60 })), fc.array(fc.nat(4)), (numbers, path) => {
      cutSection(message, 0, numbers, path, 'HEADER', [])
      partOf(numbers, path)
    }),
  )
})
