import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MOST_DEPTH, MOST_PARTS, type Part, readMessage } from './message.ts'

/** `type/subtype:octets/lines[children]` */
const shape = (part: Part): string => {
  const own = `${part.type}/${part.subtype}:${part.bodyTo - part.bodyFrom}/${part.lines}`
  return part.children.length === 0 ? own : `${own}[${part.children.map(shape).join(' ')}]`
}
const shaped = (text: string): string => shape(readMessage(Buffer.from(text, 'latin1')))
const mixed = 'Content-Type: multipart/mixed; boundary=a\n\n'

for (const [says, text, want] of [
  ['nothing', '', 'text/plain:0/0'],
  ['a header alone', 'Subject: x', 'text/plain:0/0'],
  ['an empty line alone', '\r\n', 'text/plain:0/0'],
  ['no header', '\nbody', 'text/plain:4/0'],
  ['lines are line ends', 'A: b\r\n\r\na\r\nb\r\nc', 'text/plain:7/2'],
  ['bare LF', 'A: b\n\na\nb\n', 'text/plain:4/2'],
  ['a lone CR ends nothing', 'A: b\r\rB: c', 'text/plain:0/0'],
  [
    'two parts',
    `${mixed}pre\n--a\n\n1\n--a\nContent-Type: text/html\n\n2\n\n--a--\nepi`,
    'multipart/mixed:52/10[text/plain:1/0 text/html:2/1]',
  ],
  [
    "CRLF before a boundary is the boundary's",
    `${mixed.replaceAll('\n', '\r\n')}--a\r\n\r\n1\r\n--a--\r\n`,
    'multipart/mixed:17/4[text/plain:1/0]',
  ],
  ['no end', `${mixed}--a\n\n1\n`, 'multipart/mixed:7/3[text/plain:2/1]'],
  ['no boundary line', `${mixed}text\n`, 'multipart/mixed:5/1[text/plain:0/0]'],
  ['no boundary parameter', 'Content-Type: multipart/mixed\n\n--a\n\n1\n', 'multipart/mixed:7/3[text/plain:0/0]'],
  ['a boundary that nothing follows', `${mixed}--a\n\n1\n--a`, 'multipart/mixed:10/3[text/plain:1/0]'],
  [
    'a header that a boundary ends',
    `${mixed}--a\nSubject: x\n--a\n\n1\n--a--\n`,
    'multipart/mixed:28/6[text/plain:0/0 text/plain:1/0]',
  ],
  ['after the end nothing begins', `${mixed}--a\n\n1\n--a--\n--a\n\n2\n`, 'multipart/mixed:20/7[text/plain:1/0]'],
  [
    'an outer boundary ends the inner part',
    `${mixed}--a\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n1\n--a\n\n2\n--a--\n`,
    'multipart/mixed:67/10[multipart/mixed:6/2[text/plain:1/0] text/plain:1/0]',
  ],
  [
    'the inner of two equal boundaries is meant',
    `${mixed}--a\nContent-Type: multipart/mixed; boundary=a\n\n--a\n\n1\n--a--\n2\n--a\n\n3\n--a--\n`,
    'multipart/mixed:75/12[multipart/mixed:14/4[text/plain:1/0] text/plain:1/0]',
  ],
  ['a message', 'Content-Type: message/rfc822\n\nSubject: x\n\nbody\n', 'message/rfc822:17/3[text/plain:5/1]'],
  ['message/global', 'Content-Type: message/global\n\nSubject: x\n\nbody\n', 'message/global:17/3[text/plain:5/1]'],
  [
    'a message of nothing',
    `${mixed}--a\nContent-Type: message/rfc822\n\n--a--\n`,
    'multipart/mixed:40/4[message/rfc822:0/0[text/plain:0/0]]',
  ],
  [
    'a message whose empty line is before a boundary',
    `${mixed}--a\nContent-Type: message/rfc822\n\n\n--a--\n`,
    'multipart/mixed:41/5[message/rfc822:0/0[text/plain:0/0]]',
  ],
  [
    'a digest',
    'Content-Type: multipart/digest; boundary=a\n\n--a\n\nSubject: x\n\n1\n--a\nContent-Type: text/html\n\n2\n--a--\n',
    'multipart/digest:56/10[message/rfc822:13/2[text/plain:1/0] text/html:1/0]',
  ],
  ['a type that is none', 'Content-Type: nonsense\n\n1', 'text/plain:1/0'],
  ['a type without a subtype', 'Content-Type: image/\n\n1', 'text/plain:1/0'],
  ['the first of two types', 'Content-Type: text/html\nContent-Type: image/png\n\n1', 'text/html:1/0'],
  ['a folded type', 'Content-Type:\n text/html\n\n1', 'text/html:1/0'],
] as const)
  test(`${says}: ${want}`, () => assert.equal(shaped(text), want))

