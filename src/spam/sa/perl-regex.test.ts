import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { neededStrings } from './literals.ts'
import { splitPerl, translatePerl } from './perl-regex.ts'

const matches = (pattern: string, flags: string, text: string): boolean => {
  const read = translatePerl(pattern, flags)
  assert.ok(read.ok, read.ok ? '' : `${pattern}: ${read.error}`)
  return read.value.regexp.test(text)
}

/** Pattern, flags, text, whether Perl 5.36 matches octets so. test/interop/perl.test.ts asks Perl itself. */
const rows: readonly (readonly [string, string, string, boolean])[] = [
  ['\\s', '', '\xa0', false],
  ['\\s', '', '\x0b', true],
  ['\\S', '', '\xa0', true],
  ['a.b', '', 'a\rb', true],
  ['a.b', '', 'a\nb', false],
  ['a.b', 's', 'a\nb', true],
  ['b$', '', 'ab\n', true],
  ['b$', '', 'ab\n\n', false],
  ['b$', '', 'ab\r', false],
  ['a$', 'm', 'a\nb', true],
  ['a$', 'm', 'a\rb', false],
  ['^b', 'm', 'a\nb', true],
  ['^b', '', 'a\nb', false],
  ['^$', 'm', 'a\n', false],
  ['\\Aa', 'm', 'b\na', false],
  ['a\\z', '', 'a\n', false],
  ['a\\Z', '', 'a\n', true],
  ['\xe9', 'i', '\xc9', false],
  ['[\xe0-\xff]', 'i', '\xc9', false],
  ['x\xe9', 'i', 'X\xe9', true],
  ['(?i)abc', '', 'ABC', true],
  ['a(?i)b|c', '', 'C', true],
  ['a(?i)b|c', '', 'AB', false],
  ['(?i:re|fw):', '', 'FW:', true],
  ['(?-i:a)b', 'i', 'AB', false],
  ['(?-i:a)b', 'i', 'aB', true],
  ['(a)(?i)\\1', '', 'aA', true],
  ['a b # c', 'x', 'ab', true],
  ['a[ ]b', 'x', 'a b', true],
  ['[]a]', '', ']', true],
  ['[^]a]', '', ']', false],
  ['a++a', '', 'aaa', false],
  ['(?>a+)b', '', 'aab', true],
  ['(?>a|ab)c', '', 'abc', false],
  ['(a)(?>(b)+)\\2', '', 'abb', false],
  ['\\x{41}\\101\\o{102}\\cA', '', 'AAB\x01', true],
  ['[[:punct:]]', '', '_', true],
  ['[[:^digit:]x]', '', '5', false],
  ['[\\w.-]+', '', '-', true],
  ['\\h\\v', '', ' \n', true],
  ['\\Qa.b\\E.', '', 'a.bc', true],
  ['\\Qa.b\\E', '', 'axb', false],
  ['(?<n>a)\\k<n>', '', 'aa', true],
  ['(a)\\g{-1}', '', 'aa', true],
  ['x{2,}', '', 'xxx', true],
  ['x{,2}', '', 'x{,2}', true],
  ['a{b', '', 'a{b', true],
  ['\\/\\@\\<', '', '/@<', true],
  ['(?#comment)a', '', 'a', true],
  ['[a\\]b]', '', ']', true],
  ['[\\x80-\\xff]', '', '\x90', true],
  ['\\bword\\b', '', 'a word.', true],
  ['(?<!\\d)7', '', '17', false],
]

test('What Perl matches in octets, we match', () => {
  for (const [pattern, flags, text, wanted] of rows)
    assert.equal(matches(pattern, flags, text), wanted, `/${pattern}/${flags} on ${JSON.stringify(text)}`)
})

test('What has no counterpart is refused with its reason', () => {
  const reasons: readonly (readonly [string, RegExp])[] = [
    ['(?1)', /no counterpart/],
    ['(?{ code })', /no counterpart/],
    ['(?|a|b)', /no counterpart/],
    ['a\\Kb', /no counterpart/],
    ['\\p{L}', /no counterpart/],
    ['(*FAIL)', /verbs/],
    ['(a', /not closed/],
    ['a)', /without an opening/],
    ['[a', /not closed/],
    ['*a', /nothing stands before/],
    ['[z-a]', /backwards/],
    ['\\1', /not there yet/],
    ['a\\', /backslash/],
    ['[[:nope:]]', /not known/],
  ]
  for (const [pattern, reason] of reasons) {
    const read = translatePerl(pattern, '')
    assert.ok(!read.ok, pattern)
    assert.match(read.error, reason, pattern)
  }
})

test('Delimiters and flags are taken off', () => {
  assert.deepEqual(splitPerl('/a\\/b/i'), { pattern: 'a/b', flags: 'i' })
  assert.deepEqual(splitPerl('m{a{2}}x'), { pattern: 'a{2}', flags: 'x' })
  assert.deepEqual(splitPerl("m'a'i"), { pattern: 'a', flags: 'i' })
  assert.equal(splitPerl('a/b/'), undefined)
  assert.equal(splitPerl('/a'), undefined)
})

const piece = fc.constantFrom(
  ...[
    'a',
    'bc',
    'xyz',
    '.',
    '\\s',
    '[ab]',
    '[^c]',
    '(?:ab|cde)',
    '(x|yz)',
    'a?',
    'bc+',
    '(?:abc){2}',
    '(?i)',
    '\\b',
    '\\xe9',
    '(?=ab)',
    '(?!q)',
    '|',
    'd*',
    '[A-Z]{2,3}',
  ],
)

test('Any octets give a pattern or a reason, and whatever matches holds a needed string', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...'ab()[]{}\\|?*+^$.:=!<>1xsdwQE-i '), maxLength: 20 }),
      fc.constantFrom('', 'i', 'ms', 'x'),
      (pattern, flags) => {
        const read = translatePerl(pattern, flags)
        assert.ok(read.ok || read.error !== '')
      },
    ),
    { numRuns: 300 },
  )
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 7 }),
      fc.constantFrom('', 'i'),
      fc.string({ unit: fc.constantFrom(...'abcdexyzABCXYZ \xe9\xc9'), maxLength: 12 }),
      (pieces, flags, text) => {
        const read = translatePerl(pieces.join(''), flags)
        if (!read.ok) return
        const need = neededStrings(read.value.regexp.source)
        if (need === undefined || !read.value.regexp.test(text)) return
        assert.ok(
          need.some((one) => text.toLowerCase().includes(one)),
          `${read.value.regexp} matches ${text} without ${need.join()}`,
        )
      },
    ),
    { numRuns: 600 },
  )
})
