import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { withoutNul } from './binary-parts.ts'
import { decodePart } from './encoding.ts'
import { mimeField, type Part, readMessage } from './message.ts'

const octets = (text: string): Buffer => Buffer.from(text, 'latin1')

for (const [name, before, after] of [
  ['a message without NUL', 'A: b\r\n\r\ntext', 'A: b\r\n\r\ntext'],
  [
    'the field that it had gives way, in its place',
    'Content-Transfer-Encoding: binary\r\nA: b\r\n\r\na\0b',
    'Content-Transfer-Encoding: base64\r\nA: b\r\n\r\nYQBi',
  ],
  ['a body that says nothing of itself', 'A: b\r\n\r\na\0b', 'A: b\r\nContent-Transfer-Encoding: base64\r\n\r\nYQBi'],
  [
    'only the parts that need it',
    'Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nplain\r\n--x\r\nContent-Transfer-Encoding: BINARY\r\n\r\n\0\r\n--x--\r\nend',
    'Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nplain\r\n--x\r\nContent-Transfer-Encoding: base64\r\n\r\nAA==\r\n--x--\r\nend',
  ],
  ['NUL in a header', 'A: \0\r\n\r\ntext', null],
  ['NUL in a part that is encoded already', 'Content-Transfer-Encoding: base64\r\n\r\nAA\0==', null],
  ['NUL before the first part', 'Content-Type: multipart/mixed; boundary=x\r\n\r\n\0--x\r\n\r\nplain\r\n--x--', null],
] as const)
  test(name, () => assert.equal(withoutNul(octets(before))?.toString() ?? null, after))

test('lines of base64 have 76 characters', () => {
  const [, body = ''] = (withoutNul(octets(`A: b\r\n\r\n${'\0'.repeat(100)}`)) ?? octets(''))
    .toString()
    .split('\r\n\r\n')
  assert.deepEqual(
    body.split('\r\n').map((line) => line.length),
    [76, 60],
  )
})

const leaves = (part: Part): readonly Part[] => (part.children.length === 0 ? [part] : part.children.flatMap(leaves))
const decoded = (message: Uint8Array): readonly (string | undefined)[] =>
  leaves(readMessage(message)).map((part) => {
    const encoding = (mimeField(part, 'content-transfer-encoding') ?? '').trim().toLowerCase()
    const octets = decodePart(message.subarray(part.bodyFrom, part.bodyTo), encoding)
    return octets === null ? undefined : Buffer.from(octets).toString('latin1')
  })

test('whatever it is given, there is no NUL left, and the parts say what they said', () => {
  const word = fc.constantFrom(
    '\0',
    'a',
    '\r\n',
    '--x',
    '--x--',
    'Content-Type: multipart/mixed; boundary=x',
    ': ',
    '\r\n\r\n',
  )
  fc.assert(
    fc.property(fc.array(word, { maxLength: 40 }), (words) => {
      const message = octets(words.join(''))
      const written = withoutNul(message)
      if (written === null) return
      assert.ok(!written.includes(0))
      assert.deepEqual(decoded(written), decoded(message))
    }),
  )
})
