/**
 * `npm run check:fuzz`: gives mutated seeds to every target of fuzz/*.ts and looks for one that breaks its property.
 *
 * A run is decided by its seed (printed): the same seed and target make the same inputs, as far as the time reaches. An input fails when the
 * target throws, or takes over a second twice in a row. It is written below .cache/fuzz/ with the command that runs it again.
 * Bounded: MOST_CORPUS inputs of at most MOST_INPUT octets are kept in memory. There is no coverage feedback: what is kept is chance.
 */
import { createHash } from 'node:crypto'
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { FuzzTarget } from '../fuzz/target.ts'

const MOST_CORPUS = 512
const MOST_INPUT = 65_536
const SLOW_MS = 1000
const FOLDER = '.cache/fuzz'

const help = `Usage: npm run check:fuzz -- [--seconds N] [--target NAME] [--seed N] [FILE…]

  --seconds N     how long each target runs (default 60)
  --target NAME   only this target; may be given several times
  --seed N        the seed of the mutations (default: the time, printed)
  --list          the names of the targets
  FILE…           give these inputs to the target (or to all) instead of mutating: how a failure is replayed

Example: npm run check:fuzz -- --target mime-message --seconds 10 --seed 7
`

/** xorshift32: quick, and the same everywhere. @returns a function that gives a whole number from 0 below its argument. */
const randomFrom = (seed: number): ((below: number) => number) => {
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1
  return (below) => {
    state ^= state << 13
    state >>>= 0
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return below <= 1 ? 0 : state % below
  }
}
type Random = ReturnType<typeof randomFrom>

/** Octets that mean something to some parser. */
const telling = Buffer.from('\0\t\n\r "\'()*,-./:;<=>?@[\\]_{}~+%&#0129azAZ\x7f\x80\xc3\xa9\xff')
const snippets = ['\r\n', '\r\n\r\n', '--', '.\r\n', '=?utf-8?q?', '?=', '{5}\r\n', '((((', '\\"', '*0*=', '%00'].map(
  (text) => Buffer.from(text, 'latin1'),
)

type Mutation = (input: Buffer, random: Random, other: Buffer) => Buffer
const splice = (input: Buffer, from: number, to: number, middle: Uint8Array): Buffer =>
  Buffer.concat([input.subarray(0, from), middle, input.subarray(to)])
const rangeIn = (input: Buffer, random: Random, most: number): readonly [from: number, to: number] => {
  const from = random(input.length + 1)
  return [from, Math.min(input.length, from + 1 + random(most))]
}

const mutations: readonly Mutation[] = [
  (input, random) => {
    const at = random(input.length)
    return splice(input, at, at + 1, Buffer.from([(input[at] ?? 0) ^ (1 << random(8))]))
  },
  (input, random) => {
    const at = random(input.length)
    return splice(input, at, at + random(2), Buffer.from([telling[random(telling.length)] ?? 0]))
  },
  (input, random) => {
    const at = random(input.length + 1)
    return splice(input, at, at, snippets[random(snippets.length)] ?? Buffer.alloc(0))
  },
  (input, random) => splice(input, ...rangeIn(input, random, 16), Buffer.alloc(0)),
  (input, random) => splice(input, ...rangeIn(input, random, 1 + (input.length >> 1)), Buffer.alloc(0)),
  (input, random) => {
    const [from, to] = rangeIn(input, random, 64)
    const at = random(input.length + 1)
    return splice(input, at, at, input.subarray(from, to))
  },
  (input, random) => {
    const [from, to] = rangeIn(input, random, 12)
    const piece = input.subarray(from, to)
    const times = 1 + random(random(20) === 0 ? 2000 : 20)
    return splice(input, to, to, Buffer.concat(Array.from({ length: times }, () => piece)))
  },
  (input, random, other) => {
    const [from, to] = rangeIn(other, random, 1 + (other.length >> 1))
    return splice(input, ...rangeIn(input, random, 64), other.subarray(from, to))
  },
]

const mutate = (corpus: readonly Buffer[], random: Random): Buffer => {
  const pick = (): Buffer => corpus[random(corpus.length)] ?? Buffer.alloc(0)
  let input: Buffer = pick()
  for (let left = 1 + random(6); left > 0; left -= 1) {
    const mutation = mutations[random(mutations.length)]
    if (mutation !== undefined) input = mutation(input, random, pick())
    if (input.length > MOST_INPUT) input = input.subarray(0, MOST_INPUT)
  }
  return input
}

