/**
 * The engine: runs a table of tests over a message and asks the learner, and adds up. It knows no test by name. Pure; any octets give a score.
 *
 * `watch` hears which row is about to run, so that a thread that never comes back can be blamed on it; rows named in `without` are not run.
 */
import type { Evidence, Hit, Opinion, ScanInput, ScanOutput } from './facts.ts'
import { lookAt } from './look.ts'
import type { View } from './mail/view.ts'
import type { SpamTest } from './row.ts'
import { spamTests } from './table.ts'
import { type Tokens, tokensOf } from './tokens.ts'

/** What the engine needs of the learner; spam/learner.ts has it. */
export type Opinions = {
  /** @returns undefined where nothing was learned yet. `weights` are the tokens' log-odds, in their order. */
  readonly opinion: (
    tokens: Uint32Array,
    account: string | undefined,
  ) =>
    | { readonly probability: number; readonly seen: number; readonly points: number; readonly weights: Float32Array }
    | undefined
}

/** Rules that the owner brings; sa/engine.ts has them. */
type OwnersRules = {
  readonly run: (
    view: View,
    watch?: (rule: number) => void,
    without?: ReadonlySet<string>,
  ) => { readonly hits: ReadonlyMap<string, number> }
  readonly says: (rule: string) => string
  readonly points: (rule: string) => number
}

/** Learns nothing, knows nothing. */
export const noOpinions: Opinions = { opinion: () => undefined }

export type ScoreOptions = {
  readonly tests?: readonly SpamTest[]
  readonly without?: ReadonlySet<string>
  readonly rules?: OwnersRules
  /** @param step the row's index; OWNERS and more for a rule of the owner's; −1 for taking the message apart, −2 for its tokens, −3 for the learner. */
  readonly watch?: (step: number) => void
}

const EVIDENCE = 12
/** Steps from here on are rules of the owner's. */
export const OWNERS = 100_000
const cents = (points: number): number => Math.round(points * 100) / 100

/** The tokens that weigh most, strongest first. */
const evidenceOf = (tokens: Tokens, weights: Float32Array): readonly Evidence[] => {
  const best: number[] = []
  let least = 0
  for (let index = 0; index < weights.length; index++) {
    const weight = Math.abs(weights[index] ?? 0)
    if (weight <= least) continue
    let at = best.length
    while (at > 0 && Math.abs(weights[best[at - 1] ?? 0] ?? 0) < weight) at--
    best.splice(at, 0, index)
    if (best.length > EVIDENCE) best.pop()
    if (best.length === EVIDENCE) least = Math.abs(weights[best.at(-1) ?? 0] ?? 0)
  }
  return best.map((index) => ({ token: tokens.spell(index), weight: cents(weights[index] ?? 0) }))
}

const learnedHit = (opinion: { readonly probability: number; readonly points: number }): Hit => ({
  name: opinion.points > 0 ? 'LEARNED_SPAM' : 'LEARNED_WANTED',
  says: `the learner holds it to be spam with ${Math.round(opinion.probability * 100)} in 100`,
  score: cents(opinion.points),
})

/** @returns what fired, the sum, the learner's opinion and the tokens to train it with. */
export const score = (input: ScanInput, learner: Opinions, options: ScoreOptions = {}): ScanOutput => {
  const { tests = spamTests, without, watch, rules } = options
  watch?.(-1)
  const look = lookAt(input)
  const hits: Hit[] = []
  for (const [index, test] of tests.entries()) {
    if (without?.has(test.name) === true) continue
    watch?.(index)
    const times = Number(test.hit(look))
    const points = cents(test.score * times)
    if (points !== 0) hits.push({ name: test.name, says: test.says, score: points })
  }
  const brought = rules?.run(look.view, (rule) => watch?.(OWNERS + rule), without).hits ?? new Map<string, number>()
  for (const name of brought.keys()) {
    const points = cents(rules?.points(name) ?? 0)
    if (points !== 0) hits.push({ name, says: rules?.says(name) ?? '', score: points })
  }
  watch?.(-2)
  const tokens = tokensOf(
    look,
    hits.map((hit) => hit.name),
  )
  const keys = tokens.keys()
  watch?.(-3)
  const found = learner.opinion(keys, input.account)
  if (found !== undefined && cents(found.points) !== 0) hits.push(learnedHit(found))
  const opinion: Opinion | undefined =
    found === undefined
      ? undefined
      : { probability: found.probability, seen: found.seen, evidence: evidenceOf(tokens, found.weights) }
  return { hits, score: cents(hits.reduce((sum, hit) => sum + hit.score, 0)), opinion, tokens: keys }
}
