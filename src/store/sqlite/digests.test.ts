/**
 * Searching with digests and without gives the same: for texts of every kind that a digest treats apart (HTML, base64, encoded words, noise, scripts without spaces,
 * fields that a delivery added), for needles cut out of them and for others, for messages in a digest and after the last one, and after some are gone.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { MailboxId } from '../../base/ids.ts'
import { summarize } from '../../mime/summary.ts'
import { fold } from '../casemap.ts'
import { textsOf } from '../searched-text.ts'
import type { MessageDetail, SearchTree, Store, UidRanges } from '../store.ts'
import { must, NOW, octets, type World, worldOf } from '../testing.ts'
import { fieldOf, makeDigest, readText } from './digest.ts'
import { Digest, needleOf } from './digest-read.ts'
import { openInline } from './inline.ts'
import { packSections, readNumbers, unpackSections } from './sections.ts'
import { hasNear, makeSignature, makeVocabulary, markCandidates, patternOf, wordsOf } from './vocabulary.ts'

const words = [
  'the',
  'Company',
  'companies',
  'plan',
  'x',
  'ß',
  'İstanbul',
  'ﬁne',
  'e\u0301te',
  'été',
  'a\u00a0b',
  '漢字仮名',
  '😀',
  'no.',
  '77',
  '--',
  'ª',
  '\u0000z',
  'Q-7',
]
const word = fc.constantFrom(...words)
const sentence = fc
  .array(fc.tuple(word, fc.constantFrom(' ', '', '  ', '\r\n', '-', '.')), { maxLength: 12 })
  .map((pairs) => pairs.map(([one, gap]) => one + gap).join(''))
const noise = fc.array(fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'), {
  minLength: 1_200,
  maxLength: 1_300,
})

/** Words, but too long to be kept as such. */
const longWords = Array.from({ length: 60 }, (_, i) => `incomprehensibilities${i}the`).join(' ')

const encoded = (text: string): string => `=?utf-8?b?${Buffer.from(text).toString('base64')}?=`
type Mail = { readonly subject: string; readonly text: string; readonly form: number }
const formed = ({ subject, text, form }: Mail): Uint8Array => {
  const head = `Subject: ${encoded(subject)}\r\nFrom: ${encoded(text.slice(0, 20))} <a@example.org>\r\nX-Odd: ${subject.replace(/[^ -~]/g, '')}\r\n`
  const utf8 = Buffer.from(text, 'utf8').toString('latin1')
  const base64 = Buffer.from(text, 'utf8').toString('base64')
  const forms = [
    `${head}Content-Type: text/plain; charset=utf-8\r\n\r\n${utf8}`,
    `${head}Content-Type: text/html; charset=utf-8\r\n\r\n<p>${utf8}</p><b>the</b>company`,
    `${head}Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n${base64}`,
    `${head}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n${utf8}\r\n--b\r\nContent-Type: image/png; name="${encoded('the plan.png')}"\r\n\r\n\x89PNG\r\n--b--`,
    ` the continued company\r\n${head}\r\n${utf8}`,
    utf8,
  ]
  return octets(forms[form % forms.length] ?? '')
}
const mail: fc.Arbitrary<Mail> = fc.record({
  subject: sentence,
  text: fc.oneof({ weight: 8, arbitrary: sentence }, { weight: 1, arbitrary: noise.map((some) => some.join('')) }),
  form: fc.nat({ max: 5 }),
})
const prefixes = [
  '',
  'Return-Path: <the@company>\r\nX-Odd: 77\r\n\tfolded plan\r\n',
  'Delivered-To: x77\r\n',
  'Content-Type: text/html\r\n',
  'bad\r\n\r\n',
]
type Delivery = { readonly mail: Mail; readonly first: number; readonly second: number }
const delivery: fc.Arbitrary<Delivery> = fc.record({
  mail,
  first: fc.nat({ max: prefixes.length - 1 }),
  second: fc.nat({ max: prefixes.length - 1 }),
})

/** Needles: pieces of what is there, whole words, and what is nowhere. */
const needle = (deliveries: readonly Delivery[]): fc.Arbitrary<string> => {
  const all = deliveries.map((one) => textsOf(formed(one.mail))).map(({ headers, body }) => `${headers}\n${body}`)
  const piece = fc
    .tuple(fc.constantFrom(...all, 'the company'), fc.nat(), fc.integer({ min: 1, max: 9 }))
    .map(([text, from, length]) => text.slice(from % Math.max(1, text.length)).slice(0, length))
  return fc.oneof(
    piece,
    word,
    fc.constantFrom('the company', 'e', ' ', '.', '', 'nowhere', '\n', 'x-odd: 77', '\ud83d'),
  )
}
const leaf = (deliveries: readonly Delivery[]): fc.Arbitrary<SearchTree> =>
  fc.oneof(
    needle(deliveries).map((text) => ({ text })),
    needle(deliveries).map((body) => ({ body })),
    fc
      .tuple(fc.constantFrom('Subject', 'from', 'X-Odd', 'Return-Path'), needle(deliveries))
      .map(([header, contains]) => ({ header, contains })),
  )
