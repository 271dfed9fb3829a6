/** The queue's run against servers that answer as told, over a store in memory, with a clock that is turned by hand. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accountId } from '../../base/ids.ts'
import { failingStore } from '../../store/failing.ts'
import { openInline } from '../../store/sqlite/inline.ts'
import type { QueueEntry, Store } from '../../store/store.ts'
import { latin1, must, worldOf } from '../../store/testing.ts'
import type { Said, Stage } from '../bounce/said.ts'
import { readLast, readOptions, writeOptions } from './options.ts'
import { queueWorld, type Server, START, type World } from './testing.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const said = (code: number, enhanced: string, stage: Stage, text = 'because'): Said => ({
  code,
  enhanced,
  stage,
  text,
  host: 'mx',
})
const noUser = said(550, '5.1.1', 'rcpt', 'no such user')
const greylisted = said(450, '4.2.0', 'rcpt', 'greylisted, try again later')

type Over = Parameters<typeof queueWorld>[2]
/** Runs a test in a world of its own; afterwards the store is sound. */
const inWorld = (
  says: string,
  servers: Readonly<Record<string, Server>>,
  run: (world: World, opened: Store) => Promise<void>,
  over: Over = {},
): void => {
  void test(says, async () => {
    const opened = await must(openInline({ folder: ':memory:', digestBlobs: 0 }))
    const world = queueWorld(opened, servers, over)
    try {
      world.runner.start()
      await run(world, opened)
      const stopped = world.runner.stop(1000)
      await world.clock.turn(2000)
      await stopped
      assert.deepEqual(await must(opened.check()), [])
    } finally {
      await opened.close()
    }
  })
}
const left = async ({ store }: World): Promise<readonly QueueEntry[]> => must(store.queue({ most: 10_000 }))
const good: Server = {}

inWorld(
  'a message to recipients of one domain is one transaction, to others another',
  { '192.0.2.1': good, '192.0.2.2': good },
  async (world) => {
    await world.queue(
      'hello',
      ['x@a.example', 'y@a.example', 'z@b.example'].map((recipient) => ({ recipient })),
    )
    await world.clock.settle()
    assert.deepEqual(world.sent.toSorted(), [
      '192.0.2.1: x@a.example,y@a.example: hello',
      '192.0.2.2: z@b.example: hello',
    ])
    assert.deepEqual(await left(world), [])
    assert.deepEqual([...world.notes], [])
    assert.deepEqual(world.runner.stats(), { sent: 3, deferred: 0, failed: 0, unsure: 0, connections: 2, inMemory: 0 })
  },
)

inWorld(
  'what is due at the start leaves at the start, what is held or later does not',
  { '192.0.2.1': good },
  async (world, opened) => {
    const other = queueWorld(opened, {}, { some: { enabled: false } })
    await other.queue('due', [{}])
    await other.queue('later', [{ nextAt: START + 60_000 }])
    await other.queue('held', [{ state: 'held', why: 'frozen' }])
    await other.runner.stop(0)
    world.runner.start()
    await world.clock.settle()
    assert.deepEqual(world.sent, ['192.0.2.1: x@a.example: due'])
    await world.clock.turn(2 * MINUTE)
    assert.deepEqual(world.sent.length, 2)
    await must(world.store.settleQueue({ changes: [{ id: 3, state: 'waiting', why: '' }] }))
    await world.clock.settle()
    assert.deepEqual(world.sent.at(-1), '192.0.2.1: x@a.example: held')
  },
)

