/**
 * The learner: how spammy a message's tokens are, from the messages that people here have filed. Pure.
 *
 * Two ways of learning from the same table, because each is good where the other is weak: counts, combined by Fisher's method as G. Robinson
 * proposed for mail (few lessons, and a mistake can be taken back exactly), and weights, moved after each lesson by what they got wrong
 * (on-line logistic regression; many lessons). Chosen by measurement: docs/decisions/0030.
 *
 * The shared training and an account's own are rows of the same table under different keys; the more an account has taught, the more
 * its own counts. One account can teach the others only about as much as all others together (FREE_LESSONS more). A first opinion that
 * would ship with the program (a prior) has its place in `Prior`; none is shipped, because no mail that we may ship was at hand.
 */
import { crc32 } from 'node:zlib'
import { fail, ok, type Result } from '../base/result.ts'
import { Counts, HAM, SPAM, WEIGHT } from './counts.ts'
import type { Training } from './facts.ts'
import { hashOf } from './tokens.ts'

/** How strongly a token seen seldom is held to say nothing, in messages. */
const DOUBT = 0.1
/** Tokens this near to saying nothing are passed over. */
const DULL = 0.02
/** How much of the counts' log-odds is added to the weights'. */
const COUNTS_SHARE = 0.3
/** The size of a step; a lesson that was known within MARGIN moves no weight. */
const RATE = 3
const MARGIN = 0.02
const MOST_WEIGHT = 50
/** Lessons of the rarer class at which training counts half of what it says. */
const SHARED_TRUST = 5
const OWN_TRUST = 10
/** Lessons after which the past is halved: the filter forgets slowly. */
const MEMORY = 30_000
/** Lessons that one account may always give to all. */
const FREE_LESSONS = 50
const MOST_LESSON = 1

/** Points for each unit of log-odds, and the most in each direction: docs/decisions/0032. */
const POINTS = 1.25
const MOST_SPAM_POINTS = 6.5
const MOST_HAM_POINTS = 7
/** Beyond this the log-odds say no more. */
const MOST_LOG_ODDS = 20

/** Log-odds of a message by what shipped with the program. */
export type Prior = (tokens: Uint32Array) => number
const noPrior: Prior = () => 0

export type LearnerOpinion = {
  readonly probability: number
  readonly seen: number
  /** What it adds to the score. */
  readonly points: number
  /** How each token pulled, in the tokens' order. */
  readonly weights: Float32Array
}

const logistic = (z: number): number => 1 / (1 + Math.exp(-z))
const mixed = (key: number): number => {
  const a = Math.imul(key ^ (key >>> 15), 0x2c1b3c6d)
  const b = Math.imul(a ^ (a >>> 12), 0x297a2d39)
  return (b ^ (b >>> 15)) >>> 0 || 1
}
/** The salt of an account's rows; 0 for the shared ones. */
const saltOf = (account: string | undefined): number => (account === undefined ? 0 : mixed(hashOf(account)))
const keyFor = (token: number, salt: number): number => (salt === 0 ? token || 1 : mixed(token ^ salt))
/** The row that counts an account's lessons. */
const ACCOUNT = 0x51ed270b

/** The upper tail of the normal distribution; Abramowitz and Stegun 26.2.17, good to 1e-7. */
const normalTail = (x: number): number => {
  if (x < 0) return 1 - normalTail(-x)
  const t = 1 / (1 + 0.2316419 * x)
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  return Math.exp((-x * x) / 2) * 0.3989422804 * series
}

/** The chance that a chi-square of `degrees` exceeds `x`; E. Wilson and M. Hilferty, 1931. */
const chiTail = (x: number, degrees: number): number => {
  const spread = 2 / (9 * degrees)
  return normalTail((Math.cbrt(x / degrees) - 1 + spread) / Math.sqrt(spread))
}

type Sum = { readonly logOdds: number; readonly byWeights: number }

export class Learner {
  #counts: Counts
  readonly #prior: Prior

  constructor(counts: Counts, prior: Prior = noPrior) {
    this.#counts = counts
    this.#prior = prior
  }

  /** A learner that nobody taught. */
  static empty(): Learner {
    return new Learner(Counts.empty())
  }

  /** A learner over another thread's memory, for reading. */
  static over(memory: SharedArrayBuffer): Learner {
    return new Learner(new Counts(memory))
  }

  /** What threads read; another one after a lesson that needed room. */
  get memory(): SharedArrayBuffer {
    return this.#counts.memory
  }

