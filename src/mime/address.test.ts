import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { displayName, MOST_ADDRESSES, readAddresses, writeAddresses } from './address.ts'

/** `name|route|local|domain`, `group:`, `;` */
const short = (text: string): readonly string[] =>
  readAddresses(text).map((item) => {
    if (item.kind === 'group') return `${item.name}:`
    if (item.kind === 'group-end') return ';'
    return [item.name ?? '-', item.route ?? '-', item.local, item.domain].join('|')
  })

for (const [text, want] of [
  ['a@b', ['-|-|a|b']],
  ['a@b, c@d', ['-|-|a|b', '-|-|c|d']],
  ['Joe Q. Public <joe@x.org>', ['Joe Q. Public|-|joe|x.org']],
  ['"Public, \\"Joe\\"" <joe@x.org>', ['Public, "Joe"|-|joe|x.org']],
  ['joe@x.org (Joe (the) Public)', ['Joe (the) Public|-|joe|x.org']],
  ['<joe@x.org>', ['-|-|joe|x.org']],
  ['"joe smith"@x.org', ['-|-|joe smith|x.org']],
  ['joe @ x . org', ['-|-|joe|x.org']], // RFC 5322 section 4.4
  ['joe . smith@x.org', ['-|-|joe.smith|x.org']],
  ['<@one,@two:joe@x.org>', ['-|@one,@two|joe|x.org']],
  ['Joe <@one:joe@x.org>', ['Joe|@one|joe|x.org']],
  ['joe@[192.0.2.1]', ['-|-|joe|[192.0.2.1]']],
  ['list: a@b, C <c@d>;', ['list:', '-|-|a|b', 'C|-|c|d', ';']],
  ['undisclosed-recipients:;', ['undisclosed-recipients:', ';']],
  ['list: a@b', ['list:', '-|-|a|b', ';']],
  ['a:b@c;, d@e', ['a:', '-|-|b|c', ';', '-|-|d|e']],
  ['a@b; c@d', ['-|-|a|b', '-|-|c|d']], // as Outlook writes
  ['<a@b> <c@d>', ['-|-|a|b', '-|-|c|d']],
  ['a@b c@d', ['-|-|a|b', '-|-|c|d']],
  ['a@b <a@b>', ['-|-|a|b']],
  ['x@y <a@b>', ['x@y|-|a|b']],
  ['"a@b" <a@b>', ['a@b|-|a|b']],
  ['=?utf-8?q?Doe,_J?= <a@b>', ['=?utf-8?q?Doe,_J?=|-|a|b']],
  ['Joe <a@b', ['Joe|-|a|b']],
  ['Joe <a@b, c@d', ['Joe|-|a|b', '-|-|c|d']],
  ['joe', ['-|-|joe|MISSING_DOMAIN']],
  ['Joe Public', ['Joe Public|-|MISSING_MAILBOX|MISSING_DOMAIN']],
  ['<>', ['-|-|MISSING_MAILBOX|MISSING_DOMAIN']],
  ['@b', ['-|-|MISSING_MAILBOX|b']],
  ['a@', ['-|-|a|MISSING_DOMAIN']],
  ['<a b@c>', ['-|-|a b|c']],
  ['<C:x@c>', ['-|-|C:x|c']],
  [', ,;;', []],
  ['', []],
  ['(only a comment)', []],
  ['a@b\r\n (folded),\r\n\tc@d', ['folded|-|a|b', '-|-|c|d']],
  ['"  A   B " <a@b>', ['A B|-|a|b']],
  ['J\xf6e <a@b>', ['J\xf6e|-|a|b']],
] as const)
  test(`the addresses of ${JSON.stringify(text)}`, () => assert.deepEqual(short(text), want))

for (const [text, want, display] of [
  ['=?utf-8?q?J=C3=B6?= <a@b>, c@d', 'Jö <a@b>, c@d', 'Jö'],
  ['list: a@b, c@d;, e@f', 'list: a@b, c@d, e@f', 'list'],
  ['a@b', 'a@b', 'a@b'],
  ['joe', 'joe', 'joe'],
  ['', '', ''],
] as const)
  test(`${JSON.stringify(text)} for people`, () => {
    const items = readAddresses(text)
    assert.equal(writeAddresses(items, 2000), want)
    assert.equal(displayName(items[0]), display)
  })

test('there is a bound', () => {
  const items = readAddresses('a@b,'.repeat(MOST_ADDRESSES + 10))
  assert.equal(items.length, MOST_ADDRESSES)
  assert.equal(writeAddresses(items, 100).length, 100)
})

test('what is written well is read back', () => {
  const atom = fc.stringMatching(/^[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,8}$/).filter((text) => !text.includes('=?'))
  const quoted = fc.string({
    unit: fc.integer({ min: 33, max: 126 }).map((code) => String.fromCharCode(code)),
    minLength: 1,
  })
  const mailbox = fc.record({ name: quoted, local: quoted, domain: atom })
  fc.assert(
    fc.property(fc.array(mailbox), (list) => {
      const quote = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`
      const text = list.map((one) => `${quote(one.name)} <${quote(one.local)}@${one.domain}>`).join(',\r\n ')
      const want = list.map((one) => ({ kind: 'mailbox', route: undefined, ...one }))
      assert.deepEqual(readAddresses(text), want)
    }),
  )
})

test('no text makes it throw, and every group ends', () => {
  const unit = fc.constantFrom(
    'a',
    '@',
    '<',
    '>',
    '"',
    '(',
    ')',
    ',',
    ';',
    ':',
    '\\',
    ' ',
    '.',
    '[',
    ']',
    '=?',
    '\r\n ',
  )
  fc.assert(
    fc.property(fc.string({ unit }), (text) => {
      let open = 0
      for (const item of readAddresses(text)) {
        open += item.kind === 'group' ? 1 : item.kind === 'group-end' ? -1 : 0
        assert.ok(open === 0 || open === 1)
      }
      assert.equal(open, 0)
    }),
  )
})
