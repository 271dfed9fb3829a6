/** The suite's tests of search, sort and thread over a small mailbox. Part of conformance.ts; the algorithms have tests of their own. */
import assert from 'node:assert/strict'
import type { Summary } from '../mime/summary.ts'
import type { SearchTree, SortKey, Store } from './store.ts'
import { must, NOW, type StoreTest, type World, worldOf } from './testing.ts'

const DAY = 86_400_000
type Mail = {
  readonly text: string
  readonly at: number
  readonly flags: readonly string[]
  readonly summary: Partial<Summary>
}

const mail: readonly Mail[] = [
  {
    text: 'Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nFrom: Anna <anna@example.org>\r\nX-Odd: Yes\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nTWVldCBtZSBhdCB0aGUgQ2Fmw6k=\r\n',
    at: NOW - 3 * DAY,
    flags: ['\\Seen'],
    summary: {
      subject: 'Grüße',
      baseSubject: 'Grüße',
      from: 'Anna <anna@example.org>',
      sortFrom: 'anna',
      sentDay: '2026-11-20',
      sentAt: 5,
      messageId: '<1@x>',
    },
  },
  {
    text: 'Subject: Re: plan\r\nFrom: bert@example.net\r\nContent-Type: text/html\r\n\r\n<p>a <b>bold</b> pl&amp;n</p>\r\n',
    at: NOW - 2 * DAY,
    flags: ['\\Flagged', '$Work'],
    summary: {
      subject: 'Re: plan',
      baseSubject: 'plan',
      from: 'bert@example.net',
      sortFrom: 'bert',
      sentDay: '2026-11-21',
      sentAt: 3,
      messageId: '<2@x>',
      references: ['<3@x>'],
    },
  },
  {
    text: 'Subject: plan\r\nFrom: Carl <carl@example.com>\r\nTo: anna@example.org\r\n\r\nbold plans for the cafe\r\n',
    at: NOW,
    flags: [],
    summary: {
      subject: 'plan',
      baseSubject: 'plan',
      from: 'Carl <carl@example.com>',
      to: 'anna@example.org',
      sortFrom: 'Carl',
      sentAt: null,
      messageId: '<3@x>',
    },
  },
]

const filled = async (store: Store): Promise<World> => {
  const world = await worldOf(store)
  for (const one of mail)
    await world.put(one.text, { flags: one.flags, internalDate: one.at, prefix: 'Delivered-To: x\r\n' }, one.summary)
  return world
}

const searches: readonly (readonly [tree: SearchTree, uids: readonly number[]])[] = [
  [{ all: true }, [1, 2, 3]],
  [{ flag: '\\Seen' }, [1]],
  [{ flag: '$work' }, [2]],
  [{ not: { flag: '\\Seen' } }, [2, 3]],
  [{ and: [{ header: 'subject', contains: 'plan' }, { flag: '\\flagged' }] }, [2]],
  [{ or: [{ flag: '\\Seen' }, { uids: [[3, 9]] }] }, [1, 3]],
  [{ and: [] }, [1, 2, 3]],
  [{ or: [] }, []],
  [{ header: 'Subject', contains: 'GRÜSSE' }, [1]],
  [{ header: 'Subject', contains: 'gruße' }, []],
  [{ header: 'Subject', contains: 'grüße' }, [1]],
  [{ header: 'from', contains: 'EXAMPLE.ORG' }, [1]],
  [{ header: 'x-odd', contains: '' }, [1]],
  [{ header: 'x-odd', contains: 'yes' }, [1]],
  [{ header: 'delivered-to', contains: 'x' }, [1, 2, 3]],
  [{ header: 'bcc', contains: '' }, []],
  [{ body: 'CAFÉ' }, [1]],
  [{ body: 'a bold pl' }, [2]],
  [{ body: 'bold' }, [2, 3]],
  [{ body: 'pl&n' }, [2]],
  [{ body: 'carl' }, []],
  [{ text: 'CARL@' }, [3]],
  [{ text: 'grüße' }, [1]],
  [{ fuzzy: { body: 'cafe bold' } }, [3]],
  [{ date: 'internal', is: 'before', day: '2026-11-23' }, [1]],
  [{ date: 'internal', is: 'on', day: '2026-11-23' }, [2]],
  [{ date: 'internal', is: 'since', day: '2026-11-23' }, [2, 3]],
  [{ date: 'sent', is: 'since', day: '2026-11-20' }, [1, 2]],
  [{ date: 'sent', is: 'before', day: '2026-11-21' }, [1]],
  [{ date: 'saved', is: 'on', day: '2026-11-25' }, [1, 2, 3]],
  [{ age: 'younger', seconds: 86_400, now: NOW + 1 }, [3]],
  [{ age: 'older', seconds: 86_400, now: NOW + 1 }, [1, 2]],
  [{ larger: 140 }, [1]],
  [{ smaller: 140 }, [2, 3]],
  [{ savedDateSupported: true }, [1, 2, 3]],
  [{ emailId: 'M2' }, [2]],
  [{ emailId: 'nothing' }, []],
]