inWorld(
  'a recipient refused for good ends alone; a deferred one is tried again later',
  {
    '192.0.2.1': {
      answer: (_, at) => ({
        said: (to) => (to.startsWith('no') ? noUser : to.startsWith('later') && at === 0 ? greylisted : 'taken'),
      }),
    },
  },
  async (world) => {
    await world.queue(
      'm',
      ['no@a.example', 'later@a.example', 'yes@a.example'].map((recipient) => ({ recipient })),
    )
    await world.clock.settle()
    const [entry, ...none] = await left(world)
    assert.deepEqual(none, [])
    assert.deepEqual([entry?.recipient, entry?.tries, entry?.nextAt], ['later@a.example', 1, START + 5 * MINUTE])
    assert.deepEqual(readLast(entry?.last ?? '')?.class, 'greylisted')
    await world.clock.turn(6 * MINUTE)
    assert.deepEqual(world.sent, ['192.0.2.1: yes@a.example: m', '192.0.2.1: later@a.example: m'])
    assert.deepEqual([world.runner.stats().failed, await left(world)], [1, []])
  },
)

/** A sender of this house, with the text of what came into its inbox. */
const senderOf = async (opened: Store) => {
  const anna = await worldOf(opened, 'anna@here.example')
  const inbox = async (): Promise<readonly string[]> => {
    const uids = [[1, 99]] as const
    const page = await must(
      opened.messages({ mailbox: anna.inbox, uids, want: { message: true }, most: 9, mostBytes: 1e6 }),
    )
    return page.rows.map((row) => latin1(row.message))
  }
  return { account: anna.account, inbox }
}

inWorld(
  'the sender hears of a failure in the same transaction that ends the entry',
  { '192.0.2.1': { answer: () => ({ said: (to) => (to.startsWith('no') ? noUser : 'taken') }) } },
  async (world, opened) => {
    const { account, inbox } = await senderOf(opened)
    await world.queue(
      'Subject: party\r\n\r\ncome\r\n',
      ['no@a.example', 'nobody@a.example', 'yes@a.example'].map((recipient) => ({ account, recipient })),
    )
    await world.clock.settle()
    const [bounce = '', ...more] = await inbox()
    assert.deepEqual(more, [])
    for (const part of [
      'Return-Path: <>',
      'To: <anna@here.example>',
      'no@a.example',
      'nobody@a.example',
      'no such user',
      'Subject: party',
      'Action: failed',
    ])
      assert.ok(bounce.includes(part), `${part} is missing in ${bounce}`)
    assert.ok(!bounce.includes('come\r\n') && !bounce.includes('yes@a.example'))
    assert.deepEqual(await left(world), [])
  },
)

const silent = [
  [
    'NOTIFY=NEVER',
    { options: writeOptions({ notify: ['never'], smtpUtf8: false, body: '7bit', requireTls: false, subject: 's' }) },
  ],
  ['the null sender', { sender: '' }],
] as const
for (const [says, over] of silent)
  inWorld(
    `${says}: a failure is kept as a receipt, and nobody is told`,
    { '192.0.2.1': { answer: () => ({ said: noUser }) } },
    async (world, opened) => {
      const { account, inbox } = await senderOf(opened)
      await world.queue('m', [{ account, ...over }])
      await world.clock.settle()
      assert.deepEqual([await inbox(), await left(world)], [[], []])
      assert.equal((await must(opened.receipts({ since: 0, most: 9 }))).length, 1)
    },
  )

inWorld(
  'an account that is gone is not told, and the entry ends all the same',
  { '192.0.2.1': { answer: () => ({ said: noUser }) } },
  async (world, opened) => {
    const { account } = await senderOf(opened)
    await must(opened.dropAccount({ id: account }))
    await world.queue('m', [{ account }])
    await world.clock.settle()
    assert.deepEqual(await left(world), [])
    assert.ok(world.events.some((event) => event.startsWith('send-untold')))
  },
)

inWorld('the sender hears once that it is late, and in the end that it was given up', {}, async (world, opened) => {
  const { account, inbox } = await senderOf(opened)
  await world.queue('m', [{ account, expiresAt: START + 12 * HOUR }])
  await world.clock.turn(3 * HOUR)
  assert.equal((await inbox()).length, 0)
  await world.clock.turn(4 * HOUR)
  assert.equal((await inbox()).length, 1)
  assert.match((await inbox())[0] ?? '', /Action: delayed/)
  assert.equal(readOptions((await left(world))[0]?.options ?? '').delayTold, true)
  await world.clock.turn(6 * HOUR)
  const letters = await inbox()
  assert.equal(letters.length, 2)
  assert.match(letters[1] ?? '', /Action: failed/)
  assert.deepEqual(await left(world), [])
  assert.ok(world.dialled.length > 7 && world.dialled.length < 12, `${world.dialled.length} tries`)
})