const deepest = (part: Part): number => 1 + Math.max(0, ...part.children.map(deepest))
const count = (part: Part): number => part.children.reduce((sum, child) => sum + count(child), 1)

test('beyond the depth the rest is one opaque part', () => {
  let text = ''
  for (let n = 0; n < MOST_DEPTH + 50; n += 1) text += `Content-Type: multipart/mixed; boundary=b${n}x\n\n--b${n}x\n`
  const root = readMessage(Buffer.from(`${text}\nend`))
  assert.equal(deepest(root), MOST_DEPTH + 1)
  let last = root
  for (let next = root.children[0]; next !== undefined; next = last.children[0]) last = next
  assert.equal(`${last.type}/${last.subtype}`, 'application/octet-stream')
  assert.equal(last.bodyTo, root.bodyTo)
  assert.equal(deepest(readMessage(Buffer.from('Content-Type: message/rfc822\n\n'.repeat(500)))), MOST_DEPTH + 1)
})

test('beyond the number of parts the last one takes the rest', () => {
  const root = readMessage(Buffer.from(mixed + '--a\n\nx\n'.repeat(MOST_PARTS + 500)))
  assert.equal(count(root), MOST_PARTS)
  assert.equal(root.children.at(-1)?.bodyTo, root.bodyTo)
})

test('hostile messages are read in linear time', () => {
  const nested = Array.from(
    { length: 100 },
    (_, n) => `Content-Type: multipart/mixed; boundary=${'a'.repeat(60)}${n}\n\n--${'a'.repeat(60)}${n}\n`,
  )
  for (const text of [
    `${mixed}${'--\n'.repeat(300_000)}`,
    `${mixed}${'--a\n'.repeat(300_000)}`,
    'junk\n'.repeat(300_000),
    'a: b\n'.repeat(300_000),
    `a:${'\n b'.repeat(300_000)}`,
    'x'.repeat(2_000_000),
    nested.join('') + `--${'a'.repeat(62)}\n`.repeat(20_000),
    `Content-Type: text/plain${';a=b'.repeat(300_000)}`,
    `Content-Type: text/plain${'('.repeat(300_000)}`,
  ]) {
    const start = performance.now()
    readMessage(Buffer.from(text))
    const took = performance.now() - start
    assert.ok(took < 3000, `${text.slice(0, 40)}… took ${took} ms`)
  }
})

test('the ranges of any tree lie within one another', () => {
  const piece = fc.constantFrom(
    '--a',
    '--b',
    '--a--',
    '--b--',
    '\r\n',
    '\n',
    'x',
    'Content-Type: ',
    'multipart/mixed; boundary=a',
    'multipart/digest; boundary=b',
    'message/rfc822',
    '\n\n',
  )
  const check = (part: Part, from: number, to: number): void => {
    assert.ok(
      from <= part.headerFrom && part.headerFrom <= part.bodyFrom && part.bodyFrom <= part.bodyTo && part.bodyTo <= to,
    )
    let at = part.bodyFrom
    for (const child of part.children) {
      check(child, at, part.bodyTo)
      at = child.bodyTo
    }
  }
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const bytes = Buffer.from(pieces.join(''))
      const root = readMessage(bytes)
      assert.deepEqual([root.headerFrom, root.bodyTo], [0, bytes.length])
      check(root, 0, bytes.length)
    }),
    { numRuns: 500 },
  )
})
