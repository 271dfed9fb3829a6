import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { baseSubject } from './subject.ts'

for (const [text, want] of [
  ['Hello', 'Hello'],
  ['Re: Hello', 'Hello'],
  ['RE: re:  Re : Hello', 'Hello'],
  ['Fwd: Hello', 'Hello'],
  ['Fw: Hello', 'Hello'],
  ['Re[2]: Hello', 'Hello'],
  ['[list] Hello', 'Hello'],
  ['[list] Re: [other] Hello', 'Hello'],
  ['Re: [list] [PATCH 1/2] Hello', 'Hello'],
  ['[list]', '[list]'], // a blob that is all stays
  ['Re: [list]', '[list]'],
  ['Hello (fwd)', 'Hello'],
  ['Hello (FWD) (fwd) ', 'Hello'],
  ['[Fwd: Hello]', 'Hello'],
  ['[fwd: Re: Hello (fwd)]', 'Hello'],
  ['Re: [Fwd: [Fwd: Hello]]', 'Hello'],
  ['  Hello \t world ', 'Hello world'],
  ['Regarding: Hello', 'Regarding: Hello'],
  ['Aw: Hello', 'Aw: Hello'], // RFC 5256 knows English only
  ['Re:', ''],
  ['', ''],
  ['(fwd)', ''],
  ['[a[b] Hello', '[a[b] Hello'],
] as const)
  test(`the base of "${text}" is "${want}"`, () => assert.equal(baseSubject(text), want))

test('a base is its own base', () => {
  const unit = fc.constantFrom('re', 'fwd', 'fw', ':', '[', ']', ' ', '(fwd)', 'a', '[fwd:', '\t')
  fc.assert(
    fc.property(fc.string({ unit }), (text) => {
      const base = baseSubject(text)
      assert.equal(baseSubject(base), base)
    }),
  )
})

test('long runs are read in no time', () => {
  const start = performance.now()
  for (const text of ['[a]', 're:', ' ', '(fwd)', '[', '[fwd:']) baseSubject(text.repeat(100_000))
  assert.ok(performance.now() - start < 2000)
})
