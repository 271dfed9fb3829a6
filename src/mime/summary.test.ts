import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { writeString } from './imap-text.ts'
import { type Summary, summarize } from './summary.ts'

const of = (text: string): Summary => summarize(Buffer.from(text, 'latin1'))
const empty = '(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)'

for (const [octets, want] of [
  ['', '""'],
  ['abc', '"abc"'],
  ['a"b\\c', '"a\\"b\\\\c"'],
  ['a\tb\x7f', '"a\tb\x7f"'],
  ['a\r\nb', '{4}\r\na\r\nb'],
  ['a\rb', '{3}\r\na\rb'],
  ['caf\xe9', '{4}\r\ncaf\xe9'], // IMAP4rev1 has no 8-bit in quoted strings
  ['a\0b', '{3}\r\na\x80b'],
  ['x'.repeat(1001), `{1001}\r\n${'x'.repeat(1001)}`],
] as const)
  test(`the string ${JSON.stringify(octets.slice(0, 10))}`, () => assert.equal(writeString(octets), want))

for (const [says, header, want] of [
  ['nothing', '', empty],
  [
    'sender and reply-to are the author where absent',
    'From: A <a@b>',
    '(NIL NIL (("A" NIL "a" "b")) (("A" NIL "a" "b")) (("A" NIL "a" "b")) NIL NIL NIL NIL NIL)',
  ],
  [
    'or empty',
    'From: a@b\nSender:\nReply-To: ',
    '(NIL NIL ((NIL NIL "a" "b")) ((NIL NIL "a" "b")) ((NIL NIL "a" "b")) NIL NIL NIL NIL NIL)',
  ],
  [
    'each where present',
    'From: a@b\nSender: c@d\nReply-To: e@f',
    '(NIL NIL ((NIL NIL "a" "b")) ((NIL NIL "c" "d")) ((NIL NIL "e" "f")) NIL NIL NIL NIL NIL)',
  ],
  [
    'texts',
    'Date: x\nSubject:  a\n  b\t c \nIn-Reply-To: <1>\nMessage-ID: <2>',
    '("x" "a b c" NIL NIL NIL NIL NIL NIL "<1>" "<2>")',
  ],
  ['an empty field is an empty string', 'Subject:\nMessage-ID: ', '(NIL "" NIL NIL NIL NIL NIL NIL NIL "")'],
  [
    'groups',
    'To: g: a@b;, c@d',
    '(NIL NIL NIL NIL NIL ((NIL NIL "g" NIL)(NIL NIL "a" "b")(NIL NIL NIL NIL)(NIL NIL "c" "d")) NIL NIL NIL NIL)',
  ],
  [
    '8-bit and encoded words go out as they came',
    'Subject: caf\xe9\nTo: =?utf-8?q?x?= <a@b>',
    '(NIL {4}\r\ncaf\xe9 NIL NIL NIL (("=?utf-8?q?x?=" NIL "a" "b")) NIL NIL NIL NIL)',
  ],
  [
    'of two subjects the last, of two lists both',
    'Subject: 1\nSubject: 2\nCc: a@b\nCc: c@d\nBcc: e@f',
    '(NIL "2" NIL NIL NIL NIL ((NIL NIL "a" "b")(NIL NIL "c" "d")) ((NIL NIL "e" "f")) NIL NIL)',
  ],
  [
    'a route',
    'From: <@x,@y:a@b>',
    '(NIL NIL ((NIL "@x,@y" "a" "b")) ((NIL "@x,@y" "a" "b")) ((NIL "@x,@y" "a" "b")) NIL NIL NIL NIL NIL)',
  ],
] as const)
  test(`ENVELOPE: ${says}`, () => assert.equal(of(`${header}\n\n`).envelope, want))

