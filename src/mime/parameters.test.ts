import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { rawParameter, readParameterized, textParameter, withoutComments } from './parameters.ts'

for (const [text, value, parameters] of [
  ['text/plain', 'text/plain', []],
  [' Text / HTML (c) ; Charset = utf-8 (d)', 'Text/HTML', [['Charset', 'utf-8']]],
  ['text/plain; charset="a;b\\"c"', 'text/plain', [['charset', 'a;b"c']]],
  ['text/plain; charset="open', 'text/plain', [['charset', 'open']]],
  ['text/plain charset=x', 'text/plain', [['charset', 'x']]],
  ['text/plain;; ;a=b;', 'text/plain', [['a', 'b']]],
  [
    'text/plain; name=my file.txt; x=y',
    'text/plain',
    [
      ['name', 'my'],
      ['x', 'y'],
    ],
  ],
  ['a/b; boundary=--=_x/y?z:1', 'a/b', [['boundary', '--=_x/y?z:1']]],
  ['attachment; filename=', 'attachment', [['filename', '']]],
  ['text', 'text', []],
  ['text/', 'text/', []],
  ['', '', []],
  [';a=b', '', [['a', 'b']]],
  ['a/b; n*0=x; n*1="y z"; n*2=w', 'a/b', [['n', 'xy zw']]],
  ['a/b; n*1=y; N*0=x', 'a/b', [['n', 'xy']]],
  ['a/b; n*0*=utf-8\'en\'%C3; n*1*=%A9; n*2="a b"', 'a/b', [['n*', "utf-8'en'%C3%A9a%20b"]]],
  ['a/b; n*0=x; n*2=z', 'a/b', [['n', 'x']]], // a gap ends it
  ['a/b; n*1=x', 'a/b', []],
  [
    "a/b; n*=utf-8''x; n=y",
    'a/b',
    [
      ['n*', "utf-8''x"],
      ['n', 'y'],
    ],
  ],
] as const)
  test(`${JSON.stringify(text)} is taken apart`, () => {
    const read = readParameterized(text)
    assert.equal(read.value, value)
    assert.deepEqual(read.parameters, parameters)
  })

for (const [text, want] of [
  ["x; filename*=utf-8''%e2%82%ac.txt; filename=fallback", '€.txt'],
  ["x; filename*=iso-8859-1'en'%A3", '£'],
  ["x; filename*0*=utf-8''%e2%82; filename*1*=%ac; filename*2=.txt", '€.txt'],
  ['x; filename="=?utf-8?q?=C3=A9.txt?="', 'é.txt'], // against RFC 2047 section 5, and everywhere
  ['x; filename="\xc3\xa9"', 'é'],
  ['x; filename*=plain%20words', 'plain words'],
  ["x; filename*=''%41", 'A'],
  ['x; FileName=a', 'a'],
  ['x; name=a', undefined],
] as const)
  test(`the file name of ${JSON.stringify(text)} is ${want}`, () =>
    assert.equal(textParameter(readParameterized(text).parameters, 'filename'), want))

test('parameters are bounded in number and length', () => {
  const { parameters } = readParameterized(`a/b${'; n=v'.repeat(5000)}`)
  assert.equal(parameters.length, 100)
  assert.equal(rawParameter(readParameterized(`a/b; n="${'x'.repeat(60_000)}"`).parameters, 'n')?.length, 4096)
})

test('what is quoted is read back', () => {
  const char = fc.integer({ min: 32, max: 255 }).map((code) => String.fromCharCode(code))
  fc.assert(
    fc.property(fc.string({ unit: char }), (value) => {
      const text = `a/b; first=1; n="${value.replace(/["\\]/g, '\\$&')}"; last=2`
      assert.equal(rawParameter(readParameterized(text).parameters, 'n'), value)
      assert.equal(rawParameter(readParameterized(text).parameters, 'last'), '2')
    }),
  )
})

test('no text makes it throw', () => {
  const unit = fc.constantFrom('a', '/', ';', '=', '"', '\\', '(', ')', '*', '0', '1', "'", '%', ' ')
  fc.assert(
    fc.property(fc.string({ unit }), (text) => {
      for (const [name] of readParameterized(text).parameters) textParameter(readParameterized(text).parameters, name)
    }),
  )
})

for (const [text, want] of [
  ['en, de', 'en, de'],
  ['(English) en, (a (nested) \\) one) de', '  en,   de'],
  ['en (open', 'en  '],
  ['', ''],
] as const)
  test(`without its comments: ${text}`, () => assert.equal(withoutComments(text), want))
