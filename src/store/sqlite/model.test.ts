/**
 * The store against a model of thirty lines: any sequence of deliveries, flag changes, copies, moves, expunges and renames leaves both
 * with the same messages; `changes` from any earlier place leads a client that knew that place to the same list; `check` finds nothing.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { MailboxId } from '../../base/ids.ts'
import type { MessageColumns, UidRanges } from '../store.ts'
import { faultOf, must, NOW, type World, worldOf } from '../testing.ts'
import { openInline } from './inline.ts'

type Row = { readonly uid: number; readonly flags: readonly string[]; readonly body: string }
type Box = { readonly name: string; uidNext: number; rows: Row[] }
type Step =
  | { readonly do: 'deliver'; readonly to: number; readonly flags: readonly string[]; readonly size: number }
  | {
      readonly do: 'flags'
      readonly in: number
      readonly uids: UidRanges
      readonly how: 'add' | 'remove' | 'replace'
      readonly flags: readonly string[]
    }
  | {
      readonly do: 'copy'
      readonly from: number
      readonly to: number
      readonly uids: UidRanges
      readonly move: boolean
    }
  | { readonly do: 'expunge'; readonly in: number; readonly uids: UidRanges; readonly even: boolean }
  | { readonly do: 'tidy' }

const BOXES = ['INBOX', 'a', 'a/b']
const box = fc.nat({ max: BOXES.length - 1 })
const flags = fc.subarray(['\\Seen', '\\Deleted', '\\Flagged', 'red', 'blue'])
const ranges = fc
  .tuple(fc.integer({ min: 1, max: 8 }), fc.nat({ max: 4 }), fc.integer({ min: 2, max: 5 }), fc.nat({ max: 3 }))
  .map(
    ([first, length, gap, second]): UidRanges => [
      [first, first + length],
      [first + length + gap, first + length + gap + second],
    ],
  )
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('deliver' as const), to: box, flags, size: fc.nat({ max: 50 }) }),
  fc.record({ do: fc.constant('deliver' as const), to: box, flags, size: fc.constant(20_000) }),
  fc.record({
    do: fc.constant('flags' as const),
    in: box,
    uids: ranges,
    how: fc.constantFrom('add', 'remove', 'replace'),
    flags,
  }),
  fc.record({ do: fc.constant('copy' as const), from: box, to: box, uids: ranges, move: fc.boolean() }),
  fc.record({ do: fc.constant('expunge' as const), in: box, uids: ranges, even: fc.boolean() }),
  fc.record({ do: fc.constant('tidy' as const) }),
)

const inRanges = (uid: number, uids: UidRanges): boolean => uids.some(([first, last]) => first <= uid && uid <= last)
const withFlags = (row: Row, how: 'add' | 'remove' | 'replace', named: readonly string[]): Row => {
  if (how === 'replace') return { ...row, flags: named }
  const left = row.flags.filter((flag) => !named.includes(flag))
  return { ...row, flags: how === 'remove' ? left : [...left, ...named] }
}
const put = (into: Box, row: Omit<Row, 'uid'>): void => {
  into.rows.push({ ...row, uid: into.uidNext })
  into.uidNext += 1
}

/** What a step does to the model. */
const applyStep = (boxes: readonly Box[], one: Step, body: string): void => {
  const at = (i: number): Box => boxes[i] ?? { name: '', uidNext: 1, rows: [] }
  if (one.do === 'deliver') put(at(one.to), { flags: one.flags, body })
  if (one.do === 'flags')
    at(one.in).rows = at(one.in).rows.map((row) =>
      inRanges(row.uid, one.uids) ? withFlags(row, one.how, one.flags) : row,
    )
  if (one.do === 'copy') {
    const source = at(one.from)
    const chosen = source.rows.filter((row) => inRanges(row.uid, one.uids))
    for (const row of chosen) put(at(one.to), row)
    if (one.move) source.rows = source.rows.filter((row) => !chosen.includes(row))
  }
  if (one.do === 'expunge')
    at(one.in).rows = at(one.in).rows.filter(
      (row) => !(inRanges(row.uid, one.uids) && (one.even || row.flags.includes('\\Deleted'))),
    )
}

/** What a step does to the store. */
const doStep = async (world: World, ids: readonly MailboxId[], one: Step, body: string): Promise<void> => {
  const { store } = world
  const id = (i: number): MailboxId => ids[i] ?? world.inbox
  if (one.do === 'deliver') await world.put(body, { mailbox: id(one.to), flags: one.flags })
  if (one.do === 'flags')
    await must(store.changeFlags({ mailbox: id(one.in), uids: one.uids, how: one.how, flags: one.flags }))
  if (one.do === 'copy')
    await must(store.copy({ from: id(one.from), to: id(one.to), uids: one.uids, move: one.move, now: NOW }))
  if (one.do === 'expunge')
    await must(store.expunge({ mailbox: id(one.in), uids: one.uids, evenUndeleted: one.even, now: NOW }))
  if (one.do === 'tidy') await must(store.tidy({ now: NOW }))
}

