import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { characters } from './charset.ts'
import { renderHtml, unescaped } from './html.ts'
import { decoded, headerOf, leavesOf, readContentType, readMail } from './message.ts'
import { resolved } from './uri.ts'
import { viewOf } from './view.ts'
import { encodedWords } from './words.ts'

const octets = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')
const mail = (text: string) => readMail(Buffer.from(text, 'latin1'))

for (const [text, charset, want] of [
  ['plain', 'us-ascii', 'plain'],
  [octets('Grüße'), 'iso-8859-1', 'Grüße'], // valid UTF-8 wins over what was declared
  ['Gr\xfc\xdfe', 'iso-8859-1', 'Grüße'],
  ['Gr\xfc\xdfe', 'no-such-charset', 'Grüße'],
  ['\xcf\xf0\xe8', 'windows-1251', 'При'],
  ['a\x00b\x00', 'utf-16', 'ab'],
] as const)
  test(`${JSON.stringify(text)} in ${charset} is ${want}`, () => assert.equal(characters(text, charset), want))

for (const [text, want] of [
  ['a =?utf-8?q?b=C3=BC_c?= d', `a ${octets('bü c')} d`],
  ['=?utf-8?b?w7w=?= =?utf-8?b?w7w=?=', octets('üü')],
  ['=?utf-8?q?=C3?= =?utf-8?q?=BC?=', octets('ü')], // cut in half by the sender
  ['=?iso-8859-1?q?=FC?=x', octets('üx')],
  ['=?broken?q', '=?broken?q'],
] as const)
  test(`the words ${text}`, () => assert.equal(encodedWords(text), want))

test('fields are unfolded, decoded, and found by their last', () => {
  const { top, oddities } = mail('Subject: a\r\n b\r\nX: 1\r\nx: 2\r\n\r\nbody\r\n')
  assert.equal(headerOf(top, 'subject'), 'a b')
  assert.equal(headerOf(top, 'x'), '2')
  assert.equal(decoded(top), 'body\n')
  assert.equal(oddities.missingHeadBodySeparator, false)
  assert.equal(mail('Subject: a\r\n').oddities.missingHeadBodySeparator, true)
})

for (const [text, type, boundary] of [
  ['', 'text/plain', undefined],
  ['TEXT/HTML; charset="utf-8"', 'text/html', undefined],
  ['multipart/mixed; boundary="a b"', 'multipart/mixed', 'a b'],
  ['text/x-unknown', 'text/plain', undefined],
] as const)
  test(`the type ${text}`, () => {
    const read = readContentType(text)
    assert.deepEqual([read.type, read.boundary], [type, boundary])
  })

test('parts are cut at their boundaries and decoded', () => {
  const { top } = mail(
    'Content-Type: multipart/mixed; boundary=b\n\npreamble\n--b\nContent-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\na=3Db=\nc\n--b\nContent-Type: application/zip; name="x.zip"\nContent-Transfer-Encoding: base64\n\nUEs=\n--b--\n',
  )
  const leaves = leavesOf(top)
  assert.deepEqual(
    leaves.map((leaf) => [leaf.type, leaf.name, decoded(leaf)]),
    [
      ['text/plain', '', 'a=bc'],
      ['application/zip', 'x.zip', 'PK'],
    ],
  )
})

test('a message in a message is looked into', () => {
  const { top } = mail('Content-Type: message/rfc822\n\nSubject: inner\nContent-Type: text/html\n\n<p>x</p>\n')
  assert.deepEqual(
    leavesOf(top).map((leaf) => [leaf.type, headerOf(leaf, 'subject')]),
    [['text/html', 'inner']],
  )
})

for (const [text, want] of [
  ['a &amp; b&#33;&#x3f;', 'a & b!?'],
  ['&eacute', 'é'],
  ['&nosuch; &#xd800;', '&nosuch; &#xd800;'],
] as const)
  test(`the characters of ${text}`, () => assert.equal(unescaped(text), want))

test('a page is rendered as a reader sees it', () => {
  const page = renderHtml(
    '<html><head><title>T</title></head><body bgcolor="white">Hello <b>Ben</b><br>you<font color="#ffffff">secret</font><!-- remark --><a href="/x">there</a><script>run()</script></body></html>',
  )
  assert.match(page.visible, /Hello Ben\nyou/)
  assert.equal(page.invisible, 'secret')
  assert.deepEqual(page.links, [{ href: '/x', text: 'there' }])
  assert.deepEqual([page.titles, page.comments, page.scripts], [['T'], ['<!-- remark -->'], ['run()']])
  assert.ok(page.lowContrast && page.closedHtml && page.closedBody)
})

test('a base leads relative links, without its file', () => {
  const page = renderHtml('<base href="http://a.example/d/e.html"><a href="f">x</a>')
  assert.ok(page.uris.has('http://a.example/d/f'))
})

for (const [base, reference, want] of [
  ['http://a.example/b/c', 'd', 'http://a.example/b/d'],
  ['http://a.example/b/c', '../d', 'http://a.example/d'],
  ['http://a.example/b/c', '//e.example/', 'http://e.example/'],
  ['http://a.example/b', 'https://e.example/?q#f', 'https://e.example/?q#f'],
  ['', 'x/y', 'x/y'],
] as const)
  test(`${reference} against ${base}`, () => assert.equal(resolved(base, reference), want))

test('the body comes in lines, the subject first', () => {
  const view = viewOf(mail('Subject: Hi\n\nfirst   line\nsecond\n\nnext\n'))
  assert.deepEqual(view.body(), ['Hi\n', 'first line second\n', 'next '])
  assert.deepEqual(view.rawbody(), ['first   line\nsecond\n\nnext\n'])
})

test('any text gives a page, and any octets a message', () => {
  const bits = fc.constantFrom(
    '<',
    '>',
    '</',
    '<!--',
    '-->',
    '"',
    "'",
    '=',
    ' ',
    '&',
    ';',
    '#',
    'a',
    'font',
    'style',
    'title',
    '\u00a0',
    '\n',
  )
  fc.assert(
    fc.property(fc.array(bits, { maxLength: 60 }), (words) => {
      const page = renderHtml(words.join(''))
      assert.ok(page.text.length <= words.join('').length * 12 + 10)
    }),
    { numRuns: 500 },
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      assert.ok(leavesOf(readMail(bytes).top).length >= 0)
    }),
    { numRuns: 200 },
  )
})