const tree = (deliveries: readonly Delivery[]): fc.Arbitrary<SearchTree> => {
  const one = leaf(deliveries)
  return fc.oneof(
    { weight: 4, arbitrary: one },
    one.map((fuzzy) => ({ fuzzy })),
    one.map((not) => ({ not })),
    fc.tuple(one, one).map((and) => ({ and })),
    fc.tuple(one, one).map((or) => ({ or })),
  )
}

type Scene = {
  readonly deliveries: readonly Delivery[]
  readonly trees: readonly SearchTree[]
  readonly gone: UidRanges
}
const scene: fc.Arbitrary<Scene> = fc.array(delivery, { minLength: 1, maxLength: 9 }).chain((deliveries) =>
  fc.record({
    deliveries: fc.constant(deliveries),
    trees: fc.array(tree(deliveries), { minLength: 4, maxLength: 12 }),
    gone: fc
      .tuple(fc.integer({ min: 1, max: 9 }), fc.nat({ max: 2 }))
      .map(([first, more]): UidRanges => [[first, first + more]]),
  }),
)

const opened = async (digestBlobs: number): Promise<readonly [Store, World, World]> => {
  const store = openInline({ folder: ':memory:', digestBlobs })
  assert.ok(store.ok)
  return [store.value, await worldOf(store.value), await worldOf(store.value, 'bert@example.org')]
}

test('with digests and without, every search finds the same', async () => {
  let inDigests = 0
  await fc.assert(
    fc.asyncProperty(scene, async ({ deliveries, trees, gone }) => {
      const stores = await Promise.all([opened(4), opened(0)])
      const compare = async (): Promise<void> => {
        for (const one of trees)
          for (const who of [1, 2] as const) {
            const [with_, without] = await Promise.all(
              stores.map((all) => must(all[0].search({ mailbox: all[who].inbox, tree: one }))),
            )
            assert.deepEqual(with_, without, JSON.stringify(one))
            inDigests += with_?.length ?? 0
          }
      }
      for (const [store, anna, bert] of stores)
        for (const { mail: one, first, second } of deliveries) {
          const places = [anna.place({ prefix: prefixes[first] ?? '' }), bert.place({ prefix: prefixes[second] ?? '' })]
          await must(store.deliver({ body: { bytes: formed(one) }, places, now: NOW }))
        }
      await compare()
      for (const [store, anna, bert] of stores) {
        for (const { inbox } of [anna, bert])
          await must(store.expunge({ mailbox: inbox, uids: gone, evenUndeleted: true, now: NOW }))
        await must(store.tidy({ now: NOW }))
        assert.deepEqual(await must(store.check()), [])
      }
      await compare()
      for (const [store] of stores) await store.close()
    }),
    { numRuns: 40 },
  )
  assert.ok(inDigests > 100)
})

test('a substring lies in a text exactly when the words say so, and where they are not sure, not less often', () => {
  fc.assert(
    fc.property(
      fc.array(sentence.map(fold), { minLength: 1, maxLength: 6 }),
      sentence.map(fold),
      fc.nat(),
      fc.nat({ max: 8 }),
      (texts, other, from, length) => {
        const source = texts[from % texts.length] ?? ''
        const piece = source.slice(from % Math.max(1, source.length)).slice(0, length)
        for (const wanted of [piece, other.slice(0, length)].filter(
          (one) => one !== '' && one.isWellFormed() && !/[\r\n]/.test(one),
        )) {
          const pattern = patternOf(wanted)
          const { common, rare } = makeVocabulary(texts.map(wordsOf))
          const vocabulary = { count: texts.length, common, signature: makeSignature(rare), rare: () => rare }
          const marks = markCandidates(vocabulary, pattern)
          for (const [i, text] of texts.entries()) {
            if (pattern.exact) assert.equal(marks[i] === 1, text.includes(wanted), `${wanted} in ${text}`)
            else if (text.includes(wanted)) assert.equal(marks[i], 1, `${wanted} in ${text}`)
          }
        }
      },
    ),
    { numRuns: 300 },
  )
})

test('a digest gives back what it was made of', () => {
  const summaries = [
    'Subject: one\r\nFrom: A <a@x>\r\nDate: Wed, 25 Nov 2026 04:00:00 +0000\r\n\r\n',
    'References: <1@x> <2@x>\r\n\r\n',
    '',
  ].map((one) => summarize(octets(one)))
  const some = summaries.map((summary, i) => ({
    blob: 10 + i * 3,
    summary,
    texts: { body: readText(`Body ${i}`), header: readText(''), prefixes: [] },
  }))
  const row = makeDigest(some, { first: 10, last: 20, count: 3 })
  const digest = new Digest(row, (frame) => row[frame])
  for (const { blob, summary } of some) {
    assert.equal(digest.envelope(blob)?.toString('latin1'), summary.envelope)
    for (const name of ['subject', 'from', 'references', 'sentAt', 'sentDay'] as const)
      assert.equal(digest.field(blob, name), fieldOf(summary, name))
  }
  assert.equal(digest.envelope(11), null)
  assert.equal(digest.field(11, 'subject'), null)
  const wanted = needleOf('dy 1')
  assert.ok(wanted !== null)
  const hits = digest.find(wanted)
  assert.deepEqual(
    some.map(({ blob }) => hits.inBody(blob - 10)),
    [false, true, false],
  )
})

