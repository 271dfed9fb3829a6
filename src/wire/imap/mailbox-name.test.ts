import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { listMatcher, mayBeName, readMailboxName, readUtf7, writeUtf7 } from './mailbox-name.ts'

for (const [octets, name] of [
  ['INBOX', 'INBOX'],
  ['&-', '&'],
  ['Tom &- Jerry', 'Tom & Jerry'],
  // The example of RFC 3501 section 5.1.3.
  ['~peter/mail/&U,BTFw-/&ZeVnLIqe-', '~peter/mail/台北/日本語'],
  ['Entw&APw-rfe', 'Entwürfe'],
  ['&2D3eAA-', '😀'],
] as const)
  test(`${octets} is ${name} and back`, () => {
    assert.equal(readUtf7(octets), name)
    assert.equal(writeUtf7(name), octets)
  })

for (const octets of ['&', '&Jjo', '&A', '&AA-', '&AGE-', '&2D0-', '&!!-', 'x&Jjo!-'])
  test(`${octets} is no modified UTF-7`, () => assert.equal(readUtf7(octets), undefined))

test('modified UTF-7 gives back every name', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (name) => {
      if (!name.isWellFormed() || /[\x00-\x1f\x7f]/.test(name)) return
      assert.equal(readUtf7(writeUtf7(name)), name)
    }),
  )
})

test('no octets make the reader throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary-ascii', maxLength: 60 }), fc.boolean(), (octets, unicode) => {
      const name = readMailboxName(octets, unicode)
      assert.ok(name === undefined || name.isWellFormed())
    }),
  )
})

const latin1 = (text: string): string => Buffer.from(text).toString('latin1')
for (const [octets, unicode, name] of [
  ['inbox', false, 'INBOX'],
  ['InBoX/below', false, 'INBOX/below'],
  ['inboxes', false, 'inboxes'],
  [latin1('Entwürfe'), true, 'Entwürfe'],
  // Clients that know no UTF-7 send UTF-8 all the same.
  [latin1('Entwürfe'), false, 'Entwürfe'],
  [latin1('Entwu\u0308rfe'), true, 'Entwürfe'],
  ['Entw&APw-rfe', true, 'Entw&APw-rfe'],
  ['\xff\xfe', true, undefined],
  ['&Jjo', false, undefined],
] as const)
  test(`"${octets}" ${unicode ? 'in UTF-8' : 'in UTF-7'} names ${name}`, () =>
    assert.equal(readMailboxName(octets, unicode), name))

for (const [name, may] of [
  ['a', true],
  ['a/b', true],
  ['', false],
  ['a//b', false],
  ['/a', false],
  ['a/', false],
  ['a*', false],
  ['a%b', false],
  ['a\nb', false],
  ['x'.repeat(1000), true],
  ['x'.repeat(1001), false],
] as const)
  test(`"${name.slice(0, 20)}" ${may ? 'may' : 'may not'} be a name`, () => assert.equal(mayBeName(name), may))

for (const [reference, pattern, name, matches] of [
  ['', '*', 'a/b/c', true],
  ['', '%', 'a', true],
  ['', '%', 'a/b', false],
  ['', 'a/%', 'a/b', true],
  ['', 'a/%', 'a/b/c', false],
  ['', 'a*', 'a/b', true],
  ['', '*b', 'a/b', true],
  ['', '%/%', 'a/b', true],
  ['a/', '%', 'a/b', true],
  ['a/', '/b', 'a/b', true],
  ['', 'inbox', 'INBOX', true],
  ['', 'INB%', 'INBOX', true],
  ['', 'A', 'a', false],
  ['', '', 'a', false],
  ['', 'a%%b', 'axxb', true],
  ['', '*%*', 'a/b', true],
] as const)
  test(`${reference}+${pattern} ${matches ? 'means' : 'does not mean'} ${name}`, () =>
    assert.equal(listMatcher(reference, pattern)(name), matches))

test('a pattern of many stars is no slower than pattern times name', () => {
  const matches = listMatcher('', '*a'.repeat(200))
  assert.equal(matches('b'.repeat(1000)), false)
})

test('the matcher agrees with a regular expression', () => {
  const char = fc.constantFrom('a', 'b', '/', '*', '%')
  const text = fc.string({ unit: char, maxLength: 8 })
  fc.assert(
    fc.property(text, text, (pattern, name) => {
      if (/[*%]/.test(name) || /inbox/i.test(pattern)) return
      const like = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('%', '[^/]*')}$`)
      assert.equal(listMatcher('', pattern)(name), like.test(name))
    }),
  )
})