for (const dsn of [true, false])
  inWorld(
    `NOTIFY=SUCCESS: ${dsn ? 'the peer tells the sender' : 'we tell that it was relayed'}`,
    { '192.0.2.1': { answer: () => ({ dsn }) } },
    async (world, opened) => {
      const { account, inbox } = await senderOf(opened)
      const options = writeOptions({
        notify: ['success'],
        smtpUtf8: false,
        body: '7bit',
        requireTls: false,
        subject: 's',
      })
      await world.queue('m', [{ account, options }])
      await world.clock.settle()
      const letters = await inbox()
      assert.equal(letters.length, dsn ? 0 : 1)
      if (!dsn) assert.match(letters[0] ?? '', /Action: relayed/)
      assert.deepEqual(await left(world), [])
    },
  )

inWorld(
  'too many recipients for the server: the others go in another transaction at once',
  {
    '192.0.2.1': {
      answer: (parcel) => ({
        said: (to) =>
          parcel.recipients.findIndex(({ address }) => address === to) < 2
            ? 'taken'
            : said(452, '4.5.3', 'rcpt', 'too many recipients'),
      }),
    },
  },
  async (world) => {
    await world.queue(
      'm',
      [1, 2, 3, 4, 5].map((n) => ({ recipient: `${n}@a.example` })),
    )
    await world.clock.settle()
    assert.deepEqual(
      world.sent.map((text) => text.split(': ')[1]),
      ['1@a.example,2@a.example', '3@a.example,4@a.example', '5@a.example'],
    )
    assert.deepEqual([await left(world), [...world.notes]], [[], []])
  },
)

inWorld(
  'a lost answer is logged, tried again, and its note ends',
  {
    '192.0.2.1': {
      answer: (_, at) =>
        at === 0 ? { said: said(0, '4.4.2', 'message'), unsure: true, over: said(0, '4.4.2', 'message') } : {},
    },
  },
  async (world) => {
    await world.queue('m', [{}])
    await world.clock.settle()
    assert.deepEqual(world.events, ['send-unsure x@a.example', 'send-deferred x@a.example'])
    assert.equal((await left(world))[0]?.tries, 1)
    assert.deepEqual([...world.notes], [])
  },
)

inWorld(
  'a dead first MX: the second takes it, and the dead one is tried last for a while',
  { '192.0.2.2': good },
  async (world) => {
    await world.queue('m', [{ recipient: 'x@two.example' }])
    await world.clock.settle()
    assert.deepEqual(world.dialled, ['192.0.2.1', '192.0.2.2'])
    await world.clock.turn(MINUTE)
    await world.queue('n', [{ recipient: 'x@two.example' }])
    await world.clock.settle()
    assert.deepEqual(world.dialled, ['192.0.2.1', '192.0.2.2', '192.0.2.2'])
    assert.equal(world.sent.length, 2)
  },
)

inWorld(
  'an opportunistic handshake that fails is tried again without TLS, a required one is not',
  { '192.0.2.1': good },
  async (world) => {
    await world.queue('m', [{}])
    await world.clock.settle()
    assert.deepEqual(world.dialled, [])
    assert.equal((await left(world)).length, 0)
  },
  {
    dial: async ({ tls }) =>
      tls === 'never'
        ? {
            ok: true,
            value: {
              ...{ isTls: false, problem: undefined, localIp: '', close: () => undefined, quit: async () => undefined },
              run: async (errand) => {
                for (let parcel = errand.next(); parcel !== undefined; parcel = errand.next()) {
                  errand.begins(parcel)
                  errand.done(parcel, { recipients: parcel.recipients.map(() => 'taken'), unsure: false, dsn: true })
                }
                return undefined
              },
            },
          }
        : { ok: false, error: { said: said(0, '4.7.5', 'tls'), failure: 'validation-failure' } },
  },
)