test('sections come back as they were; anything else is refused', () => {
  const sections = [Buffer.from('one'), Buffer.alloc(0), Buffer.from(Uint32Array.from([1, 2 ** 32 - 1]).buffer)]
  const packed = packSections(sections)
  const back = unpackSections(packed)
  assert.deepEqual(
    back.map((one) => one.toString('hex')),
    sections.map((one) => one.toString('hex')),
  )
  assert.deepEqual([...readNumbers(back[2] ?? Buffer.alloc(0))], [1, 2 ** 32 - 1])
  for (let cut = 0; cut < packed.length; cut += 1) assert.throws(() => unpackSections(packed.subarray(0, cut)))
})

type Page = {
  readonly uids: Uint32Array
  readonly ends: Uint32Array
  readonly octets: Uint8Array
  readonly next: number | null
}

test('what a digest leaves out is found all the same', async () => {
  const store = openInline({ folder: ':memory:', digestBlobs: 2 })
  assert.ok(store.ok)
  const [anna, bert] = [await worldOf(store.value), await worldOf(store.value, 'bert@example.org')]
  const deliver = (text: string, first: string, second: string) =>
    store.value.deliver({
      body: { bytes: octets(text) },
      places: [anna.place({ prefix: first }), bert.place({ prefix: second })],
      now: NOW,
    })
  await must(deliver(' goes on with a folded line\r\nSubject: x\r\n\r\n', '', 'X-Odd: it\r\n'))
  await must(deliver(`Subject: y\r\n\r\n${longWords}`, '', ''))
  const found = async (world: World, tree: SearchTree) => [
    ...(await must(store.value.search({ mailbox: world.inbox, tree }))),
  ]
  assert.deepEqual(await found(anna, { header: 'X-Odd', contains: 'folded line' }), [])
  assert.deepEqual(await found(bert, { header: 'X-Odd', contains: 'folded line' }), [1])
  assert.deepEqual(await found(bert, { text: 'folded line' }), [1])
  assert.deepEqual(await found(anna, { body: 'bilities59T' }), [2])
})

const everyPage = async (store: Store, mailbox: MailboxId, uids: UidRanges) => {
  const got: (readonly [number, string])[] = []
  let rest = uids
  while (rest.length > 0) {
    const page: Page = await must(store.envelopes({ mailbox, uids: rest, most: 7 }))
    for (const [i, uid] of page.uids.entries())
      got.push([uid, Buffer.from(page.octets.subarray(page.ends[i - 1] ?? 0, page.ends[i])).toString('latin1')])
    const from = page.next ?? Number.MAX_SAFE_INTEGER
    rest = rest.filter(([, last]) => last >= from).map(([first, last]) => [Math.max(first, from), last] as const)
  }
  return got
}

test('a large mailbox gives its ENVELOPEs page by page, from digests and without', async () => {
  const store = openInline({ folder: ':memory:', digestBlobs: 8 })
  assert.ok(store.ok)
  const { put, inbox, make } = await worldOf(store.value)
  for (let i = 1; i <= 30; i += 1) await put(`Subject: ${i}\r\n\r\n`)
  const other = await make('other')
  await must(store.value.copy({ from: inbox, uids: [[20, 22]], to: other, now: NOW, move: true }))
  await must(store.value.copy({ from: inbox, uids: [[3, 29]], to: other, now: NOW, move: false }))
  const asked: readonly (readonly [MailboxId, UidRanges])[] = [
    [inbox, [[2, 40]]],
    [
      other,
      [
        [1, 9],
        [12, 50],
      ],
    ],
  ]
  for (const [mailbox, uids] of asked) {
    const page: { readonly rows: readonly MessageDetail[] } = await must(
      store.value.messages({ mailbox, uids, want: { summary: true }, most: 100, mostBytes: 1 }),
    )
    const got = await everyPage(store.value, mailbox, uids)
    assert.deepEqual(
      got,
      page.rows.map((row) => [row.uid, row.summary?.envelope]),
    )
  }
})

for (const [a, b, near] of [
  ['holiday', 'holliday', true],
  ['holiday', 'holida', true],
  ['holiday', 'holidey', true],
  ['holiday', 'hoilday', true],
  ['holiday', 'xoliday', true],
  ['holiday', 'holiday', false],
  ['holiday', 'hilidey', false],
  ['holiday', 'holidayxx', false],
  ['cats', 'cat', false],
  ['cats', 'coats', true],
] as const)
  test(`a fuzzy search for ${a} ${near ? 'finds' : 'does not find'} ${b} by nearness`, () => {
    assert.equal(hasNear(`some ${b}, more`, a), near)
    assert.equal(hasNear(a, b), near)
  })