const sorts: readonly (readonly [key: SortKey, reverse: boolean, uids: readonly number[]])[] = [
  ['arrival', false, [1, 2, 3]],
  ['arrival', true, [3, 2, 1]],
  ['date', false, [2, 1, 3]],
  ['from', false, [1, 2, 3]],
  ['from', true, [3, 2, 1]],
  ['subject', false, [1, 2, 3]],
  ['size', false, [3, 2, 1]],
  ['relevancy', false, [1, 2, 3]],
]

export const searchTests: readonly StoreTest[] = [
  [
    'search finds by columns, header fields and decoded text',
    async (store) => {
      const { inbox } = await filled(store)
      for (const [tree, uids] of searches)
        assert.deepEqual([...(await must(store.search({ mailbox: inbox, tree })))], uids, JSON.stringify(tree))
      const { changed } = await must(
        store.changeFlags({ mailbox: inbox, uids: [[2, 2]], how: 'add', flags: ['\\Seen'] }),
      )
      const modSeqFrom = changed.modSeqs[0] ?? 0
      assert.deepEqual([...(await must(store.search({ mailbox: inbox, tree: { modSeqFrom } })))], [2])
      const page = await must(store.messages({ mailbox: inbox, uids: [[3, 3]], want: {}, most: 1, mostBytes: 1 }))
      const { threadId = '', emailId = '' } = page.rows[0] ?? {}
      assert.ok([...(await must(store.search({ mailbox: inbox, tree: { threadId } })))].includes(3))
      assert.deepEqual([...(await must(store.search({ mailbox: inbox, tree: { emailId } })))], [3])
    },
  ],
  [
    'a thread is kept together by references and subject, in whatever order its messages come',
    async (store) => {
      const { inbox, put } = await worldOf(store)
      const about = (n: number, references: readonly string[], baseSubject = 'plan') =>
        put(`${n}`, {}, { messageId: `<${n}@x>`, references, baseSubject })
      await about(2, ['<1@x>'])
      await about(1, [])
      await about(3, ['<1@x>', '<2@x>'])
      await about(4, ['<2@x>'], 'another matter')
      await about(5, [])
      const page = await must(store.messages({ mailbox: inbox, uids: [[1, 9]], want: {}, most: 9, mostBytes: 1 }))
      const threads = page.rows.map((row) => row.threadId)
      assert.deepEqual(
        threads.map((id) => threads.indexOf(id)),
        [0, 0, 0, 3, 4],
      )
    },
  ],
  [
    'sort orders by each key, ties by place',
    async (store) => {
      const { inbox } = await filled(store)
      for (const [key, reverse, uids] of sorts)
        assert.deepEqual(
          [...(await must(store.sort({ mailbox: inbox, uids: Uint32Array.of(3, 1, 2), rules: [{ key, reverse }] })))],
          uids,
          `${key} ${reverse}`,
        )
      const rules = [
        { key: 'subject', reverse: true },
        { key: 'size', reverse: true },
      ] as const
      assert.deepEqual([...(await must(store.sort({ mailbox: inbox, uids: Uint32Array.of(2, 3), rules })))], [2, 3])
    },
  ],
  [
    'thread nests what was asked for and nothing else',
    async (store) => {
      const { inbox } = await filled(store)
      const thread = (uids: readonly number[], by: 'orderedsubject' | 'references' | 'refs') =>
        must(store.thread({ mailbox: inbox, uids: Uint32Array.from(uids), by }))
      const leaf = (uid: number) => ({ uid, children: [] })
      assert.deepEqual(await thread([1, 2, 3], 'references'), [leaf(1), { uid: 3, children: [leaf(2)] }])
      assert.deepEqual(await thread([1, 2], 'references'), [leaf(2), leaf(1)])
      assert.deepEqual(await thread([2, 3], 'orderedsubject'), [{ uid: 2, children: [leaf(3)] }])
      assert.deepEqual(await thread([2, 3], 'refs'), [{ uid: 3, children: [leaf(2)] }])
    },
  ],
]