  /** @returns undefined while there is nothing to go by: both classes must have been seen. */
  opinion(tokens: Uint32Array, account: string | undefined): LearnerOpinion | undefined {
    const weights = new Float32Array(tokens.length)
    const shared = this.#lessons(0)
    const own = account === undefined ? noLessons : this.#lessons(saltOf(account))
    const sharedTrust = trust(shared, SHARED_TRUST)
    const ownTrust = trust(own, OWN_TRUST)
    if (sharedTrust + ownTrust === 0) return undefined
    let logOdds = this.#prior(tokens)
    if (sharedTrust > 0)
      logOdds += (this.#sum(tokens, 0, shared, weights, 1 - ownTrust).logOdds - logOdds) * sharedTrust
    if (ownTrust > 0)
      logOdds += (this.#sum(tokens, saltOf(account), own, weights, ownTrust).logOdds - logOdds) * ownTrust
    logOdds = Math.max(-MOST_LOG_ODDS, Math.min(MOST_LOG_ODDS, logOdds))
    return {
      probability: logistic(logOdds),
      seen: Math.round(shared.spam + shared.ham + own.spam + own.ham),
      points: Math.max(-MOST_HAM_POINTS, Math.min(MOST_SPAM_POINTS, logOdds * POINTS)),
      weights,
    }
  }

  /** Learns a message for all, and for the account that filed it. */
  train(training: Training): void {
    const weight = Math.max(0, Math.min(MOST_LESSON, training.weight))
    if (!(weight > 0) || training.tokens.length === 0) return
    const { account } = training
    this.#counts = this.#counts.roomFor(2 * training.tokens.length + 2)
    const share = account === undefined ? 1 : this.#shareOf(account)
    this.#lesson(training, 0, weight * share)
    if (account !== undefined) this.#lesson(training, saltOf(account), weight)
    if (this.#counts.spamLessons + this.#counts.hamLessons > MEMORY) this.#counts = this.#counts.faded(0.5)
  }

  /** Takes back what `train` counted of the same message: it was moved. The weights are put right by the lesson that follows. */
  untrain(training: Training): void {
    const weight = Math.max(0, Math.min(MOST_LESSON, training.weight))
    for (const salt of training.account === undefined ? [0] : [0, saltOf(training.account)]) {
      const { values } = this.#counts
      const column = training.spam ? SPAM : HAM
      const less = (key: number): void => {
        const at = this.#counts.find(key)
        if (at >= 0) values[at + column] = Math.max(0, (values[at + column] ?? 0) - weight)
      }
      for (const token of training.tokens) less(keyFor(token, salt))
      if (salt === 0) this.#counts.addLessons(training.spam ? -weight : 0, training.spam ? 0 : -weight)
      else less(keyFor(ACCOUNT, salt))
    }
  }

  /** Halves (0.5) or otherwise fades all that was learned. */
  forget(factor: number): void {
    this.#counts = this.#counts.faded(Math.max(0.01, Math.min(1, factor)))
  }

  /** @returns all that was learned, as octets for `read`. */
  snapshot(): Uint8Array {
    return writeCounts(this.#counts)
  }

  /** @returns the learner of a snapshot, or `damaged`. */
  static read(bytes: Uint8Array): Result<Learner, 'damaged'> {
    const counts = readCounts(bytes)
    return counts.ok ? ok(new Learner(counts.value)) : counts
  }

  #lessons(salt: number): Lessons {
    const counts = this.#counts
    if (salt === 0) return { spam: counts.spamLessons, ham: counts.hamLessons }
    const at = counts.find(keyFor(ACCOUNT, salt))
    return at < 0 ? noLessons : { spam: counts.values[at + SPAM] ?? 0, ham: counts.values[at + HAM] ?? 0 }
  }

  /** How much of an account's lesson counts for all: less when it has taught more than everybody else. */
  #shareOf(account: string): number {
    const own = this.#lessons(saltOf(account))
    const mine = own.spam + own.ham
    const all = this.#counts.spamLessons + this.#counts.hamLessons
    return Math.min(1, (Math.max(0, all - mine) + FREE_LESSONS) / (mine + 1))
  }

  /** One pass over the tokens: both methods' sums. `weights` gets each token's pull, times `share`. */
  #sum(tokens: Uint32Array, salt: number, lessons: Lessons, weights: Float32Array | undefined, share: number): Sum {
    const counts = this.#counts
    const { values } = counts
    const [allSpam, allHam] = [lessons.spam + 0.5, lessons.ham + 0.5]
    const scale = 1 / Math.sqrt(tokens.length + 1)
    let [byWeights, used, product, rest, logProduct, logRest] = [0, 0, 1, 1, 0, 0]
    for (let i = 0; i < tokens.length; i++) {
      const at = counts.find(keyFor(tokens[i] ?? 0, salt))
      if (at < 0) continue
      const pull = values[at + WEIGHT] ?? 0
      byWeights += pull
      const inSpam = (values[at + SPAM] ?? 0) / allSpam
      const inHam = (values[at + HAM] ?? 0) / allHam
      const seen = counts.seen(at)
      const chance = seen > 0 ? (DOUBT * 0.5 + (seen * inSpam) / (inSpam + inHam)) / (DOUBT + seen) : 0.5
      if (weights !== undefined)
        weights[i] = (weights[i] ?? 0) + share * scale * (pull + COUNTS_SHARE * 4 * (chance - 0.5))
      if (Math.abs(chance - 0.5) < DULL) continue
      used++
      product *= chance
      rest *= 1 - chance
      if (product < 1e-200 || rest < 1e-200) {
        logProduct += Math.log(product)
        logRest += Math.log(rest)
        product = 1
        rest = 1
      }
    }
    byWeights *= scale
    if (used === 0) return { logOdds: byWeights, byWeights }
    const spamTail = chiTail(-2 * (logProduct + Math.log(product)), 2 * used)
    const hamTail = chiTail(-2 * (logRest + Math.log(rest)), 2 * used)
    const fisher = (1 + spamTail - hamTail) / 2
    return { logOdds: byWeights + COUNTS_SHARE * Math.log((fisher + 1e-5) / (1 - fisher + 1e-5)), byWeights }
  }

  #lesson(training: Training, salt: number, weight: number): void {
    const { tokens, spam } = training
    const counts = this.#counts
    const wrong = (spam ? 1 : 0) - logistic(this.#sum(tokens, salt, this.#lessons(salt), undefined, 0).byWeights)
    const step = Math.abs(wrong) < MARGIN ? 0 : RATE * wrong * weight
    const { values } = counts
    const column = spam ? SPAM : HAM
    for (const token of tokens) {
      const at = counts.take(keyFor(token, salt))
      values[at + column] = (values[at + column] ?? 0) + weight
      const seen = Math.max(1, counts.seen(at))
      const pull = (values[at + WEIGHT] ?? 0) + step / Math.sqrt(seen)
      values[at + WEIGHT] = Math.max(-MOST_WEIGHT, Math.min(MOST_WEIGHT, pull))
    }
    if (salt === 0) counts.addLessons(spam ? weight : 0, spam ? 0 : weight)
    else {
      const at = counts.take(keyFor(ACCOUNT, salt))
      values[at + column] = (values[at + column] ?? 0) + weight
    }
  }
}

type Lessons = { readonly spam: number; readonly ham: number }
const noLessons: Lessons = { spam: 0, ham: 0 }

/** 0 where one class was never seen, towards 1 with lessons of both. */
const trust = (lessons: Lessons, half: number): number => {
  const fewer = Math.min(lessons.spam, lessons.ham)
  return fewer <= 0 ? 0 : fewer / (fewer + half)
}

/** "PSTL", version, rows, spam and ham lessons, CRC-32 of the rows; then the rows: key, spam, ham, weight; all little-endian. */
const SNAPSHOT = 0x4c_54_53_50
const VERSION = 1
const HEAD = 24
const ROW = 16

const writeCounts = (counts: Counts): Uint8Array => {
  const bytes = new Uint8Array(HEAD + ROW * counts.used)
  const view = new DataView(bytes.buffer)
  let to = HEAD
  for (const [key, at] of counts.rows()) {
    view.setUint32(to, key, true)
    for (const word of [SPAM, HAM, WEIGHT]) view.setFloat32(to + word * 4, counts.values[at + word] ?? 0, true)
    to += ROW
  }
  view.setUint32(0, SNAPSHOT, true)
  view.setUint32(4, VERSION, true)
  view.setUint32(8, counts.used, true)
  view.setFloat32(12, counts.spamLessons, true)
  view.setFloat32(16, counts.hamLessons, true)
  view.setUint32(20, crc32(bytes.subarray(HEAD), crc32(bytes.subarray(0, 20))), true)
  return bytes
}

const readCounts = (bytes: Uint8Array): Result<Counts, 'damaged'> => {
  if (bytes.length < HEAD) return fail('damaged')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const rows = view.getUint32(8, true)
  const known = view.getUint32(0, true) === SNAPSHOT && view.getUint32(4, true) === VERSION
  if (!known || bytes.length !== HEAD + ROW * rows) return fail('damaged')
  if (view.getUint32(20, true) !== crc32(bytes.subarray(HEAD), crc32(bytes.subarray(0, 20)))) return fail('damaged')
  let counts = Counts.empty(Counts.bitsFor(rows))
  const good = (n: number): boolean => Number.isFinite(n) && n >= 0
  for (let from = HEAD; from < bytes.length; from += ROW) {
    const [spam, ham, weight] = [4, 8, 12].map((offset) => view.getFloat32(from + offset, true))
    if (spam === undefined || ham === undefined || weight === undefined) return fail('damaged')
    if (!good(spam) || !good(ham) || !Number.isFinite(weight)) return fail('damaged')
    counts = counts.roomFor(1)
    const at = counts.take(view.getUint32(from, true) || 1)
    counts.values[at + SPAM] = spam
    counts.values[at + HAM] = ham
    counts.values[at + WEIGHT] = weight
  }
  const [spam, ham] = [view.getFloat32(12, true), view.getFloat32(16, true)]
  if (!good(spam) || !good(ham)) return fail('damaged')
  counts.addLessons(spam, ham)
  return ok(counts)
}