const names = [
  ['\\Flagged', 2],
  ['\\Deleted', 4],
  ['\\Seen', 16],
] as const
/** Columns as lines of text: UID and sorted flags. */
const linesOf = (columns: MessageColumns): Map<number, string> =>
  new Map(
    [...columns.uids].map((uid, i) => {
      const system = names.filter(([, bit]) => ((columns.flags[i] ?? 0) & bit) !== 0).map(([name]) => name)
      return [uid, [...system, ...(columns.keywordSets[columns.keywords[i] ?? 0] ?? [])].sort().join(' ')]
    }),
  )

const compare = async (world: World, id: MailboxId, model: Box): Promise<void> => {
  const columns = await must(world.store.columns({ mailbox: id }))
  assert.deepEqual(
    [...linesOf(columns)],
    model.rows.map((row) => [row.uid, [...row.flags].sort().join(' ')]),
  )
  const page = await must(
    world.store.messages({ mailbox: id, uids: [[1, 1e6]], want: { message: true }, most: 1000, mostBytes: 1e9 }),
  )
  assert.deepEqual(
    page.rows.map((row) => Buffer.from(row.message ?? new Uint8Array()).toString('latin1')),
    model.rows.map((row) => row.body),
  )
}

/** A client that knew the mailbox at `since` and applies what `changes` says knows it now. */
const caughtUp = async (world: World, id: MailboxId, knew: Map<number, string>, since: number): Promise<void> => {
  const changes = await must(world.store.changes({ mailbox: id, since }))
  assert.equal(changes.complete, true)
  for (const uid of changes.vanished) knew.delete(uid)
  for (const [uid, line] of linesOf(changes.changed)) knew.set(uid, line)
  const now = linesOf(await must(world.store.columns({ mailbox: id })))
  assert.deepEqual(
    [...knew].sort(([a], [b]) => a - b),
    [...now],
  )
}

void test('any sequence of verbs leaves what the model says', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const opened = openInline({ folder: ':memory:', digestBlobs: 2 })
      assert.ok(opened.ok)
      const world = await worldOf(opened.value)
      const ids = [world.inbox, await world.make('a'), await world.make('a/b')]
      const boxes = BOXES.map((name): Box => ({ name, uidNext: 1, rows: [] }))
      const known: { id: MailboxId; lines: Map<number, string>; since: number }[] = []
      for (const [i, one] of steps.entries()) {
        const body = `${i}:${'x'.repeat(one.do === 'deliver' ? one.size : 0)}`
        applyStep(boxes, one, body)
        await doStep(world, ids, one, body)
        const id = ids[i % ids.length] ?? world.inbox
        const lines = linesOf(await must(world.store.columns({ mailbox: id })))
        known.push({ id, lines, since: (await must(world.store.mailbox({ id }))).highestModSeq })
      }
      for (const [i, id] of ids.entries()) await compare(world, id, boxes[i] ?? { name: '', uidNext: 1, rows: [] })
      for (const { id, lines, since } of known) await caughtUp(world, id, lines, since)
      assert.deepEqual(await must(world.store.check()), [])
      await world.store.close()
    }),
    { numRuns: 50 },
  )
})

/** Any UTF-16 unit, halves of pairs too; more often what matters in names. */
const character = fc.oneof(
  fc.constantFrom('/', 'a', 'INBOX', '*', '\n'),
  fc.nat({ max: 0xffff }).map((unit) => String.fromCharCode(unit)),
)

void test('any text is a mailbox name or refused, never anything else', async () => {
  const opened = openInline({ folder: ':memory:', digestBlobs: 2 })
  assert.ok(opened.ok)
  const { store, account } = await worldOf(opened.value)
  await fc.assert(
    fc.asyncProperty(fc.array(character, { maxLength: 30 }), async (characters) => {
      const name = characters.join('')
      const made = await store.addMailbox({ account, name, now: NOW })
      if (!made.ok) return assert.ok(['bad-name', 'already-exists'].includes(made.error))
      assert.deepEqual((await must(store.mailbox({ account, name: made.value.name }))).id, made.value.id)
      return assert.equal(await faultOf(store.addMailbox({ account, name, now: NOW })), 'already-exists')
    }),
    { numRuns: 100 },
  )
  assert.deepEqual(await must(store.check()), [])
  await store.close()
})
