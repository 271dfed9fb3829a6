import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readHeader } from '../mime/fields.ts'
import { without } from './head.ts'
import { type Repaired, repair } from './repair.ts'

const make = { date: 'Wed, 25 Nov 2026 09:00:00 +0000', messageId: (domain: string) => `<id@${domain}>` }
const repairText = (text: string, whole = true) => repair(Buffer.from(text, 'latin1'), whole, make)
const done = (text: string): { readonly repaired: Repaired; readonly message: string } => {
  const result = repairText(text)
  assert.ok(result.ok, result.ok ? '' : result.error)
  const { added, cuts } = result.value
  return {
    repaired: result.value,
    message: added + Buffer.from(without(Buffer.from(text, 'latin1'), cuts)).toString('latin1'),
  }
}
const good = 'From: Anna <anna@example.org>\r\nDate: Wed, 25 Nov 2026 08:00:00 +0100\r\nMessage-ID: <1@example.org>\r\n'

test('a whole header stays as it is, octet for octet', () => {
  const text = `${good}X-Odd :  x\r\n\ty\r\nTo: b@example.net\r\n\r\nBcc: in the body\r\n`
  assert.equal(done(text).message, text)
})

for (const [says, header, want] of [
  [
    'Date and Message-ID are added',
    'From: a@example.org\r\n',
    `Date: ${make.date}\r\nMessage-ID: <id@example.org>\r\nFrom: a@example.org\r\n`,
  ],
  [
    'empty ones are made anew',
    'Date: \r\n\t\r\nFrom: a@example.org\r\nMESSAGE-ID:\r\n',
    `Date: ${make.date}\r\nMessage-ID: <id@example.org>\r\nFrom: a@example.org\r\n`,
  ],
  [
    'the domain is that of the first author, in A-labels',
    'From: "A, B" <a@B\xc3\xbccher.example>, c@d.example\r\nDate: x\r\n',
    'Message-ID: <id@xn--bcher-kva.example>\r\nFrom: "A, B" <a@B\xc3\xbccher.example>, c@d.example\r\nDate: x\r\n',
  ],
  [
    'Bcc goes, folded, in any case, as often as it is there',
    `${good}BCC: x@y.example,\r\n z@y.example\r\nTo: b@c.example\r\nbcc :q@y.example\r\nResent-Bcc: r@y.example\r\n`,
    `${good}To: b@c.example\r\n`,
  ],
  [
    'Return-Path and an mbox line go',
    `From anna Wed Nov 25 09:00:00 2026\r\nReturn-Path: <x@y.example>\r\n${good}`,
    good,
  ],
] as const)
  test(says, () => assert.equal(done(`${header}\r\ntext\r\n`).message, `${want}\r\ntext\r\n`))

for (const [says, header, why] of [
  ['no From', 'Date: x\r\n', /no From field/],
  ['an empty From', 'From: \r\n', /no From field/],
  ['two Froms', `${good}from: b@example.org\r\n`, /two From fields/],
  ['two Subjects', `${good}Subject: a\r\nSUBJECT: b\r\n`, /two Subject fields/],
  ['a From without a domain', 'From: anna\r\n', /no whole address/],
  ['a From at a bare host', 'From: anna@localhost\r\n', /no whole address/],
  ['a group', 'From: friends:;\r\n', /no whole address/],
  ['two Senders in one', `${good}Sender: a@b.example, c@d.example\r\n`, /Sender field/],
  ['a line that is no field', `${good}what is this\r\n`, /no field: what is this/],
  ['a name with a space in it', `${good}Foo Bar: x\r\n`, /no field: Foo Bar/],
  ['a name that is not ASCII', `${good}S\xfcbject: x\r\n`, /no field/],
  ['a line of 999 octets', `${good}Subject: ${'x'.repeat(990)}\r\n`, /longer than 998/],
  ['Latin-1', `${good}Subject: caf\xe9\r\n`, /neither ASCII nor UTF-8/],
] as const)
  test(`refused: ${says}`, () => {
    const result = repairText(`${header}\r\ntext\r\n`)
    assert.ok(!result.ok)
    assert.match(result.error, why)
  })

test('998 octets a line are allowed, folded ones as many as there are', () => {
  const text = `${good}Subject: ${'x'.repeat(989)}\r\n ${'y'.repeat(997)}\r\n\r\n`
  assert.equal(done(text).message, text)
})

test('UTF-8 in the header is told; in the body it is none of this', () => {
  assert.equal(done(`${good}Subject: caf\xc3\xa9\r\n\r\n`).repaired.utf8, true)
  assert.equal(done(`${good}\r\ncaf\xe9`).repaired.utf8, false)
})

test('authors and sender are told, with their domains in A-labels', () => {
  const { authors, sender } = done(
    `${good.replace('anna@example.org', 'Anna@EXAMPLE.org')}Sender: "S" <"s t"@example.org>\r\n`.replace('"s t"', 's'),
  ).repaired
  assert.deepEqual(authors, [{ local: 'Anna', domain: 'example.org', text: 'Anna@example.org' }])
  assert.deepEqual(sender, { local: 's', domain: 'example.org', text: 's@example.org' })
})

test('a header of which the end was not seen is too long, unless it is all there is', () => {
  assert.ok(repairText(good).ok)
  const cut = repairText(good, false)
  assert.ok(!cut.ok && /too long/.test(cut.error))
})

const line = fc.constantFrom(
  'From: a@b.example\r\n',
  'Bcc: x\r\n',
  ' y@z.example\r\n',
  'Date:\r\n',
  'Subject: \xc3\xa9\r\n',
  '\r\n',
  'x\n',
  'From b\r\n',
  ':\r\n',
  'To: c\r\n',
)

test('any octets: it never throws; what it repairs has one From, Date and Message-ID and no Bcc, and needs no further repair', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(line, fc.string({ maxLength: 5 })), { maxLength: 12 }), (lines) => {
      const text = lines.join('')
      if (!repairText(text).ok) return
      const { message } = done(text)
      const header = readHeader(Buffer.from(message, 'latin1'))
      for (const name of ['from', 'date', 'message-id']) assert.equal(header.all(name).length, 1)
      assert.equal(header.field('bcc'), undefined)
      assert.equal(done(message).message, message)
    }),
    { numRuns: 500 },
  )
})
