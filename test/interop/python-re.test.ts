/**
 * Python's `re` against ours: patterns made at random from the grammar, texts made at random from their letters, and every letter there is
 * for `(?i)`. What ours takes must find what Python finds, with the same groups; what Python refuses must be refused.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import fc from 'fast-check'
import * as z from 'zod'
import { canBeEmpty, walk } from '../../src/ban/watch/regex/facts.ts'
import { compilePattern, isAscii } from '../../src/ban/watch/regex/pattern.ts'
import { readPattern } from '../../src/ban/watch/regex/read.ts'

type Case = { readonly pattern: string; readonly texts: readonly string[]; readonly known?: boolean }
const answerShape = z.object({
  error: z.string().optional(),
  found: z
    .array(
      z
        .tuple([z.string(), z.string(), z.record(z.string(), z.string().nullable())])
        .nullable()
        .or(z.literal('unknown')),
    )
    .optional(),
})
type Answer = z.infer<typeof answerShape>

const PYTHON = '/usr/bin/python3' // Debian's own, which fail2ban runs on

const python = (cases: readonly Case[]): readonly Answer[] => {
  const input = cases.map((one) => `${JSON.stringify(one)}\n`).join('')
  const run = spawnSync(PYTHON, ['test/interop/python-re.py'], { input, maxBuffer: 1 << 30, encoding: 'utf8' })
  assert.equal(run.status, 0, run.stderr)
  return run.stdout
    .trimEnd()
    .split('\n')
    .map((line) => answerShape.parse(JSON.parse(line)))
}

const ours = ({ pattern, texts }: Case): Answer => {
  const compiled = compilePattern(pattern)
  if (!compiled.ok) return { error: compiled.error.why }
  const found = texts.map((text) => {
    const match = compiled.value.search(text)
    if (match === null) return null
    const groups = [...compiled.value.names].map(([name, place]) => [name, match[place] ?? null] as const)
    return [text.slice(0, match.index), match[0], Object.fromEntries(groups)] as const
  })
  return { found: found.map((one) => (one === null ? null : [one[0], one[1], one[2]])) }
}

const isFast = (pattern: string): boolean => {
  const compiled = compilePattern(pattern)
  return compiled.ok && compiled.value.fast
}

/** A lazy repetition of what can be empty: Python 3.11.2 and 3.11.7 themselves find different things there. */
const isDisputed = (pattern: string): boolean => {
  const read = readPattern(pattern)
  let disputed = false
  if (read.ok)
    walk(read.value.root, (node) => {
      disputed ||= node.kind === 'repeat' && node.manner === 'lazy' && canBeEmpty(node.body)
    })
  return disputed
}

/** What keeps two languages from finding the same. @returns how many patterns no RegExp says exactly. */
const compare = (cases: readonly Case[]): number => {
  const theirs = python(cases)
  let slow = 0
  for (const [n, one] of cases.entries()) {
    const want = theirs[n]
    const have = ours(one)
    if (want?.error !== undefined) {
      assert.notEqual(have.error, undefined, `Python refuses ${JSON.stringify(one.pattern)}: ${want.error}`)
      continue
    }
    if (!isFast(one.pattern)) slow += 1
    if (isDisputed(one.pattern)) continue
    assert.deepEqual(
      have.found?.filter((_, at) => want?.found?.[at] !== 'unknown'),
      want?.found?.filter((found) => found !== 'unknown'),
      `${JSON.stringify(one).slice(0, 300)}: ${JSON.stringify(have.found).slice(0, 300)} is not ${JSON.stringify(want?.found).slice(0, 300)}`,
    )
  }
  return slow
}

const letters = fc.constantFrom(
  'a',
  'b',
  'A',
  '1',
  ' ',
  '.',
  '\n',
  '\\.',
  '\\n',
  '\\x41',
  '\\141',
  'é',
  'É',
  'ß',
  '\\u0130',
  '-',
  '😀',
)
const classes = fc.constantFrom(
  '\\d',
  '\\D',
  '\\s',
  '\\S',
  '\\w',
  '\\W',
  '.',
  '[ab]',
  '[^ab]',
  '[]a]',
  '[^]a]',
  '[a-]',
  '[\\w-]',
  '[^\\s1]',
  '[A-Z]',
  '[\\W\\d]',
  '[à-ý]',
  '[[a]',
)
const anchors = fc.constantFrom('^', '$', '\\b', '\\B', '\\A', '\\Z')
const counts = fc.constantFrom(
  '*',
  '+',
  '?',
  '*?',
  '+?',
  '??',
  '*+',
  '++',
  '?+',
  '{2}',
  '{1,2}',
  '{,2}',
  '{2,}',
  '{0}',
  '{',
  '{x}',
  '{1,3}?',
)
const flags = fc.constantFrom('i', 's', 'm', 'x', 'a', 'i-s', 'si')

