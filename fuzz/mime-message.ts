/**
 * Any octets are a message: the summary is well-formed IMAP (lists that close, literals of the length that they say), its parts lie within
 * one another, and every section that they name can be cut.
 */
import assert from 'node:assert/strict'
import { type Part, readMessage } from '../src/mime/message.ts'
import { cutSection, partOf } from '../src/mime/section.ts'
import { summarize } from '../src/mime/summary.ts'
import type { FuzzTarget } from './target.ts'

/** @returns the place after the value at `at`: an atom, a string, a literal or a list; throws where it is none. */
const afterValue = (text: string, at: number): number => {
  if (text[at] === '(') {
    let next = at + 1
    while (text[next] !== ')') {
      assert.ok(next < text.length, 'a list does not close')
      next = text[next] === ' ' ? next + 1 : afterValue(text, next)
    }
    return next + 1
  }
  const quoted = /"(?:[^"\\\r\n\0\x80-\xff]|\\["\\])*"/y
  quoted.lastIndex = at
  if (text[at] === '"') return at + (quoted.exec(text)?.[0].length ?? assert.fail('a quoted string is ill-formed'))
  const literal = /\{(\d+)\}\r\n/y
  literal.lastIndex = at
  const found = literal.exec(text)
  if (found !== null) {
    const end = at + found[0].length + Number(found[1])
    assert.ok(end <= text.length && !text.slice(at, end).includes('\0'), 'a literal is too short or has NUL')
    return end
  }
  const atom = /NIL|\d+/y
  atom.lastIndex = at
  return at + (atom.exec(text)?.[0].length ?? assert.fail(`no value at ${at}`))
}

const checkPart = (part: Part, from: number, to: number): number => {
  assert.ok(part.headerFrom >= from && part.bodyFrom >= part.headerFrom, 'a header lies outside')
  assert.ok(part.bodyTo >= part.bodyFrom && part.bodyTo <= to, 'a body lies outside')
  assert.ok(part.kind === 'leaf' ? part.children.length === 0 : part.children.length > 0, 'a container is empty')
  let at = part.bodyFrom
  let count = 1
  for (const child of part.children) {
    count += checkPart(child, at, part.bodyTo)
    at = child.bodyTo
  }
  return count
}

export const target: FuzzTarget = {
  name: 'mime-message',
  seeds: () =>
    [
      'From: A B <a@b.example>\r\nTo: list: c@d, "e f"@g;, h (i)\r\nSubject: =?utf-8?q?=C3=A9?= x\r\nDate: Mon, 25 Nov 2002 10:00:00 +0100\r\n\r\nhello\r\n',
      'Content-Type: multipart/mixed; boundary="a b"\r\n\r\npre\r\n--a b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<p>=C3=A9</p>\r\n--a b\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\nContent-Type: multipart/digest; boundary=a\r\n\r\n--a\r\n\r\nSubject: x\r\n\r\ny\r\n--a--\r\n--a b--\r\n',
      'Content-Type: application/pdf; name*0*=utf-8\'\'a%20; name*1=b\nContent-Disposition: attachment; filename="x.pdf"\nContent-Transfer-Encoding: base64\nContent-ID: <1>\nContent-Language: de, en\n\nAAECAw==\n',
      'Content-Type: multipart/mixed; boundary=foo\n\n--foo\nContent-Type: multipart/mixed; boundary=foobar\n\n--foobar\n\nq\n--foo\n\nz\n--foo--\nend',
      '',
      '\r\n',
    ].map((text) => Buffer.from(text, 'latin1')),
  run: (input) => {
    const root = readMessage(input)
    assert.equal(root.headerFrom, 0)
    assert.equal(root.bodyTo, input.length)
    checkPart(root, 0, input.length)
    const summary = summarize(input)
    for (const text of [summary.envelope, summary.body, summary.bodystructure])
      assert.equal(afterValue(text, 0), text.length, 'something follows the value')
    assert.ok([...summary.preview].length <= 200 && summary.subject.length <= 1000)
    for (const path of [[], [1], [2], [1, 1], [2, 1], [1, 1, 1]]) {
      const part = partOf(summary.parts, path)
      assert.ok(part === null || (part.from <= part.to && part.to <= input.length))
      for (const text of ['HEADER', 'TEXT', 'MIME', null] as const) cutSection(input, 0, summary.parts, path, text, [])
    }
    const whole = (text: 'HEADER' | 'TEXT'): Uint8Array =>
      cutSection(input, 0, summary.parts, [], text, []) ?? assert.fail()
    assert.deepEqual(Buffer.concat([whole('HEADER'), whole('TEXT')]), Buffer.from(input))
    const picked = cutSection(input, 0, summary.parts, [], 'HEADER.FIELDS', ['subject', 'to']) ?? assert.fail()
    const others = cutSection(input, 0, summary.parts, [], 'HEADER.FIELDS.NOT', ['subject', 'to']) ?? assert.fail()
    assert.ok(picked.length + others.length - whole('HEADER').length <= 2, 'a field is in both')
  },
}
