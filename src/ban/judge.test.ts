import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readPrefix } from '../base/ip.ts'
import { type Docket, type Judgement, type JudgeSettings, judge, subjectsToJudge, term } from './judge.ts'
import type { Offence, OffenceKind } from './offence.ts'
import { cleanRecord } from './record.ts'
import { talkSentences } from './sentences.ts'

const hour = 3_600_000
const day = 24 * hour
const settings: JudgeSettings = { sentences: talkSentences, allow: [], banLoopback: false }
const ip = '192.0.2.7'
const half = (): number => 0.5

/** Plays offences one after the other; the record goes from each to the next. */
const play = (
  offences: readonly (Partial<Offence> & { readonly kind: OffenceKind; readonly at?: number })[],
  how: JudgeSettings = settings,
): Judgement & { readonly docket: Docket } => {
  let docket: Docket = {}
  const bans = []
  const spared = []
  for (const { at = 0, ...one } of offences) {
    const judgement = judge({ ip, service: 'mail', ...one }, docket, at, how, half)
    docket = { ...docket, ...judgement.records }
    bans.push(...judgement.bans)
    spared.push(...judgement.spared)
  }
  return { records: docket, docket, bans, spared }
}
const brief = (judgement: Judgement): readonly string[] =>
  judgement.bans.map(({ subject, scope, from, until }) => `${subject} ${scope} ${(until - from) / hour}`)
const login = (pair: string): Partial<Offence> & { readonly kind: OffenceKind } => ({
  kind: 'login-failed',
  service: 'login',
  sameAs: pair,
})

// The talk's table, row by row: with a random of one half each term is the middle of its range.
for (const [says, offences, want] of [
  ['two login failures', [login('a'), login('b')], []],
  ['three login failures: the address, 1-2 h, everywhere', [login('a'), login('b'), login('c')], [`${ip} all 1.5`]],
  [
    'a message rejected as spam: the address 6-10 h, its /24 1-2 h',
    [{ kind: 'spam-rejected' }],
    [`${ip} mail 8`, '192.0.2.0/24 mail 1.5'],
  ],
  ['one message flagged', [{ kind: 'spam-flagged' }], []],
  [
    'two messages flagged: the address, 1-2 h',
    [{ kind: 'spam-flagged' }, { kind: 'spam-flagged' }],
    [`${ip} mail 1.5`],
  ],
  ['no reverse look-up: the address, 6-10 h', [{ kind: 'no-reverse' }], [`${ip} mail 8`]],
  [
    'unrouteable, from a host without manners: the address, 6-10 h',
    [{ kind: 'unknown-recipient', weight: 3 }],
    [`${ip} mail 8`],
  ],
  ['a typing mistake', [{ kind: 'unknown-recipient', sameAs: 'jon@x' }], []],
  [
    'three different unknown recipients',
    [
      { kind: 'unknown-recipient', sameAs: 'jon@x' },
      { kind: 'unknown-recipient', sameAs: 'jhon@x' },
      { kind: 'unknown-recipient', sameAs: 'info@x' },
    ],
    [`${ip} mail 8`],
  ],
  ['mail to a spamtrap: as rejected spam', [{ kind: 'spamtrap' }], [`${ip} mail 8`, '192.0.2.0/24 mail 1.5']],
  [
    'IPv6 is judged by its /64 and /48',
    [{ kind: 'spam-rejected', ip: '2001:db8:1:2::9' }],
    ['2001:db8:1:2::/64 mail 8', '2001:db8:1::/48 mail 1.5'],
  ],
] as const)
  test(`the talk: ${says}`, () => assert.deepEqual(brief(play(offences)), want))

test('three addresses of one IPv6 /64 are one guesser', () => {
  const guesses = ['::1', '::2', '::3'].map((end) => ({ ...login(end), ip: `2001:db8:1:2${end}` }))
  assert.deepEqual(brief(play(guesses)), ['2001:db8:1:2::/64 all 1.5'])
})

