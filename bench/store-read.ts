/** How fast a large mailbox is read: its columns, its envelopes, what changed, one message. */

import { summarize } from '../src/mime/summary.ts'
import { openInline } from '../src/store/sqlite/inline.ts'
import { must, NOW, worldOf } from '../src/store/testing.ts'
import type { Bench } from './bench.ts'
import { realMessages } from './store-messages.ts'

const MESSAGES = 100_000
const REPEATS = 5

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
/** The median time of several runs, in milliseconds. */
const timed = async (run: () => Promise<unknown>): Promise<number> => {
  const times: number[] = []
  for (let i = 0; i < REPEATS; i++) {
    const before = performance.now()
    await run()
    times.push(performance.now() - before)
  }
  return median(times)
}

export const bench: Bench = {
  name: 'store-read',
  about: `Reading a mailbox of ${MESSAGES} messages, in memory and without threads. Stated.`,
  run: async (report) => {
    const store = await must(openInline({ folder: ':memory:' }))
    const { inbox: mailbox, place, make } = await worldOf(store)
    const real = (await realMessages(3_200, 1_000)).map((bytes) => ({ bytes, summary: summarize(bytes) }))
    for (const { bytes, summary } of real)
      await must(store.deliver({ body: { bytes }, summary, places: [place()], now: NOW }))
    for (let have = real.length; have < MESSAGES; have *= 2) {
      const uids = [[1, Math.min(have, MESSAGES - have)]] as const
      await must(store.copy({ from: mailbox, uids, to: mailbox, now: NOW, move: false }))
    }
    const since = (await must(store.mailbox({ id: mailbox }))).highestModSeq
    await must(store.changeFlags({ mailbox, uids: [[500, 509]], how: 'add', flags: ['\\Seen'] }))
    const state = { unit: 'ms', better: 'less', kind: 'stated' } as const
    const first = performance.now()
    await must(store.columns({ mailbox }))
    report({ name: 'columns of 100,000, the first time', ours: performance.now() - first, ...state })
    report({ name: 'columns of 100,000', ours: await timed(() => must(store.columns({ mailbox }))), ...state })
    report({
      name: 'changes: ten of 100,000',
      ours: await timed(() => must(store.changes({ mailbox, since }))),
      ...state,
    })
    const page = (first: number, want: { summary?: boolean; message?: boolean }) =>
      must(store.messages({ mailbox, uids: [[first, first + 999]], want, most: 1000, mostBytes: 1e9 }))
    report({ name: 'summaries of 1,000', ours: await timed(() => page(50_000, { summary: true })), ...state })
    report({ name: 'whole messages, 1,000', ours: await timed(() => page(60_000, { message: true })), ...state })
    const flag = { flag: '\\Seen' }
    report({
      name: 'search a flag in 100,000',
      ours: await timed(() => must(store.search({ mailbox, tree: flag }))),
      ...state,
    })
    const target = await make('target')
    const before = performance.now()
    await must(store.copy({ from: mailbox, uids: [[1, 10_000]], to: target, now: NOW, move: true }))
    report({ name: 'move 10,000 of 100,000', ours: performance.now() - before, ...state })
    await store.close()
  },
}
