import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readDate } from './date.ts'

for (const [text, at, day] of [
  ['Mon, 25 Nov 2002 10:00:00 +0100', '2002-11-25T09:00:00Z', '2002-11-25'],
  ['25 Nov 2002 10:00 GMT', '2002-11-25T10:00:00Z', '2002-11-25'],
  [' Fri, 21 Nov 1997 09(comment):   55  :  06 -0600', '1997-11-21T15:55:06Z', '1997-11-21'],
  ['Fri, 21 Nov 97 09:55:06 -0600', '1997-11-21T15:55:06Z', '1997-11-21'],
  ['Fri, 21 Nov 02 09:55:06 EST', '2002-11-21T14:55:06Z', '2002-11-21'],
  ['Fri, 21 Nov 102 09:55:06 EDT', '2002-11-21T13:55:06Z', '2002-11-21'],
  ['Mon, 25 Nov 2002 23:30:00 -0500 (EST)', '2002-11-26T04:30:00Z', '2002-11-25'],
  ['Mon, 25 Nov 2002 00:30:00 +1300', '2002-11-24T11:30:00Z', '2002-11-25'],
  ['Mon, 25 Nov 2002 10:00:00 K', '2002-11-25T10:00:00Z', '2002-11-25'], // RFC 5322 section 4.3
  ['Mon, 25 Nov 2002 10:00:00 XYZ', '2002-11-25T10:00:00Z', '2002-11-25'],
  ['Mon, 25 Nov 2002 10:00:00', '2002-11-25T10:00:00Z', '2002-11-25'],
  ['Mon, 25 November 2002 10:00:00 +0000', '2002-11-25T10:00:00Z', '2002-11-25'],
  ['Mon Nov 25 10:00:00 2002', '2002-11-25T10:00:00Z', '2002-11-25'],
  ['Mon Nov 25 10:00:00 CET 2002', '2002-11-25T09:00:00Z', '2002-11-25'],
  ['Mon Nov 25 10:00:00 2002 +0200', '2002-11-25T08:00:00Z', '2002-11-25'],
  ['Nov 25, 2002 10:00 PM', '2002-11-25T22:00:00Z', '2002-11-25'],
  ['Mon, 25 Nov 2002 12:05:00 AM', '2002-11-25T00:05:00Z', '2002-11-25'],
  ['2002-11-25T10:00:00+01:00', '2002-11-25T09:00:00Z', '2002-11-25'],
  ['2002-11-25 10:00:00 +0100', '2002-11-25T09:00:00Z', '2002-11-25'],
  ['25-Nov-2002 10:00:00 +0100', '2002-11-25T09:00:00Z', '2002-11-25'],
  ['Mon, 25 Nov 2002 10:00:00 GMT+2', '2002-11-25T08:00:00Z', '2002-11-25'],
  ['Mon, 25 Nov 2002 10.00.00 +0100', '2002-11-25T09:00:00Z', '2002-11-25'],
  ['Mon, 31 Dec 2016 23:59:60 +0000', '2017-01-01T00:00:00Z', '2016-12-31'],
  ['29 Feb 2024 10:00 +0000', '2024-02-29T10:00:00Z', '2024-02-29'],
  ['29 Feb 2000 10:00 +0000', '2000-02-29T10:00:00Z', '2000-02-29'],
  ['29 Feb 1900 10:00 +0000', undefined, ''],
  ['29 Feb 2023 10:00 +0000', undefined, ''],
  ['32 Nov 2002 10:00 +0000', undefined, ''],
  ['0 Nov 2002 10:00 +0000', undefined, ''],
  ['25 Foo 2002 10:00 +0000', undefined, ''],
  ['25 Nov 2002 25:00 +0000', undefined, ''],
  ['yesterday', undefined, ''],
  ['', undefined, ''],
] as const)
  test(`"${text}" is ${at ?? 'no date'}`, () => {
    const date = readDate(text)
    if (at === undefined) assert.equal(date, null)
    else assert.deepEqual(date, { at: Date.parse(at), day })
  })

test('dates as JavaScript writes them are read back', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_000_000_000 }), (seconds) => {
      const date = new Date(seconds * 1000)
      assert.deepEqual(readDate(date.toUTCString()), { at: seconds * 1000, day: date.toISOString().slice(0, 10) })
    }),
  )
})

test('no text makes it throw', () => {
  const unit = fc.constantFrom('1', '25', ' ', 'Nov', 'Mon', ',', ':', '+', '-', '2002', '(', ')', 'x')
  fc.assert(fc.property(fc.string({ unit }), (text) => Number.isSafeInteger(readDate(text)?.at ?? 0)))
})