/** @returns what is wrong with the target on this input, undefined where nothing is. */
const faultOf = async (target: FuzzTarget, input: Uint8Array): Promise<string | undefined> => {
  for (let tries = 0; ; tries += 1) {
    const start = performance.now()
    try {
      const running = target.run(Uint8Array.from(input)) // a copy: a target that writes into its input must not spoil the corpus
      if (running !== undefined) await running
    } catch (error) {
      return error instanceof Error ? (error.stack ?? error.message) : String(error)
    }
    const took = performance.now() - start
    if (took <= SLOW_MS) return undefined
    if (tries > 0) return `took ${Math.round(took)} ms, twice over ${SLOW_MS} ms`
  }
}

const report = (target: FuzzTarget, input: Uint8Array, fault: string): void => {
  const folder = join(FOLDER, target.name)
  mkdirSync(folder, { recursive: true })
  const file = join(folder, createHash('sha256').update(input).digest('hex').slice(0, 16))
  writeFileSync(file, input)
  console.error(`FAIL ${target.name}: ${fault}\n     input (${input.length} octets): ${file}`)
  console.error(`     again: npm run check:fuzz -- --target ${target.name} ${file}`)
}

/** Runs a target for so long. @returns whether nothing failed. */
const fuzz = async (target: FuzzTarget, seconds: number, seed: number): Promise<boolean> => {
  const random = randomFrom(seed)
  const corpus: Buffer[] = target.seeds().map((input) => Buffer.from(input))
  const start = performance.now()
  let runs = 0
  for (const input of corpus) {
    runs += 1
    const fault = await faultOf(target, input)
    if (fault === undefined) continue
    report(target, input, fault)
    return false
  }
  const end = start + seconds * 1000
  while (performance.now() < end) {
    const input = mutate(corpus, random)
    runs += 1
    const fault = await faultOf(target, input)
    if (fault !== undefined) {
      report(target, input, `${fault}\n     seed ${seed}, run ${runs}`)
      return false
    }
    // Now and then a mutant stays, so that changes add up.
    if (random(64) !== 0) continue
    if (corpus.length < MOST_CORPUS) corpus.push(input)
    else corpus[random(MOST_CORPUS)] = input
  }
  const took = (performance.now() - start) / 1000
  console.log(`ok   ${target.name}: ${runs} runs, ${Math.round(runs / took)}/s, corpus ${corpus.length}, seed ${seed}`)
  return true
}

const isTarget = (value: unknown): value is FuzzTarget =>
  typeof value === 'object' && value !== null && 'name' in value && 'seeds' in value && 'run' in value

const readTargets = async (): Promise<readonly FuzzTarget[]> => {
  const targets: FuzzTarget[] = []
  for (const file of globSync('fuzz/*.ts').sort()) {
    const module: unknown = await import(resolve(file))
    if (typeof module === 'object' && module !== null && 'target' in module && isTarget(module.target))
      targets.push(module.target)
  }
  return targets
}

const wrong = (why: string): never => {
  console.error(`tools/fuzz.ts: ${why}\n\n${help}`)
  process.exit(2)
}

const options = {
  seconds: { type: 'string' },
  target: { type: 'string', multiple: true },
  seed: { type: 'string' },
  list: { type: 'boolean' },
  help: { type: 'boolean' },
} as const

const whole = (text: string | undefined, name: string, otherwise: number): number => {
  if (text === undefined) return otherwise
  return /^\d{1,10}$/.test(text) ? Number(text) : wrong(`--${name} takes a whole number, not "${text}"`)
}

const readOptions = () => {
  try {
    return parseArgs({ options, allowPositionals: true })
  } catch (error) {
    return wrong(error instanceof Error ? error.message : String(error))
  }
}

const { values, positionals } = readOptions()
if (values.help === true) {
  console.log(help)
  process.exit(0)
}
const seconds = whole(values.seconds, 'seconds', 60)
const seed = whole(values.seed, 'seed', Date.now() % 2 ** 31)
const all = await readTargets()
const names = values.target ?? []
for (const name of names)
  if (!all.some((target) => target.name === name))
    wrong(`no target "${name}"; there are ${all.map((target) => target.name).join(', ') || 'none'}`)
const chosen = all.filter((target) => names.length === 0 || names.includes(target.name))
if (chosen.length === 0) wrong('fuzz/ has no target')
if (values.list === true) {
  for (const target of chosen) console.log(target.name)
  process.exit(0)
}
let failed = 0
for (const target of chosen) {
  if (positionals.length === 0) {
    failed += (await fuzz(target, seconds, seed)) ? 0 : 1
    continue
  }
  for (const file of positionals) {
    const fault = await faultOf(target, readFileSync(file))
    if (fault !== undefined) failed += 1
    console.log(fault === undefined ? `ok   ${target.name}: ${file}` : `FAIL ${target.name}: ${file}: ${fault}`)
  }
}
process.exit(failed === 0 ? 0 : 1)
