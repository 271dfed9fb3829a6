import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Thread } from './store.ts'
import { byReferences, byRefs, MOST_LEVELS, orderedSubject, saysReply, type Threaded } from './threads.ts'

/** A message by UID, its id being the UID's; `re` names whom it refers to, oldest first. */
const message = (uid: number, re: readonly number[] = [], over: Partial<Threaded> = {}): Threaded => ({
  uid,
  messageId: `<${uid}>`,
  references: re.map((other) => `<${other}>`),
  baseSubject: '',
  reply: false,
  sentAt: uid,
  arrivedAt: uid,
  ...over,
})
/** As IMAP writes it: RFC 5256 section 4. */
const written = (threads: readonly Thread[]): string => {
  const one = (thread: Thread): string => {
    const own = thread.uid === 0 ? '' : String(thread.uid)
    const [only, ...more] = thread.children
    if (only === undefined) return own
    if (more.length === 0) return own === '' ? one(only) : `${own} ${one(only)}`
    return `${own}${own === '' ? '' : ' '}${thread.children.map((child) => `(${one(child)})`).join('')}`
  }
  return threads.map((thread) => `(${one(thread)})`).join('')
}

const referenceCases: readonly (readonly [says: string, messages: readonly Threaded[], want: string])[] = [
  ['nothing', [], ''],
  ['a chain', [message(1), message(2, [1]), message(3, [1, 2])], '(1 2 3)'],
  ['a chain out of order', [message(3, [1, 2]), message(2, [1]), message(1)], '(1 2 3)'],
  ['two answers', [message(1), message(2, [1]), message(3, [1])], '(1 (2)(3))'],
  ['a missing parent with one child', [message(2, [9])], '(2)'],
  ['a missing parent with two', [message(2, [9]), message(3, [9])], '((2)(3))'],
  ['a missing message in between', [message(1), message(3, [1, 9])], '(1 3)'],
  ['a loop', [message(1, [2]), message(2, [1])], '(2 1)'],
  ['a message that refers to itself', [message(1, [1])], '(1)'],
  ['one Message-ID twice', [message(1), message(2, [], { messageId: '<1>' }), message(3, [1])], '(1 3)(2)'],
  ['none at all', [message(1, [], { messageId: '' }), message(2, [], { messageId: '' })], '(1)(2)'],
  ['siblings by date', [message(1), message(2, [1], { sentAt: 9 }), message(3, [1], { sentAt: 5 })], '(1 (3)(2))'],
  [
    'one subject, an answer without references',
    [message(1, [], { baseSubject: 'S' }), message(2, [], { baseSubject: 'S', reply: true })],
    '(1 2)',
  ],
  [
    'an answer before what it answers',
    [message(1, [], { baseSubject: 'S', reply: true }), message(2, [], { baseSubject: 'S' })],
    '(2 1)',
  ],
  ['one subject, both new', [message(1, [], { baseSubject: 'S' }), message(2, [], { baseSubject: 'S' })], '((1)(2))'],
  [
    'a thread without its first message takes those of its subject',
    [
      message(1, [9], { baseSubject: 'S' }),
      message(2, [9], { baseSubject: 'S' }),
      message(3, [], { baseSubject: 'S' }),
    ],
    '((1)(2)(3))',
  ],
]
for (const [says, messages, want] of referenceCases)
  void test(`REFERENCES: ${says}`, () => assert.equal(written(byReferences(messages)), want))

void test('REFS does not merge subjects and puts the thread with the latest arrival last', () => {
  const messages = [
    message(1, [], { baseSubject: 'S' }),
    message(2, [], { baseSubject: 'S' }),
    message(3, [1], { baseSubject: 'S', reply: true }),
  ]
  assert.equal(written(byRefs(messages)), '(2)(1 3)')
})

void test('ORDEREDSUBJECT: the first of a subject has the others as children, threads by date', () => {
  const messages = [
    message(1, [], { baseSubject: 'B', sentAt: 5 }),
    message(2, [], { baseSubject: 'A' }),
    message(3, [], { baseSubject: 'B' }),
  ]
  assert.equal(written(orderedSubject(messages)), '(2)(3 1)')
})

for (const [subject, want] of [
  ['Re: x', true],
  ['re[2]: x', true],
  ['[list] Fwd: x', true],
  ['x (fwd)', true],
  ['[fwd: x]', true],
  ['Regarding x', false],
  ['x re: y', false],
  ['', false],
] as const)
  void test(`"${subject}" ${want ? 'answers' : 'is new'}`, () => assert.equal(saysReply(subject), want))

const uidsIn = (threads: readonly Thread[]): number[] =>
  threads.flatMap((thread) => [...(thread.uid === 0 ? [] : [thread.uid]), ...uidsIn(thread.children)])
const depthOf = (threads: readonly Thread[]): number =>
  threads.length === 0 ? 0 : 1 + Math.max(...threads.map((thread) => depthOf(thread.children)))

void test('whatever refers to whatever: each message is in one place, and nothing is too deep', () => {
  const arbitrary = fc.array(
    fc.tuple(fc.array(fc.nat({ max: 12 }), { maxLength: 4 }), fc.nat({ max: 3 }), fc.boolean(), fc.nat({ max: 12 })),
  )
  fc.assert(
    fc.property(arbitrary, (rows) => {
      const messages = rows.map(([re, subject, reply, id], i) =>
        message(i + 1, re, {
          messageId: id === 0 ? '' : `<${id}>`,
          baseSubject: ['', 'A', 'B', 'C'][subject] ?? '',
          reply,
        }),
      )
      for (const by of [byReferences, byRefs, orderedSubject])
        assert.deepEqual(
          uidsIn(by(messages)).sort((a, b) => a - b),
          messages.map(({ uid }) => uid),
        )
    }),
    { numRuns: 300 },
  )
})

void test('a chain of ten thousand answers is cut at the deepest level and takes no recursion', () => {
  const messages = Array.from({ length: 10_000 }, (_, i) => message(i + 1, i === 0 ? [] : [i]))
  const threads = byRefs(messages)
  assert.equal(uidsIn(threads).length, 10_000)
  assert.ok(depthOf(threads) <= MOST_LEVELS + 1)
})
