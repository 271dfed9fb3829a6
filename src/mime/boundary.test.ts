import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Boundaries, MOST_BOUNDARY } from './boundary.ts'

/** The number of the boundary that the line is, with `--` where it closes. */
const found = (open: readonly string[], line: string): string => {
  const boundaries = new Boundaries()
  for (const text of open) boundaries.push(text)
  const bytes = Buffer.from(line, 'latin1')
  const boundary = boundaries.find(bytes, 0, bytes.length)
  return boundary === undefined ? 'none' : `${boundary.index}${boundary.closes ? '--' : ''}`
}

for (const [open, line, want] of [
  [['a'], '--a', '0'],
  [['a'], '--a--', '0--'],
  [['a'], '--a \t\r', '0'],
  [['a'], '--a--  \r', '0--'],
  [['a'], '--a-- junk', '0--'],
  [['a'], '--ab', '0'], // RFC 2046 section 5.1.1: the beginning of the line is compared
  [['a'], '--b', 'none'],
  [['a'], '-a', 'none'],
  [['a'], '--', 'none'],
  [['a'], '-', 'none'],
  [['a'], '', 'none'],
  [['foo', 'foobar'], '--foobar', '1'],
  [['foobar', 'foo'], '--foobar', '0'],
  [['foo', 'foobar'], '--foo', '0'],
  [['foo', 'foobar'], '--foobarx', '1'],
  [['foo', 'foobar'], '--foobaz', '0'],
  [['foo', 'foo'], '--foo', '1'],
  [['foo', 'foo--'], '--foo--', '1'],
  [['foo--', 'foo'], '--foo--', '1--'],
  [['foo', 'foo-'], '--foo--', '0--'],
  [['abc', 'abd', 'abe'], '--abd--', '1--'],
  [['abc', 'x', 'abc'], '--abc', '2'],
  [['a\xe9'], '--a\xe9', '0'],
] as const)
  test(`of ${open.join(', ')} the line "${line}" is ${want}`, () => assert.equal(found(open, line), want))

test('closing cuts off what is within', () => {
  const boundaries = new Boundaries()
  for (const text of ['a', 'b', 'c']) boundaries.push(text)
  boundaries.cut(1)
  assert.equal(boundaries.count, 1)
  boundaries.cut(5)
  assert.equal(boundaries.count, 1)
})

test('of a boundary that is too long the beginning is compared', () => {
  const long = 'x'.repeat(MOST_BOUNDARY + 50)
  assert.equal(found([long], `--${long}`), '0')
  assert.equal(found([long], `--${'x'.repeat(MOST_BOUNDARY - 1)}`), 'none')
})

test('it finds what a plain comparison finds', () => {
  const boundary = fc.string({ unit: fc.constantFrom('a', 'b', '-'), minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(
      fc.array(boundary, { minLength: 1, maxLength: 5 }),
      fc.string({ unit: fc.constantFrom('a', 'b', '-'), maxLength: 8 }),
      (open, rest) => {
        const exact = open.findLastIndex((text) => rest === text || rest === `${text}--`)
        const longest = Math.max(0, ...open.filter((text) => rest.startsWith(text)).map((text) => text.length))
        const index =
          exact >= 0 ? exact : open.findLastIndex((text) => text.length === longest && rest.startsWith(text))
        const want = index < 0 ? 'none' : `${index}`
        assert.equal(found(open, `--${rest}`).replace('--', ''), want)
      },
    ),
  )
})
