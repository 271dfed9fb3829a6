/** The suite's tests of messages: in, out, changed, gone, and what `changes` says of it. Part of conformance.ts. */
import assert from 'node:assert/strict'
import { accountId, mailboxId, uid } from '../base/ids.ts'
import { flagBits, type MessageColumns, type UidRanges } from './store.ts'
import {
  faultOf,
  latin1,
  must,
  NOW,
  octets,
  receiptOf,
  type StoreTest,
  summaryOf,
  type World,
  worldOf,
} from './testing.ts'

const all: UidRanges = [[1, 0xffff_ffff]]
const uidsOf = async ({ store }: World, mailbox: World['inbox']): Promise<readonly number[]> => [
  ...(await must(store.columns({ mailbox }))).uids,
]
const textOf = async ({ store }: World, mailbox: World['inbox'], number: number): Promise<string> => {
  const page = await must(
    store.messages({ mailbox, uids: [[number, number]], want: { message: true }, most: 1, mostBytes: 1e9 }),
  )
  return latin1(page.rows[0]?.message)
}
/** Flags and keywords of a row, as a client would name them. */
const flagsAt = (columns: MessageColumns, i: number): readonly string[] => [
  ...Object.entries(flagBits).flatMap(([name, bit]) => (((columns.flags[i] ?? 0) & bit) === 0 ? [] : [`\\${name}`])),
  ...(columns.keywordSets[columns.keywords[i] ?? 0] ?? []),
]

