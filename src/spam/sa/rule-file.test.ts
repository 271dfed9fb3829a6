import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { readMeta, runMeta } from './meta.ts'
import { replaceTags } from './replace-tags.ts'
import { orderedMetas, readRules } from './rule-file.ts'

const rulesOf = (text: string) => readRules([{ name: 'local.cf', text }])

test('Every kind of rule, with its score, flags and sentence', () => {
  const set = rulesOf(`
# a comment
header   SUBJ   Subject =~ /buy \\# now/i   # why not
describe SUBJ   Wants to sell
score    SUBJ   2.5
score    BODY   0 1 2 3
body     BODY   /cheap/
tflags   BODY   multiple maxhits=3 nice
rawbody  RAW    m{<b>}i
uri      URI    /\\.example\\b/
full     FULL   /x/
header   HAS    exists:X-Foo
header   UNSET  X-Bar !~ /a/ [if-unset: none]
mimeheader MH   Content-Type =~ /name=/
header   EV     eval:check_it('a', "b, c", 3)
meta     META   SUBJ && (BODY > 1 || !HAS)
priority META   500
`)
  assert.deepEqual(set.faults, [])
  assert.deepEqual([...set.rules.keys()], ['SUBJ', 'BODY', 'RAW', 'URI', 'FULL', 'HAS', 'UNSET', 'MH', 'EV', 'META'])
  const subject = set.rules.get('SUBJ')
  assert.ok(subject?.kind === 'header')
  assert.equal(subject.pattern, 'buy # now')
  assert.deepEqual(set.scores.get('BODY'), [0, 1, 2, 3])
  assert.deepEqual(set.scores.get('URI'), [1, 1, 1, 1])
  assert.deepEqual([...(set.tflags.get('BODY') ?? [])], ['multiple', 'maxhits=3', 'nice'])
  const evaluated = set.rules.get('EV')
  assert.ok(evaluated?.kind === 'eval')
  assert.deepEqual(evaluated.words, ['a', 'b, c', '3'])
  const unset = set.rules.get('UNSET')
  assert.ok(unset?.kind === 'header')
  assert.equal(unset.ifUnset, 'none')
  assert.equal(unset.negated, true)
})

test('Conditions: plugins, versions, else, nesting', () => {
  const set = rulesOf(`
ifplugin Mail::SpamAssassin::Plugin::BodyEval
body IN /a/
else
body OUT /a/
endif
if (version >= 4.000000)
if !plugin(Mail::SpamAssassin::Plugin::TextCat)
body NESTED /a/
endif
endif
if (version < 4.000000) || can(Mail::SpamAssassin::Conf::feature_capture_rules)
body EITHER /a/
endif
if has(Mail::SpamAssassin::Plugin::ASN::has_check_asn)
body ASN /a/
endif
`)
  assert.deepEqual([...set.rules.keys()], ['IN', 'NESTED', 'EITHER'])
})

test('A mistake costs its line, and says where it is', () => {
  const set = rulesOf(`body GOOD /a/
body BAD a pattern
score GOOD much
body 1WRONG /a/
header H Subject:nope =~ /a/
meta M GOOD &&
endif
if (version
body LAST /z/
`)
  assert.deepEqual(
    set.faults.map(({ line }) => line),
    [2, 3, 4, 5, 6, 7, 8, 8],
  )
  for (const { file, why } of set.faults) assert.ok(file === 'local.cf' && why.length > 10, why)
  assert.ok(set.rules.has('GOOD'))
})

test('Tags stand for patterns, with what comes before, between and after', () => {
  const tags = {
    tag: new Map([
      ['A', '[a4]'],
      ['B', '<A>b'],
    ]),
    pre: new Map([['P', '(?:^)']]),
    inter: new Map([['W', '\\W?']]),
    post: new Map([['S', '{1,2}']]),
  }
  assert.equal(replaceTags('x<A>y', tags), 'x[a4]y')
  assert.equal(replaceTags('<inter W><post S><A><A>', tags), '\\W?[a4]{1,2}\\W?[a4]{1,2}\\W?')
  assert.equal(replaceTags('<B>', tags), '[a4]b')
  assert.equal(replaceTags('<nope>', tags), '<nope>')
})

test('Relative scores, globs of metas, metas that go round in circles', () => {
  const set = rulesOf(`
body A1 /a/
body A2 /b/
score A1 1
score A2 1
score A1 (0.5)
meta ALL rules_matching(A*) > 1
meta LOOP1 LOOP2
meta LOOP2 LOOP1
meta AFTER LOOP1 || A1
`)
  assert.deepEqual(set.scores.get('A1'), [1.5, 1.5, 1.5, 1.5])
  assert.deepEqual(
    orderedMetas(set).map(({ name }) => name),
    ['ALL'],
  )
  const all = set.rules.get('ALL')
  assert.ok(all?.kind === 'meta')
  assert.equal(
    runMeta(all.term, () => 1),
    1,
  )
})

test('Expressions bind as Perl binds them', () => {
  const value = (text: string, hits: Readonly<Record<string, number>> = {}): number => {
    const read = readMeta(text)
    assert.ok(read.ok, text)
    return runMeta(read.value, (name) => hits[name] ?? 0)
  }
  assert.equal(value('1 + 2 * 3 > 6'), 1)
  assert.equal(value('!A + 1'), 2)
  assert.equal(value('A || B && C', { A: 0, B: 1, C: 0 }), 0)
  assert.equal(value('(A + B + C) >= 2', { A: 1, C: 1 }), 1)
  assert.equal(value('A ? 3 : 4', { A: 1 }), 3)
  assert.equal(value('8 / 0'), 0)
  assert.equal(value('-1 + 1'), 0)
  assert.equal(readMeta('A B').ok, false)
  assert.equal(readMeta('(').ok, false)
  assert.equal(readMeta('A & B').ok, false)
})

test('Any text is read, or said to be wrong', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...'body header meta score if endif A1 /\\#=~()\n\t'), maxLength: 200 }),
      (text) => {
        const set = rulesOf(text)
        assert.ok(set.rules.size >= 0)
      },
    ),
    { numRuns: 100 },
  )
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'AB12()!&|<>=+-*/?: '), maxLength: 40 }), (text) => {
      const read = readMeta(text)
      if (read.ok) assert.equal(typeof runMeta(read.value, () => 1), 'number')
    }),
    { numRuns: 500 },
  )
})