inWorld('null MX, no such domain: refused without a connection', {}, async (world, opened) => {
  const { account, inbox } = await senderOf(opened)
  await world.queue('m', [{ account, recipient: 'x@nowhere.example' }])
  await world.clock.settle()
  assert.deepEqual([world.dialled, await left(world)], [[], []])
  assert.match((await inbox())[0] ?? '', /5\.1\.2/)
})

void test('the same session takes message after message, up to a bound, and ends after a rest', async () => {
  const opened = await must(openInline({ folder: ':memory:', digestBlobs: 0 }))
  const world = queueWorld(opened, { '192.0.2.1': good }, { some: { messages: 3, connections: 1 } })
  for (let i = 0; i < 7; i += 1) await world.queue(`${i}`, [{}])
  await world.clock.settle()
  assert.deepEqual([world.sent.length, world.dialled.length], [7, 3])
  await world.clock.turn(1000)
  await world.queue('again', [{}])
  await world.clock.settle()
  assert.equal(world.dialled.length, 3)
  await world.clock.turn(10_000)
  assert.equal(world.runner.stats().connections, 0)
  await opened.close()
})

void test('a peer that balks gets fewer connections and a rest; what comes for it meanwhile waits on the disk', async () => {
  const opened = await must(openInline({ folder: ':memory:', digestBlobs: 0 }))
  let balks = true
  const slow = said(421, '4.7.0', 'mail', 'too many connections, slow down')
  const world = queueWorld(opened, {
    '192.0.2.1': { answer: () => (balks ? { said: slow, over: slow } : {}) },
    '192.0.2.2': good,
  })
  world.runner.start()
  await world.queue('m', [{}])
  await world.clock.settle()
  const [state] = world.runner.destinations()
  assert.deepEqual([state?.limit, state?.restUntil, state?.said?.code], [2, START + MINUTE, 421])
  balks = false
  await world.queue('n', [{}, { recipient: 'y@b.example' }])
  await world.clock.settle()
  assert.deepEqual(world.sent, ['192.0.2.2: y@b.example: n'])
  const waiting = await must(world.store.queue({ most: 9 }))
  assert.deepEqual(
    waiting.map(({ tries, nextAt }) => [tries, nextAt]),
    [
      [1, START + 5 * MINUTE],
      [0, START + MINUTE],
    ],
  )
  await world.clock.turn(10 * MINUTE)
  assert.equal(world.sent.length, 3)
  await opened.close()
})

void test('a connection that had served and is closed gives the message to another one, without a try counted', async () => {
  const opened = await must(openInline({ folder: ':memory:', digestBlobs: 0 }))
  const bye = said(421, '4.4.2', 'mail', 'enough for one connection')
  const world = queueWorld(
    opened,
    { '192.0.2.1': { answer: (_, at) => (at === 1 ? { back: true, over: bye } : {}) } },
    { some: { connections: 1 } },
  )
  for (let i = 0; i < 4; i += 1) await world.queue(`${i}`, [{}])
  await world.clock.settle()
  assert.deepEqual(
    world.sent.map((text) => text.split(': ')[2]),
    ['0', '1', '2', '3'],
  )
  assert.deepEqual([world.runner.stats().deferred, world.dialled.length], [0, 2])
  await opened.close()
})