const deliverTests: readonly StoreTest[] = [
  [
    'a message comes back octet for octet, its prefix before it, at every size',
    async (store) => {
      const world = await worldOf(store)
      const every = latin1(Uint8Array.from({ length: 256 }, (_, i) => i))
      const noise = latin1(Uint8Array.from({ length: 300_000 }, (_, i) => (i * i * 7 + (i >> 3) * 13) % 251))
      const bodies = ['', 'x', `A: b\r\n\r\n${every}`, 'y'.repeat(12_288), 'z'.repeat(12_289), noise]
      for (const [i, body] of bodies.entries()) {
        const placed = await world.put(body, { prefix: i % 2 === 0 ? '' : `X-\xe9: ${i}\r\n` })
        const whole = (i % 2 === 0 ? '' : `X-\xe9: ${i}\r\n`) + body
        assert.equal(await textOf(world, world.inbox, placed.uid), whole)
        const read = (from: number, to: number) =>
          store.readMessage({ mailbox: world.inbox, uid: placed.uid, from, to })
        for (const [from, to] of [
          [0, 5],
          [3, 20],
          [8, 8],
          [9, 30],
          [0, 1e9],
          [whole.length - 3, whole.length + 3],
          [1e9, 2e9],
          [5, 2],
        ] as const)
          assert.equal(
            latin1(await must(read(from, to))),
            whole.slice(Math.max(from, 0), Math.max(to, from)),
            `${i}: ${from} to ${to}`,
          )
      }
      const columns = await must(store.columns({ mailbox: world.inbox }))
      assert.deepEqual([...columns.uids], [1, 2, 3, 4, 5, 6])
      assert.deepEqual(
        [...columns.sizes],
        bodies.map((body, i) => body.length + (i % 2 === 0 ? 0 : 8)),
      )
    },
  ],
  [
    "one body serves all places, each with its own prefix, flags and mailbox; faults are each place's own",
    async (store) => {
      const anna = await worldOf(store)
      const bert = await worldOf(store, 'bert@example.org', 20)
      const body = 'Subject: to all\r\n\r\nhello\r\n'
      const answers = await must(
        store.deliver({
          body: { bytes: octets(body) },
          places: [
            anna.place({ prefix: 'To: anna\r\n', flags: ['\\Seen', 'Work'] }),
            bert.place({ prefix: 'To: bert\r\n' }),
            anna.place({ mailbox: { name: 'Copies/here' }, prefix: 'To: copy\r\n' }),
            anna.place({ mailbox: mailboxId(999) }),
            anna.place({ account: accountId(999), mailbox: { name: 'x' } }),
            anna.place({ mailbox: { name: 'a//b' } }),
            bert.place({ enforceQuota: false, prefix: 'To: anna\r\n' }),
            anna.place({ mailbox: bert.inbox }),
          ],
          now: NOW,
        }),
      )
      const said = answers.map((answer) => (answer.ok ? 'ok' : answer.error))
      assert.deepEqual(said, [
        'ok',
        'over-quota',
        'ok',
        'no-such-mailbox',
        'no-such-account',
        'bad-name',
        'ok',
        'no-such-mailbox',
      ])
      const [first, , third, , , , seventh] = answers
      assert.ok(first?.ok && third?.ok && seventh?.ok)
      assert.equal(first.value.modSeq, third.value.modSeq)
      assert.notEqual(first.value.emailId, third.value.emailId)
      assert.equal(first.value.emailId, seventh.value.emailId)
      assert.equal(await textOf(anna, anna.inbox, 1), `To: anna\r\n${body}`)
      assert.equal(await textOf(anna, third.value.mailbox, 1), `To: copy\r\n${body}`)
      assert.equal(await textOf(bert, bert.inbox, 1), `To: anna\r\n${body}`)
      const made = await must(store.mailbox({ account: anna.account, name: 'Copies/here' }))
      assert.deepEqual([made.id, made.subscribed, made.messages], [third.value.mailbox, true, 1])
      assert.equal(await faultOf(store.mailbox({ account: anna.account, name: 'x' })), 'no-such-mailbox')
    },
  ],
  [
    'a delivery that no place takes leaves nothing, and its receipt is kept',
    async (store) => {
      const { account, place } = await worldOf(store, 'small@example.org', 10)
      const receipt = receiptOf({ verdict: 'defer' })
      const answers = await must(
        store.deliver({ body: { bytes: octets('x'.repeat(11)) }, places: [place()], receipt, now: NOW }),
      )
      assert.deepEqual(answers, [{ ok: false, error: 'over-quota' }])
      assert.deepEqual((await must(store.account({ id: account }))).usedBytes, 0)
      assert.equal((await must(store.receipts({ since: 0, most: 9 }))).length, 1)
      assert.deepEqual(await must(store.deliver({ body: { bytes: octets('') }, places: [], now: NOW })), [])
    },
  ],
  [
    'a special use finds its mailbox under any name, and is given to one that is made',
    async (store) => {
      const world = await worldOf(store)
      const junk = { name: 'Junk', specialUse: 'junk' } as const
      const placed = await world.put('x', { mailbox: junk })
      assert.equal((await must(store.mailbox({ id: placed.mailbox }))).specialUse, 'junk')
      await must(store.renameMailbox({ account: world.account, from: 'Junk', to: 'Pourriels', now: NOW }))
      assert.equal((await world.put('y', { mailbox: junk })).mailbox, placed.mailbox)
    },
  ],
  [
    'REPLACE puts one in and takes the other out, or does neither',
    async (store) => {
      const world = await worldOf(store, 'q@example.org', 100)
      const old = await world.put('x'.repeat(60))
      const replace = (size: number, number = old.uid) =>
        store.replace({
          mailbox: world.inbox,
          uid: number,
          body: { bytes: octets('y'.repeat(size)) },
          place: world.place(),
          now: NOW,
        })
      assert.equal(await faultOf(replace(101)), 'over-quota')
      assert.equal(await faultOf(replace(1, uid(77))), 'no-such-message')
      assert.deepEqual(await uidsOf(world, world.inbox), [1])
      const placed = await must(replace(90))
      assert.deepEqual(await uidsOf(world, world.inbox), [placed.uid])
      assert.equal((await must(store.account({ id: world.account }))).usedBytes, 90)
    },
  ],
  [
    'pages end at so many messages or octets and say where to go on',
    async (store) => {
      const world = await worldOf(store)
      for (let i = 0; i < 7; i++) await world.put('z'.repeat(100), {}, { subject: `s${i}` })
      const page = (uids: UidRanges, most: number, mostBytes: number) =>
        must(store.messages({ mailbox: world.inbox, uids, want: { summary: true, message: true }, most, mostBytes }))
      const first = await page(all, 3, 1e6)
      assert.deepEqual([first.rows.map((row) => row.uid), first.next], [[1, 2, 3], 4])
      assert.equal(first.rows[2]?.summary?.subject, 's2')
      const second = await page(
        [
          [2, 3],
          [5, 6],
        ],
        10,
        250,
      )
      assert.deepEqual([second.rows.map((row) => row.uid), second.next], [[2, 3], 5])
      const third = await page([[7, 9]], 10, 1)
      assert.deepEqual([third.rows.map((row) => row.uid), third.next], [[7], null])
      const bare = await must(store.messages({ mailbox: world.inbox, uids: all, want: {}, most: 9, mostBytes: 1 }))
      assert.deepEqual([bare.rows.length, bare.next, 'summary' in (bare.rows[0] ?? {})], [7, null, false])
    },
  ],
]

