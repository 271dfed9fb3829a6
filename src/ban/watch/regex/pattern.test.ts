import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compilePattern } from './pattern.ts'
import { readPattern } from './read.ts'
import { Runner } from './run.ts'

const groupsOf = (pattern: string, text: string): Readonly<Record<string, string | undefined>> | undefined => {
  const compiled = compilePattern(pattern)
  assert.ok(compiled.ok, `${pattern}: ${compiled.ok ? '' : compiled.error.why}`)
  const found = compiled.value.search(text)
  if (found === null) return undefined
  return { all: found[0], ...Object.fromEntries([...compiled.value.names].map(([name, at]) => [name, found[at]])) }
}

// What Python 3.11 answers; test/interop/python-re.test.ts asks it about thousands more.
for (const [pattern, text, want] of [
  ['(?P<x>a)?b', 'b', { all: 'b', x: undefined }],
  ['(?P<x>a*)?b', 'b', { all: 'b', x: '' }],
  [
    '^(?P<inv>invalid )?user (?(inv)(?P<a>\\S+)|(?P<b>\\w+))$',
    'invalid user x-y',
    { all: 'invalid user x-y', inv: 'invalid ', a: 'x-y', b: undefined },
  ],
  ['^(?P<inv>invalid )?user (?(inv)\\S+|\\w+)$', 'user x-y', undefined],
  ['^(?P<inv>invalid )?user (?(inv)\\S+|\\w+)$', 'user é\n', { all: 'user é', inv: undefined }],
  ['(?P<q>["\'])(?P<in>.*?)(?P=q)', `'a"b'`, { all: `'a"b'`, q: "'", in: 'a"b' }],
  ['(?:(?P<x>a)|b)(?P=x)', 'b', undefined],
  ['a.c', 'a\rc', { all: 'a\rc' }],
  ['a.c', 'a\nc', undefined],
  ['(?s)a.c', 'a\nc', { all: 'a\nc' }],
  ['c$', 'c\n', { all: 'c' }],
  ['c\\Z', 'c\n', undefined],
  ['(?m)^b$', 'a\nb\nc', { all: 'b' }],
  ['(?m)^b$', 'a\rb\rc', undefined],
  ['\\d+', '٣٤', { all: '٣٤' }],
  ['(?a)\\d+', '٣٤', undefined],
  ['\\w+\\b', '-Größe-', { all: 'Größe' }],
  ['\\s', '\x1c', { all: '\x1c' }],
  ['\\s', '\ufeff', undefined],
  ['(?i)k', '\u212a', { all: '\u212a' }],
  ['(?i:A)b', 'ab', { all: 'ab' }],
  ['(?i:A)b', 'aB', undefined],
  ['(?x) a b # note\n c', 'abc', { all: 'abc' }],
  ['a{,2}b', 'aab', { all: 'aab' }],
  ['a{x}', 'a{x}', { all: 'a{x}' }],
  ['[]a]+', 'a]', { all: 'a]' }],
  ['[^]a]', ']b', { all: 'b' }],
  ['[a-]+', 'a-', { all: 'a-' }],
  ['\\x41\\101\\u0041', 'AAA', { all: 'AAA' }],
  ['a++a', 'aaa', undefined],
  ['(?>a|ab)c', 'abc', undefined],
  ['(?:user=(?P<u>[^,]*)|\\w+=[^,]*,?)+', 'user=me,x=y', { all: 'user=me', u: 'me' }],
  ['(?:(?P<u>a)|b)+', 'ab', { all: 'ab', u: 'a' }],
  ['(?:\\[(?:[^\\]"]*|"[^"]*")*\\])+', '[a "]" b]', { all: '[a "]" b]' }],
  ['(?<=:)x', ':x', { all: 'x' }],
  ['.', '😀', { all: '😀' }],
] as const)
  test(`${JSON.stringify(pattern)} finds ${JSON.stringify(want)} in ${JSON.stringify(text)}`, () =>
    assert.deepEqual(groupsOf(pattern, text), want))

for (const [pattern, why] of [
  ['(a', /unterminated subpattern/],
  ['a)', /unbalanced/],
  ['[a', /unterminated character set/],
  ['a**', /multiple repeat/],
  ['*a', /nothing to repeat/],
  ['^*', /nothing to repeat/],
  ['\\q', /bad escape/],
  ['(?P<a>x)(?P<a>y)', /redefinition/],
  ['(?P=a)', /unknown group/],
  ['(?P<a>x(?P=a))', /open group/],
  ['\\1', /invalid group reference/],
  ['(?(1)a|b)', /invalid group reference/],
  ['(?<=a+)b', /fixed-width/],
  ['a(?i)b', /not at the start/],
  ['[b-a]', /bad character range/],
  ['a{2,1}', /min repeat/],
  ['(?<x>a)', /unknown extension/],
  ['(?P<1>a)', /bad character/],
  ['\\N{DIGIT ONE}', /names of characters/],
  ['('.repeat(200), /too deep/],
] as const)
  test(`${pattern.slice(0, 20)} is refused`, () => {
    const compiled = compilePattern(pattern)
    assert.ok(!compiled.ok)
    assert.match(compiled.error.why, why)
  })

test('words that a line must hold are found in the pattern', () => {
  const words = (pattern: string): readonly string[] | undefined => {
    const compiled = compilePattern(pattern)
    return compiled.ok ? compiled.value.words : undefined
  }
  assert.deepEqual(words('^Failed \\S+ for (?:invalid user )?x'), ['Failed '])
  assert.deepEqual(words('(?:abc|defg)+'), ['abc', 'defg'])
  assert.equal(words('(?:abc)?\\d'), undefined)
  assert.equal(words('(?i)abc'), undefined)
})

test('a search that goes on for ever gives up', () => {
  const tree = readPattern('(?:(?P<x>a)|a|b)*(?:a|aa)+c')
  assert.ok(tree.ok)
  const codes = Array.from('a'.repeat(400), () => 97)
  assert.equal(new Runner(tree.value).search(codes), undefined)
})

test('no pattern makes it throw, and what has words does not match without them', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 30 }), fc.string({ minLength: 1, maxLength: 20 }), (pattern, text) => {
      const compiled = compilePattern(pattern)
      if (!compiled.ok) return
      const { words } = compiled.value
      const found = compiled.value.search(text)
      if (found !== null && words !== undefined) assert.ok(words.some((word) => text.includes(word)))
    }),
    { numRuns: 2000 },
  )
})