const { pattern: patterns } = fc.letrec<{ pattern: string; sequence: string; piece: string; atom: string }>((tie) => ({
  pattern: fc.oneof(
    { depthSize: 'small' },
    tie('sequence'),
    fc.array(tie('sequence'), { minLength: 2, maxLength: 3 }).map((branches) => branches.join('|')),
  ),
  sequence: fc.array(tie('piece'), { maxLength: 5 }).map((pieces) => pieces.join('')),
  piece: fc.oneof(
    { weight: 4, arbitrary: tie('atom') },
    { weight: 2, arbitrary: fc.tuple(tie('atom'), counts).map(([atom, count]) => atom + count) },
    { weight: 1, arbitrary: anchors },
  ),
  atom: fc.oneof(
    { depthSize: 'small' },
    letters,
    classes,
    tie('pattern').map((inner) => `(?:${inner})`),
    tie('pattern').map((inner) => `(${inner})`),
    fc.tuple(fc.constantFrom('x', 'y', 'z'), tie('pattern')).map(([name, inner]) => `(?P<${name}>${inner})`),
    fc
      .tuple(fc.constantFrom('(?=', '(?!', '(?<=', '(?<!', '(?>'), tie('pattern'))
      .map(([open, inner]) => `${open}${inner})`),
    fc.tuple(flags, tie('pattern')).map(([letter, inner]) => `(?${letter}:${inner})`),
    fc.constantFrom('(?P=x)', '(?P=y)', '\\1', '\\2', '(?#note)'),
    fc
      .tuple(fc.constantFrom('x', 'y', '1', '2'), tie('sequence'), tie('sequence'))
      .map(([name, yes, no]) => `(?(${name})${yes}|${no})`),
  ),
}))
const texts = fc.array(
  fc
    .array(
      fc.constantFrom(
        'a',
        'b',
        'A',
        'B',
        '1',
        ' ',
        '\n',
        '.',
        'é',
        'É',
        'ß',
        'ı',
        'İ',
        'i',
        '-',
        ']',
        '😀',
        '\u2028',
        '\x1c',
      ),
      {
        minLength: 1,
        maxLength: 8,
      },
    )
    .map((parts) => parts.join('')),
  { minLength: 6, maxLength: 6 },
)
/** Texts of ASCII alone take another road. */
const plain = texts.map((list) => list.map((text) => [...text].map((c) => (isAscii(c) ? c : 'a')).join('')))

test('patterns made at random find what Python finds', (t) => {
  const seed = Number(process.env['POSTERN_SEED'] ?? 20261125)
  const cases = fc.sample(
    fc.tuple(
      fc.oneof(
        patterns,
        patterns.map((one) => `(?P<x>a)?${one}`),
        patterns.map((one) => `(?im)(?P<x>\\w?)(?P<y>b)?${one}`),
      ),
      fc.oneof(texts, plain),
    ),
    { seed, numRuns: Number(process.env['POSTERN_PATTERNS'] ?? 4_000) },
  )
  const slow = compare(cases.map(([pattern, list]) => ({ pattern, texts: list })))
  t.diagnostic(`${cases.length} patterns, ${slow} of them run, not translated`)
  assert.ok(slow < cases.length / 5, `${slow} patterns have no RegExp`)
})

test('(?i) and the classes take the same characters', () => {
  const texts = Array.from({ length: 0x1e944 }, (_, code) => code)
    .filter((code) => code < 0xd800 || code > 0xdfff)
    .map((code) => String.fromCodePoint(code))
  const patterns = [
    '(?i)[a-z]',
    '(?i)[^k-s]',
    '(?i)[à-ÿ]',
    '(?i)σ',
    '(?i)ß',
    '(?i)ǆ',
    '(?i)[\\u0130-\\u0180]',
    '\\d',
    '\\s',
    '\\w',
    '\\b',
  ]
  for (const pattern of patterns) compare([{ pattern, texts, known: true }])
})