const flagTests: readonly StoreTest[] = [
  [
    'flags and keywords are added, removed and replaced; keywords keep their first spelling',
    async (store) => {
      const world = await worldOf(store)
      await world.put('1', { flags: ['\\Seen', '$Work'] })
      await world.put('2')
      const change = async (how: 'add' | 'remove' | 'replace', flags: readonly string[]) =>
        must(store.changeFlags({ mailbox: world.inbox, uids: all, how, flags }))
      const now = async (): Promise<readonly (readonly string[])[]> => {
        const columns = await must(store.columns({ mailbox: world.inbox }))
        return [flagsAt(columns, 0), flagsAt(columns, 1)]
      }
      await change('add', ['\\Flagged', '$WORK', 'blue'])
      assert.deepEqual(await now(), [
        ['\\flagged', '\\seen', '$Work', 'blue'],
        ['\\flagged', '$Work', 'blue'],
      ])
      const removed = await change('remove', ['\\SEEN', 'BLUE', 'never'])
      assert.deepEqual(await now(), [
        ['\\flagged', '$Work'],
        ['\\flagged', '$Work'],
      ])
      assert.deepEqual([...removed.changed.uids], [1, 2])
      await change('replace', ['\\Deleted', '\\Recent', '\\Odd'])
      assert.deepEqual(await now(), [['\\deleted'], ['\\deleted']])
      const box = await must(store.mailbox({ id: world.inbox }))
      assert.deepEqual([box.unseen, box.deleted], [2, 2])
      for (const bad of ['a b', '', 'a(b', 'é', 'x'.repeat(101)])
        assert.equal(
          await faultOf(store.changeFlags({ mailbox: world.inbox, uids: all, how: 'add', flags: [bad] })),
          'bad-name',
        )
    },
  ],
  [
    'a change that changes nothing takes no place in the log',
    async (store) => {
      const world = await worldOf(store)
      const placed = await world.put('1', { flags: ['\\Seen'] })
      const same = await must(store.changeFlags({ mailbox: world.inbox, uids: all, how: 'add', flags: ['\\Seen'] }))
      assert.deepEqual([same.modSeq, same.changed.uids.length], [placed.modSeq, 0])
      assert.equal((await must(store.account({ id: world.account }))).modSeq, placed.modSeq)
    },
  ],
  [
    'UNCHANGEDSINCE leaves alone and names what changed later (RFC 7162 section 3.1.3)',
    async (store) => {
      const world = await worldOf(store)
      const placed = [await world.put('1'), await world.put('2'), await world.put('3')]
      await must(store.changeFlags({ mailbox: world.inbox, uids: [[2, 2]], how: 'add', flags: ['\\Seen'] }))
      const since = placed[2]?.modSeq ?? 0
      const done = await must(
        store.changeFlags({
          mailbox: world.inbox,
          uids: [
            [1, 2],
            [2, 3],
          ],
          how: 'add',
          flags: ['\\Flagged'],
          unchangedSince: since,
        }),
      )
      assert.deepEqual([...new Set(done.modified)], [2])
      assert.deepEqual([...done.changed.uids], [1, 3])
      assert.ok(done.changed.modSeqs.every((seq) => seq === done.modSeq))
    },
  ],
  [
    'keywords have a limit in an account',
    async (store) => {
      const world = await worldOf(store)
      await world.put('1')
      const add = (words: readonly string[]) =>
        store.changeFlags({ mailbox: world.inbox, uids: all, how: 'replace', flags: words })
      for (let i = 0; i < 4; i++) await must(add(Array.from({ length: 50 }, (_, n) => `k${i * 50 + n}`)))
      assert.equal(await faultOf(add(['one-more'])), 'too-many')
      await must(add(['K7']))
      assert.equal(await faultOf(add(Array.from({ length: 51 }, (_, n) => `k${n}`))), 'too-many')
    },
  ],
]