test('the same wrong password a thousand times is one failure', () => {
  const phone = Array.from({ length: 1000 }, () => login('anna secret1'))
  assert.deepEqual(brief(play(phone)), [])
  assert.deepEqual(brief(play([...phone, login('anna secret2'), login('anna secret3')])), [`${ip} all 1.5`])
})

test('thirty guesses from one network close the network', () => {
  const guesses = Array.from({ length: 30 }, (_, n) => ({ ...login(`guess ${n}`), ip: `192.0.2.${n % 15}` }))
  const { bans } = play(guesses)
  assert.deepEqual(bans.at(-1)?.subject, '192.0.2.0/24')
  assert.equal(bans.filter(({ subject }) => subject.endsWith('/24')).length, 1)
})

test('failures far apart are forgotten', () => {
  const slow = [login('a'), login('b'), login('c')].map((one, n) => ({ ...one, at: n * 13 * hour }))
  assert.deepEqual(brief(play(slow)), [])
})

test('a host that delivers wanted mail is spared, and the sender is banned by its domain', () => {
  const sender = { domain: 'spam.example', address: 'x@spam.example', domainTrusted: false, addressTrusted: false }
  const { bans, spared } = play([{ kind: 'spam-rejected', hostTrusted: true, networkTrusted: true, sender }])
  assert.deepEqual(
    bans.map(({ subject }) => subject),
    ['@spam.example'],
  )
  assert.deepEqual(spared, [{ subject: ip, mercy: 'trusted-host' }])
})

test('where others of the domain are wanted, the address is to blame, and a wanted address is not', () => {
  const sender = { domain: 'gmail.com', address: 'x@gmail.com', domainTrusted: true, addressTrusted: false }
  const offence = { kind: 'spam-rejected', hostTrusted: true } as const
  assert.deepEqual(brief(play([{ ...offence, sender }])), ['x@gmail.com mail 8'])
  assert.deepEqual(brief(play([{ ...offence, sender: { ...sender, addressTrusted: true } }])), [])
  assert.deepEqual(brief(play([offence])), [])
})

test('a spammer in a network that is wanted is banned alone', () =>
  assert.deepEqual(brief(play([{ kind: 'spam-rejected', networkTrusted: true }])), [`${ip} mail 8`]))

test('trust of its mail does not let a host guess passwords', () => {
  const guesses = ['a', 'b', 'c'].map((pair) => ({ ...login(pair), hostTrusted: true, networkTrusted: true }))
  assert.deepEqual(brief(play(guesses)), [`${ip} all 1.5`])
})

test('an address with a good recent login is not closed', () => {
  const guesses = ['a', 'b', 'c', 'd'].map((pair) => ({ ...login(pair), goodLogin: true }))
  const { bans, spared } = play(guesses)
  assert.deepEqual(bans, [])
  assert.deepEqual(spared.at(-1), { subject: ip, mercy: 'good-login' })
})

test('a ban earned on port 25 closes port 25 alone', () => {
  for (const { scope } of play([{ kind: 'spam-rejected' }, { kind: 'smuggling' }]).bans) assert.equal(scope, 'mail')
})

test('each further ban is twice as long, up to a week, and good time halves the record', () => {
  const offend = (at: number) => ({ kind: 'no-reverse', at }) as const
  const terms = (times: readonly number[]): readonly number[] =>
    play(times.map(offend)).bans.map(({ from, until }) => (until - from) / hour)
  assert.deepEqual(terms([0, day, 3 * day]), [8, 16, 32])
  assert.deepEqual(terms([0, 30 * day]), [8, 8])
  assert.equal(Math.max(...terms(Array.from({ length: 30 }, (_, n) => n * 7.5 * day))), 16)
  // Back the moment a ban ends, again and again: never longer than a week.
  let [at, docket, longest]: [number, Docket, number] = [0, {}, 0]
  for (let n = 0; n < 30; n += 1) {
    const { bans, records } = judge({ kind: 'no-reverse', ip, service: 'mail' }, docket, at, settings, half)
    docket = { ...docket, ...records }
    longest = Math.max(longest, (bans[0]?.until ?? 0) - at)
    at = bans[0]?.until ?? at
  }
  assert.equal(longest, 7 * day)
})

