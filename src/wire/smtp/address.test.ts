import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MOST_PATH, readAddress, readDomain, readPath, writeLocal } from './address.ts'

/** What the path says, for short: `local|domain`, with `(utf8)`, and what stands behind it. */
const short = (text: string): string => {
  const read = readPath(text)
  if (!read.ok) return read.error
  const { path, rest } = read.value
  const said = path.address === null ? 'null' : `${path.address.local}|${path.address.domain}`
  return `${said}${path.utf8 ? ' (utf8)' : ''}${rest === '' ? '' : ` +${rest}`}`
}

for (const [text, want] of [
  ['<>', 'null'],
  ['<> SIZE=1', 'null + SIZE=1'],
  ['<a@b.example>', 'a|b.example'],
  ['<A.B+c@B.Example>', 'A.B+c|b.example'],
  ['<a@b.example> SIZE=1 X', 'a|b.example + SIZE=1 X'],
  ['a@b.example SIZE=1', 'a|b.example + SIZE=1'],
  ['<@r.example:a@b.example>', 'a|b.example'],
  ['<@r.example,@s.example:a@b.example>', 'a|b.example'],
  ['<Postmaster>', 'Postmaster|'],
  ['<"a b"@c.example>', 'a b|c.example'],
  ['<"a@b"@c.example>', 'a@b|c.example'],
  ['<"a>b"@c.example>', 'a>b|c.example'],
  ['<"a\\"b\\\\c"@d.example>', 'a"b\\c|d.example'],
  ['<""@c.example>', '|c.example'],
  ['<"plain"@c.example>', 'plain|c.example'],
  ["<!#$%&'*+-/=?^_`{|}~@c.example>", "!#$%&'*+-/=?^_`{|}~|c.example"],
  ['<a..b.@c.example>', 'a..b.|c.example'],
  ['<a@under_score.example>', 'a|under_score.example'],
  ['<a@b.example.>', 'a|b.example'],
  ['<a@localhost>', 'a|localhost'],
  ['<a@[192.0.2.1]>', 'a|[192.0.2.1]'],
  ['<a@[ipv6:2001:DB8:0:0::1]>', 'a|[IPv6:2001:db8::1]'],
  ['<ü@b.example>', 'ü|b.example (utf8)'],
  ['<a@bücher.example>', 'a|xn--bcher-kva.example (utf8)'],
  ['<a@BÜCHER.example>', 'a|xn--bcher-kva.example (utf8)'],
  ['<"ü b"@b.example>', 'ü b|b.example (utf8)'],
  [`<${'a'.repeat(300)}@b.example>`, `${'a'.repeat(300)}|b.example`],
] as const)
  test(`path ${text.slice(0, 60)}`, () => assert.equal(short(text), want))

for (const text of [
  '',
  '<',
  '>',
  '<a',
  '<a@>',
  '<@b.example>',
  '<a@b@c>',
  '<a b@c.example>',
  '<a@b.example>x',
  '<a@b.example>SIZE=1',
  '<<a@b.example>>',
  '<a@b..example>',
  '<a@.example>',
  '<a@-b.example>',
  '<a@b-.example>',
  '<a@b.example..>',
  '<a@b c>',
  `<a@${'x'.repeat(64)}.example>`,
  `<a@${'x.'.repeat(130)}example>`,
  `<${'a'.repeat(MOST_PATH)}@b.example>`,
  '<a@[192.0.2.256]>',
  '<a@[2001:db8::1]>',
  '<a@[IPv6:fe80::1%eth0]>',
  '<a@[tag:content]>',
  '<a@[]>',
  '<a@[192.0.2.1>',
  '<"a@b.example>',
  '<"a"b@c.example>',
  '<"a\tb"@c.example>',
  '<a(comment)@b.example>',
  '<a@b.example,c@d.example>',
  '<a:b@c.example>',
  '<@r.example a@b.example>',
  '<a@bü cher.example>',
  '<a@１２７.1>',
  '<a@\u200b>',
  '<a@xn--\u00fc.example/x>',
])
  test(`no path: ${text.slice(0, 60)}`, () => assert.equal(short(text), 'bad-address'))

test('a domain is one spelling', () => {
  assert.equal(readDomain('EXAMPLE.org.'), 'example.org')
  assert.equal(readDomain('[IPv6:0::1]'), '[IPv6:::1]')
  assert.equal(readDomain('faß.example'), 'xn--fa-hia.example')
})

test('it never throws', () => {
  const texts = fc.array(
    fc.oneof(
      fc.constantFrom('<', '>', '"', '\\', '@', '.', '[', ']', ':', ' ', 'a', 'ü', '😀'),
      fc.string({ maxLength: 6 }),
    ),
  )
  fc.assert(fc.property(texts, (parts) => typeof readPath(parts.join('')).ok === 'boolean'))
})

test('what is written is read', () => {
  const locals = fc.string({ unit: fc.constantFrom(...'abc.+"\\ @<>(),:;ü😀'), minLength: 1, maxLength: 30 })
  const domains = fc.constantFrom('b.example', 'xn--bcher-kva.example', '[192.0.2.1]', '[IPv6:2001:db8::1]')
  fc.assert(
    fc.property(locals, domains, (local, domain) => {
      const read = readAddress(`${writeLocal(local)}@${domain}`)
      assert.ok(read.ok, local)
      assert.deepEqual([read.value.address.local, read.value.address.domain], [local, domain])
      const again = readPath(`<${read.value.address.text}>`)
      assert.deepEqual(again.ok && again.value.path, read.value)
    }),
  )
})