const movingTests: readonly StoreTest[] = [
  [
    'a copy keeps flags, dates and EMAILID under a new UID; a move takes the source away',
    async (store) => {
      const world = await worldOf(store)
      const target = await world.make('Archive')
      for (const text of ['1', '22', '333'])
        await world.put(text, { flags: ['\\Seen', text === '22' ? 'two' : 'other'], internalDate: NOW - 5 })
      const copied = await must(
        store.copy({ from: world.inbox, uids: [[2, 3]], to: target, now: NOW + 7, move: false }),
      )
      assert.deepEqual(
        [[...copied.from], [...copied.to]],
        [
          [2, 3],
          [1, 2],
        ],
      )
      const moved = await must(store.copy({ from: world.inbox, uids: [[1, 2]], to: target, now: NOW, move: true }))
      assert.deepEqual(
        [[...moved.from], [...moved.to]],
        [
          [1, 2],
          [3, 4],
        ],
      )
      assert.deepEqual(await uidsOf(world, world.inbox), [3])
      const columns = await must(store.columns({ mailbox: target }))
      assert.deepEqual([...columns.internalDates], [NOW - 5, NOW - 5, NOW - 5, NOW - 5])
      assert.deepEqual([...columns.savedDates], [NOW + 7, NOW + 7, NOW, NOW])
      assert.deepEqual(flagsAt(columns, 0), ['\\seen', 'two'])
      assert.equal(await textOf(world, target, 2), '333')
      assert.equal((await must(store.account({ id: world.account }))).usedBytes, 3 + 2 + 3 + 1 + 2)
      const none = await must(store.copy({ from: world.inbox, uids: [[50, 60]], to: target, now: NOW, move: true }))
      assert.equal(none.from.length, 0)
    },
  ],
  [
    'a move within one mailbox gives new UIDs (RFC 6851 section 3.3 leaves the room)',
    async (store) => {
      const world = await worldOf(store)
      for (const text of ['1', '2']) await world.put(text)
      await must(store.copy({ from: world.inbox, uids: all, to: world.inbox, now: NOW, move: true }))
      assert.deepEqual(await uidsOf(world, world.inbox), [3, 4])
    },
  ],
  [
    'copies into another account use its quota and its own keywords',
    async (store) => {
      const anna = await worldOf(store)
      const bert = await worldOf(store, 'bert@example.org', 10)
      await bert.put('-', { flags: ['mine'] })
      await anna.put('123456', { flags: ['hers', 'both'] })
      const copy = (move: boolean) => store.copy({ from: anna.inbox, uids: all, to: bert.inbox, now: NOW, move })
      await must(copy(false))
      assert.deepEqual(flagsAt(await must(store.columns({ mailbox: bert.inbox })), 1), ['both', 'hers'])
      assert.equal(await faultOf(copy(true)), 'over-quota')
      assert.deepEqual(await uidsOf(anna, anna.inbox), [1])
    },
  ],
  [
    'EXPUNGE takes what is deleted, or everything named; UIDs never come again',
    async (store) => {
      const world = await worldOf(store)
      for (const text of ['1', '2', '3', '4']) await world.put(text, { flags: text === '4' ? [] : ['\\Deleted'] })
      const expunge = (uids: UidRanges, evenUndeleted: boolean) =>
        must(store.expunge({ mailbox: world.inbox, uids, evenUndeleted, now: NOW }))
      assert.deepEqual([...(await expunge([[2, 4]], false)).uids], [2, 3])
      assert.deepEqual([...(await expunge([[4, 4]], false)).uids], [])
      assert.deepEqual([...(await expunge(all, true)).uids], [1, 4])
      assert.equal((await world.put('5')).uid, 5)
    },
  ],
  [
    'a body that nobody points at any more goes with tidy, one that a copy points at stays',
    async (store) => {
      const world = await worldOf(store)
      const target = await world.make('x')
      await world.put('kept '.repeat(5_000))
      await world.put('gone')
      await must(store.copy({ from: world.inbox, uids: [[1, 1]], to: target, now: NOW, move: false }))
      await must(store.expunge({ mailbox: world.inbox, uids: all, evenUndeleted: true, now: NOW }))
      assert.deepEqual(await must(store.tidy({ now: NOW })), { removed: 1, more: false })
      assert.equal(await textOf(world, target, 1), 'kept '.repeat(5_000))
    },
  ],
  [
    'changes says what changed and vanished after a place, until its tombstones are old',
    async (store) => {
      const world = await worldOf(store)
      const placed = [await world.put('1'), await world.put('2'), await world.put('3')]
      const since = placed[1]?.modSeq ?? 0
      await must(store.changeFlags({ mailbox: world.inbox, uids: [[1, 1]], how: 'add', flags: ['\\Seen'] }))
      const gone = await must(store.expunge({ mailbox: world.inbox, uids: [[2, 2]], evenUndeleted: true, now: NOW }))
      const changes = await must(store.changes({ mailbox: world.inbox, since }))
      assert.deepEqual([[...changes.changed.uids], [...changes.vanished]], [[1, 3], [2]])
      assert.deepEqual([changes.highestModSeq, changes.uidNext, changes.complete], [gone.modSeq, 4, true])
      const none = await must(store.changes({ mailbox: world.inbox, since: gone.modSeq }))
      assert.deepEqual([none.changed.uids.length, none.vanished.length, none.complete], [0, 0, true])
      await must(store.tidy({ now: NOW + 100 * 86_400_000 }))
      assert.equal((await must(store.changes({ mailbox: world.inbox, since }))).complete, false)
      assert.equal((await must(store.changes({ mailbox: world.inbox, since: gone.modSeq }))).complete, true)
    },
  ],
  [
    'every verb says that a mailbox is not there',
    async (store) => {
      const world = await worldOf(store)
      const mailbox = mailboxId(4711)
      const asked = [
        store.columns({ mailbox }),
        store.messages({ mailbox, uids: all, want: {}, most: 1, mostBytes: 1 }),
        store.readMessage({ mailbox, uid: uid(1), from: 0, to: 1 }),
        store.changes({ mailbox, since: 0 }),
        store.search({ mailbox, tree: { all: true } }),
        store.sort({ mailbox, uids: new Uint32Array(0), rules: [] }),
        store.thread({ mailbox, uids: new Uint32Array(0), by: 'refs' }),
        store.changeFlags({ mailbox, uids: all, how: 'add', flags: [] }),
        store.copy({ from: mailbox, uids: all, to: world.inbox, now: NOW, move: false }),
        store.copy({ from: world.inbox, uids: all, to: mailbox, now: NOW, move: false }),
        store.expunge({ mailbox, uids: all, evenUndeleted: true, now: NOW }),
        store.replace({ mailbox, uid: uid(1), body: { bytes: octets('') }, place: world.place(), now: NOW }),
        store.setRights({ mailbox, who: 'x', rights: 'l' }),
        store.setMailbox({ id: mailbox }),
      ]
      for (const [i, answer] of asked.entries())
        assert.equal(await faultOf<unknown>(answer), 'no-such-mailbox', `verb ${i}`)
      assert.equal(
        await faultOf(store.readMessage({ mailbox: world.inbox, uid: uid(1), from: 0, to: 1 })),
        'no-such-message',
      )
    },
  ],
  [
    'many verbs at once see each other in order',
    async (store) => {
      const world = await worldOf(store)
      const bodies = Array.from({ length: 60 }, (_, i) => `body ${i}`)
      const answers = await Promise.all([
        ...bodies.map((body) => world.put(body, {}, summaryOf({}))),
        ...bodies.map((body) => world.put(body)),
      ])
      assert.deepEqual(
        answers.map((placed) => placed.uid),
        Array.from({ length: 120 }, (_, i) => i + 1),
      )
      const seqs = answers.map((placed) => placed.modSeq)
      assert.deepEqual(
        seqs,
        [...new Set(seqs)].sort((a, b) => a - b),
      )
      assert.equal(await textOf(world, world.inbox, 77), 'body 16')
    },
  ],
]

export const messageTests: readonly StoreTest[] = [...deliverTests, ...flagTests, ...movingTests]