test('what was on its way while the ban was made does not make it longer', () => {
  const { bans, docket } = play(Array.from({ length: 20 }, () => ({ kind: 'spam-rejected' }) as const))
  assert.ok(bans.every(({ times }) => times === 1))
  assert.equal(docket[ip]?.bans, 1)
})

// ---- Properties -------------------------------------------------------------------------------------------------------

const kinds = [...new Set(talkSentences.rows.map(({ offence }) => offence))]
const anyOffence = fc.record(
  {
    kind: fc.constantFrom(...kinds),
    ip: fc.oneof(
      fc.constantFrom('192.0.2.1', '192.0.2.2', '2001:db8::1', '127.0.0.1', '::1', 'nonsense', ''),
      fc.ipV4(),
      fc.ipV6(),
    ),
    service: fc.constantFrom('mail' as const, 'login' as const),
    weight: fc.integer({ min: 1, max: 3 }),
    sameAs: fc.constantFrom('', 'a', 'b', 'c', 'd'),
    hostTrusted: fc.boolean(),
    networkTrusted: fc.boolean(),
    goodLogin: fc.boolean(),
    sender: fc.record({
      domain: fc.option(fc.constantFrom('a.example', '__proto__'), { nil: undefined }),
      address: fc.option(fc.constant('x@a.example'), { nil: undefined }),
      domainTrusted: fc.boolean(),
      addressTrusted: fc.boolean(),
    }),
  },
  { requiredKeys: ['kind', 'ip', 'service'] },
)
/** Clocks that jump: not in order, far in the past and the future. */
const history = fc.array(
  fc.tuple(anyOffence, fc.integer({ min: 0, max: 400 * day }), fc.double({ min: 0, max: 0.999, noNaN: true })),
  { maxLength: 40 },
)

const allow = ['192.0.2.0/24', '2001:db8::/32'].flatMap((text) => {
  const prefix = readPrefix(text)
  return prefix.ok ? [prefix.value] : []
})

test('whatever is done in whatever order: terms are bounded, records too, the allowed and loopback are never banned', () => {
  fc.assert(
    fc.property(history, fc.boolean(), (offences, withAllow) => {
      let docket: Docket = {}
      for (const [offence, at, random] of offences) {
        const how = { ...settings, allow: withAllow ? allow : [] }
        const touched = subjectsToJudge(offence)
        const judgement = judge(offence, docket, at, how, () => random)
        docket = { ...docket, ...judgement.records }
        for (const ban of judgement.bans) {
          assert.ok(touched.includes(ban.subject))
          const length = ban.until - ban.from
          assert.equal(ban.from, at)
          assert.ok(length >= hour / 4 && length <= 7 * day, `${length}`)
          assert.ok(!ban.subject.startsWith('127.'))
          if (withAllow) assert.ok(!ban.subject.startsWith('192.0.2.') && !ban.subject.startsWith('2001:db8:'))
        }
        for (const record of Object.values(judgement.records)) {
          assert.ok(record.counts.length <= 48 && record.bans < 200 && Number.isFinite(record.bans))
          assert.ok(record.counts.every((count) => count.at <= at))
        }
      }
    }),
    { numRuns: 200 },
  )
})

test('a first term lies within its row, for every row and every draw', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...talkSentences.rows),
      fc.double({ min: 0, max: 0.9999999, noNaN: true }),
      (row, random) => {
        const ms = term(row, 0, talkSentences, () => random)
        assert.ok(ms >= row.leastMs && ms <= row.mostMs)
      },
    ),
  )
})

test('a clock that was a year ahead leaves a record that is worth no more than a clean one', () => {
  const ahead = play([{ kind: 'spam-flagged', at: 400 * day }]).docket
  const judgement = judge({ kind: 'spam-flagged', ip, service: 'mail' }, ahead, day, settings, half)
  assert.equal(judgement.bans.length, 1) // the two were flagged, whatever the clock said
  assert.ok((judgement.records[ip] ?? cleanRecord).bannedAt <= day)
})