void test('senders to one destination take turns', async () => {
  const opened = await must(openInline({ folder: ':memory:', digestBlobs: 0 }))
  const world = queueWorld(opened, { '192.0.2.1': good }, { some: { connections: 1 } })
  const [one, two] = [await worldOf(opened, 'one@here.example'), await worldOf(opened, 'two@here.example')]
  const quiet = queueWorld(opened, {}, { some: { enabled: false } })
  for (let i = 0; i < 200; i += 1) await quiet.queue(`${i}`, [{ account: one.account }])
  await quiet.queue('the other', [{ account: two.account }])
  await quiet.runner.stop(0)
  world.runner.start()
  await world.clock.settle()
  const at = world.sent.findIndex((text) => text.endsWith('the other'))
  assert.ok(at >= 0 && at < 5, `it came as number ${at}`)
  await opened.close()
})

void test('what is held or dropped while it waits in memory is not sent', async () => {
  const opened = await must(openInline({ folder: ':memory:', digestBlobs: 0 }))
  const rules = { connections: 0 }
  const world = queueWorld(opened, { '192.0.2.1': good }, { some: rules })
  for (const text of ['held', 'dropped', 'sent']) await world.queue(text, [{}])
  await world.queue('two', [{}, { recipient: 'y@a.example' }])
  await world.clock.settle()
  assert.equal(world.runner.stats().inMemory, 5)
  await must(
    world.store.settleQueue({
      changes: [
        { id: 1, state: 'held', why: 'by-hand' },
        { id: 2, remove: true },
        { id: 4, remove: true },
      ],
    }),
  )
  rules.connections = 1
  world.runner.sweep()
  await world.clock.settle()
  assert.deepEqual(world.sent.toSorted(), ['192.0.2.1: x@a.example: sent', '192.0.2.1: y@a.example: two'])
  await opened.close()
})

void test('a stop lets the transactions under way finish, begins none, and leaves the rest queued', async () => {
  const opened = await must(openInline({ folder: ':memory:', digestBlobs: 0 }))
  const stopping: (() => void)[] = []
  const first: Server = {
    answer: () => {
      for (const stop of stopping) stop()
      return {}
    },
  }
  const world = queueWorld(opened, { '192.0.2.1': first }, { some: { connections: 1 } })
  stopping.push(() => void world.runner.stop(1000))
  for (let i = 0; i < 5; i += 1) await world.queue(`${i}`, [{}])
  await world.clock.turn(5000)
  await world.runner.stop(0)
  assert.deepEqual([world.sent.length, (await must(opened.queue({ most: 9 }))).length], [1, 4])
  await opened.close()
})

void test('a disk that is full: what was sent is written later, and nothing of it is sent twice', async () => {
  const opened = await must(openInline({ folder: ':memory:', digestBlobs: 0 }))
  const state = { full: true }
  const full = failingStore(opened, 'disk-full', ['settleQueue'])
  const store: Store = { ...opened, settleQueue: (a) => (state.full ? full.settleQueue(a) : opened.settleQueue(a)) }
  const world = queueWorld(opened, { '192.0.2.1': good }, { store })
  await world.queue('m', [{}])
  await world.clock.turn(5 * MINUTE)
  assert.deepEqual([world.sent.length, world.notes.size, (await must(opened.queue({ most: 9 }))).length], [1, 1, 1])
  state.full = false
  await world.clock.turn(2000)
  assert.deepEqual([world.sent.length, world.notes.size, (await must(opened.queue({ most: 9 }))).length], [1, 0, 0])
  await opened.close()
})

void test('a message that cannot be read now waits, the others go', async () => {
  const opened = await must(openInline({ folder: ':memory:', digestBlobs: 0 }))
  const state = { busy: true }
  const busy = failingStore(opened, 'busy', ['queueMessages'])
  const store: Store = {
    ...opened,
    queueMessages: (a) => (state.busy ? busy.queueMessages(a) : opened.queueMessages(a)),
  }
  const world = queueWorld(opened, { '192.0.2.1': good }, { store })
  await world.queue('m', [{}])
  await world.clock.turn(3000)
  assert.equal(world.sent.length, 0)
  state.busy = false
  await world.clock.turn(2000)
  assert.equal(world.sent.length, 1)
  await opened.close()
})