const plain = '("text" "plain" ("charset" "us-ascii") NIL NIL "7bit"'
for (const [says, text, want] of [
  ['nothing', '', `${plain} 0 0 NIL NIL NIL NIL)`],
  ['a text', 'Subject: x\n\na\nb\n', `${plain} 4 2 NIL NIL NIL NIL)`],
  [
    'words keep their case',
    'Content-Type: TEXT/Html; CharSet=X\nContent-Transfer-Encoding: 8BIT\n\na',
    '("TEXT" "Html" ("CharSet" "X") NIL NIL "8BIT" 1 0 NIL NIL NIL NIL)',
  ],
  [
    'all extension data',
    'Content-Type: image/png; name=a\nContent-ID: <i>\nContent-Description: d e\nContent-MD5: m\nContent-Disposition: attachment; filename="a b"\nContent-Language: de, en\nContent-Location: u\nContent-Transfer-Encoding: base64\n\nYQ==',
    '("image" "png" ("name" "a") "<i>" "d e" "base64" 4 "m" ("attachment" ("filename" "a b")) ("de" "en") "u")',
  ],
  [
    'a multipart',
    'Content-Type: multipart/mixed; boundary=a\nContent-Disposition: inline\n\n--a\n\n1\n--a\n\n2\n--a--\n',
    `(${plain} 1 0 NIL NIL NIL NIL)${plain} 1 0 NIL NIL NIL NIL) "mixed" ("boundary" "a") ("inline" NIL) NIL NIL)`,
  ],
  [
    'an empty multipart',
    'Content-Type: multipart/mixed; boundary=a\n\n',
    `(${plain} 0 0 NIL NIL NIL NIL) "mixed" ("boundary" "a") NIL NIL NIL)`,
  ],
  [
    'a message',
    'Content-Type: message/rfc822\n\nSubject: s\n\nb\n',
    `("message" "rfc822" NIL NIL NIL "7bit" 14 (NIL "s" NIL NIL NIL NIL NIL NIL NIL NIL) ${plain} 2 1 NIL NIL NIL NIL) 3 NIL NIL NIL NIL)`,
  ],
  [
    'continuations are put together, charsets stay',
    "Content-Type: a/b; n*0*=utf-8''%41; n*1*=b; m*0=c; m*1=d\n\n",
    `("a" "b" ("n*" "utf-8''%41b" "m" "cd") NIL NIL "7bit" 0 NIL NIL NIL NIL)`,
  ],
  [
    'a disposition that is none',
    'Content-Type: a/b\nContent-Disposition: ; x=y\n\n',
    '("a" "b" NIL NIL NIL "7bit" 0 NIL NIL NIL NIL)',
  ],
] as const)
  test(`BODYSTRUCTURE: ${says}`, () => assert.equal(of(text).bodystructure, want))

test('BODY has no extension data', () => {
  const both = of(
    'Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: message/rfc822\n\nSubject: s\n\nb\n--a--\n',
  )
  assert.equal(
    both.body,
    `(("message" "rfc822" NIL NIL NIL "7bit" 13 (NIL "s" NIL NIL NIL NIL NIL NIL NIL NIL) ${plain} 1 0) 2) "mixed")`,
  )
})

test('a structure has a bound, and stays whole', () => {
  const part = `--a\nContent-Type: text/plain; x="${'y'.repeat(4000)}"\n\n1\n`
  const text = of(`Content-Type: multipart/mixed; boundary=a\n\n${part.repeat(1000)}`).bodystructure
  assert.ok(text.length < 1_500_000)
  assert.equal(text.match(/"text" "plain"/g)?.length, 1000)
  assert.ok(text.endsWith(' "mixed" NIL NIL NIL NIL)'))
})

test('the columns of a summary', () => {
  const summary = of(
    [
      'From: =?utf-8?q?J=C3=B6?= <jo@x.org>',
      'To: list: a@b;',
      'Cc: c@d, E F <e@f>',
      'Subject: Re: [l] =?utf-8?q?caf=C3=A9?=',
      'Date: Mon, 25 Nov 2002 23:30:00 -0500',
      'Message-ID: <1@x>',
      'In-Reply-To: Your mail <0@x> of today',
      '',
      'Hello,\r\n\r\n  world',
    ].join('\r\n'),
  )
  const { envelope, body, bodystructure, parts, ...rest } = summary
  assert.ok(envelope !== '' && body !== '' && bodystructure !== '' && parts.length > 0)
  assert.deepEqual(rest, {
    preview: 'Hello, world',
    subject: 'Re: [l] café',
    baseSubject: 'café',
    sentAt: Date.parse('2002-11-26T04:30:00Z'),
    sentDay: '2002-11-25',
    messageId: '<1@x>',
    references: ['<0@x>'],
    from: 'Jö <jo@x.org>',
    to: 'list: a@b',
    cc: 'c@d, E F <e@f>',
    bcc: '',
    sortFrom: 'jo',
    sortTo: 'list',
    sortCc: 'c',
    displayFrom: 'Jö',
    displayTo: 'list',
    attachments: 0,
  })
})

for (const [text, id, references] of [
  ['Message-ID: <a b@c>', '<ab@c>', []],
  ['Message-ID: a@c', '<a@c>', []],
  ['Message-ID: nonsense here', '', []],
  ['References: <1> <2>\n <3>\nIn-Reply-To: <4>', '', ['<1>', '<2>', '<3>']],
  ['References: nothing\nIn-Reply-To: <4> <5>', '', ['<4>']],
] as const)
  test(`ids of ${JSON.stringify(text)}`, () => {
    const summary = of(`${text}\n\n`)
    assert.equal(summary.messageId, id)
    assert.deepEqual(summary.references, references)
  })