void test('a large message is read in slices', async () => {
  const opened = await must(openInline({ folder: ':memory:', digestBlobs: 0 }))
  const world = queueWorld(opened, { '192.0.2.1': good })
  await world.queue('z'.repeat(300_000), [{}])
  await world.clock.settle()
  assert.equal(world.sent[0]?.length, '192.0.2.1: x@a.example: '.length + 300_000)
  await opened.close()
})

void test('ten thousand messages go through a bounded memory, each once', async () => {
  const opened = await must(openInline({ folder: ':memory:', digestBlobs: 0 }))
  const quiet = queueWorld(opened, {}, { some: { enabled: false } })
  for (let i = 0; i < 10_000; i += 1)
    await quiet.queue(`${i}`, [{ recipient: `${i}@${['a', 'b', 'c'][i % 3]}.example` }])
  const servers = { '192.0.2.1': good, '192.0.2.2': good, '192.0.2.3': good }
  const world = queueWorld(opened, servers)
  world.runner.start()
  let most = 0
  for (let turns = 0; turns < 500 && world.sent.length < 10_000; turns += 1) {
    await world.clock.settle()
    most = Math.max(most, world.runner.stats().inMemory)
  }
  assert.equal(new Set(world.sent).size, 10_000)
  assert.equal(world.sent.length, 10_000)
  assert.ok(most <= 6_000, `${most} in memory`)
  await world.clock.settle()
  assert.deepEqual(await must(opened.queue({ most: 9 })), [])
  await opened.close()
})

test('a message that is still being read when its host is given up is tried again', async () => {
  const opened = await must(openInline({ folder: ':memory:', digestBlobs: 0 }))
  const slow: Store = {
    ...opened,
    queueMessages: async (a) => {
      for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve))
      return opened.queueMessages(a)
    },
  }
  let faults = 0
  const refused = { said: said(0, '4.4.1', 'connect') }
  const world = queueWorld(slow, { '192.0.2.1': { fault: () => (++faults === 1 ? refused : undefined) } })
  world.runner.start()
  await world.queue('slow', [{}])
  await world.clock.turn(HOUR)
  assert.deepEqual([world.sent, await left(world)], [['192.0.2.1: x@a.example: slow'], []])
  const stopped = world.runner.stop(1000)
  await world.clock.turn(2000)
  await stopped
  await opened.close()
})
inWorld(
  'mail of an account that is being frozen is passed over, and the mail of others leaves',
  { '192.0.2.1': good },
  async (world) => {
    await world.queue('spam', [{ recipient: 'x@a.example', account: accountId(7) }])
    await world.queue('wanted', [{ recipient: 'y@a.example', account: accountId(8) }])
    await world.queue('of the house', [{ recipient: 'z@a.example', account: null }])
    await world.clock.settle()
    assert.deepEqual(world.sent.map((line) => line.split(': ')[2]).toSorted(), ['of the house', 'wanted'])
    assert.deepEqual(
      (await left(world)).map(({ account }) => account),
      [7],
    )
  },
  { mayLeave: (account) => account !== 7 },
)

{
  let verify = true
  const verified: boolean[] = []
  inWorld(
    'settings of a relay that changed are those of the next try, and its rest is over',
    {},
    async (world) => {
      await world.queue('m', [{}])
      await world.clock.settle()
      assert.deepEqual(verified, [true])
      verify = false
      await must(world.store.settleQueue({ changes: [{ id: 1, nextAt: world.clock.now() }] }))
      world.runner.rush('a.example')
      await world.clock.settle()
      assert.deepEqual(verified, [true, false])
    },
    {
      relayFor: () => ({ ...{ host: 'mx.a.example', port: 587, tls: 'required' }, verify }),
      dial: async ({ policy }) => {
        verified.push(policy.kind === 'pkix')
        return {
          ok: false,
          error: {
            said: {
              code: 0,
              enhanced: '4.7.5',
              text: 'its certificate is of no authority',
              host: 'relay',
              stage: 'tls',
            },
          },
        }
      },
    },
  )
}