test('of very many references the first and the last remain', () => {
  const { references } = of(`References: ${Array.from({ length: 300 }, (_, n) => `<${n}>`).join(' ')}\n\n`)
  assert.equal(references.length, 100)
  assert.deepEqual([references[0], references[1], references.at(-1)], ['<0>', '<201>', '<299>'])
})

const alternative = 'Content-Type: multipart/alternative; boundary=a\n\n'
for (const [says, text, want] of [
  ['plain text', 'A: b\n\none\n two\tthree', 'one two three'],
  [
    'base64 in its charset',
    'Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: base64\n\nY2Fm6Q==',
    'café',
  ],
  [
    'quoted-printable',
    'Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\ncaf=C3=A9=\n!',
    'café!',
  ],
  [
    'HTML',
    'Content-Type: text/html\n\n<html><head><title>t</title><style>p{}</style></head><body><p>a&amp;b<b>c</b><br>d<script>x</script></p></body>',
    'a&bc d',
  ],
  ['plain before HTML', `${alternative}--a\nContent-Type: text/html\n\n<p>html\n--a\n\nplain\n--a--`, 'plain'],
  ['HTML where plain is empty', `${alternative}--a\n\n--a\nContent-Type: text/html\n\n<p>html\n--a--`, 'html'],
  [
    'not an attached text',
    'Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Disposition: attachment\n\nno\n--a\n\nyes\n--a--',
    'yes',
  ],
  ['nothing of a picture', 'Content-Type: image/png\n\nabc', ''],
  ['no padding that nobody sees', 'Content-Type: text/html; charset=utf-8\n\n<p>a&zwnj;&#847;&shy;&#8203;b', 'ab'],
  ['a style that never closes', 'Content-Type: text/html\n\n<style>p{} hello', ''],
] as const)
  test(`preview: ${says}`, () => assert.equal(of(text).preview, want))

test('a preview has 200 characters, never half of one, and looks far enough', () => {
  assert.equal(of(`A: b\n\n${'x'.repeat(500)}`).preview.length, 200)
  assert.equal(
    of(`Content-Type: text/plain; charset=utf-8\n\n${Buffer.from(`x${'😀'.repeat(300)}`).toString('latin1')}`).preview,
    `x${'😀'.repeat(99)}`,
  )
  assert.equal(of(`Content-Type: text/html\n\n<style>${'p{}'.repeat(5000)}</style><p>far`).preview, 'far')
})

for (const [says, part, want] of [
  ['a text', 'Content-Type: text/plain', 0],
  ['a text with a name', 'Content-Type: text/plain; name=a.txt', 1],
  ['an attached text', 'Content-Disposition: attachment', 1],
  ['a document', 'Content-Type: application/pdf', 1],
  ['a picture of a page', 'Content-Type: image/png; name=a.png\nContent-ID: <1>', 0],
  ['a picture', 'Content-Type: image/png', 1],
  ['a message', 'Content-Type: message/rfc822', 1],
  ['a signature', 'Content-Type: application/pgp-signature; name=signature.asc', 0],
] as const)
  test(`${says} counts ${want} as an attachment`, () =>
    assert.equal(of(`Content-Type: multipart/mixed; boundary=a\n\n--a\n${part}\n\nx\n--a--`).attachments, want))

test('any octets have a summary that IMAP can carry', () => {
  const piece = fc.constantFrom(
    'From: ',
    'To: ',
    'Subject: ',
    'Content-Type: ',
    'a@b',
    '"',
    '\\',
    '\n',
    '\r\n',
    '\0',
    '\xe9',
    'multipart/x; boundary=a',
    '--a',
    '(',
    ')',
    '<',
    '>',
    ':',
    ';',
    ',',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const summary = of(pieces.join(''))
      // Without its literals and strings, what remains are balanced lists of atoms.
      for (const text of [summary.envelope, summary.body, summary.bodystructure])
        assert.match(
          text.replace(/"(?:[^"\\]|\\.)*"|\{(\d+)\}\r\n/gs, (found) => (found[0] === '{' ? '{' : 's')).slice(0, 1),
          /\(/,
        )
    }),
  )
})

test('a comment in Content-Language is no language', () =>
  assert.match(of('Content-Language: (c) en, de\r\n\r\nx').bodystructure, /\("en" "de"\)/))
