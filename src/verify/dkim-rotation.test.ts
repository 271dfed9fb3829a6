import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { edRecord, keys as pairs, rsaRecord } from '../../test/verify-sign.ts'
import type { DnsAnswer } from '../base/dns.ts'
import { readKey } from './dkim-key.ts'
import {
  acted,
  isSigning,
  type KeyAlgorithm,
  keyRecord,
  newSelector,
  observe,
  REVOKED_RECORD,
  type RecordState,
  type RotatingKey,
  type RotationRules,
  recordState,
  rotation,
} from './dkim-rotation.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const rules: RotationRules = {
  everyMs: 180 * DAY,
  settleMs: HOUR,
  overlapMs: 12 * DAY,
  revokedMs: 30 * DAY,
  patienceMs: 6 * HOUR,
}
const key = (over: Partial<RotatingKey>): RotatingKey => ({
  ...{ selector: 'one', algorithm: 'rsa-sha256', state: 'next', since: 0, seenSince: null, missingSince: null },
  urgent: false,
  ...over,
})
const ed = key({ selector: 'ed', algorithm: 'ed25519-sha256', state: 'active', seenSince: 0 })
const words = (list: readonly RotatingKey[], now: number, over: Partial<RotationRules> = {}): readonly string[] =>
  rotation([...list, ed], now, { ...rules, ...over }).map((action) =>
    action.kind === 'make' ? `make ${action.algorithm}` : `${action.kind} ${action.selector}`,
  )
const active = key({ state: 'active', seenSince: 0 })

for (const [name, list, now, want] of [
  ['without a key one is made', [], 0, ['make rsa-sha256']],
  ['a key whose record was not seen waits, however long', [key({})], 900 * DAY, ['make ed25519-sha256']],
  ['the first key signs once its record is seen', [key({ seenSince: 5 })], 5, ['activate one']],
  ['an active key stays', [active], 179 * DAY, []],
  ['after its time a key gets a successor', [active], 180 * DAY, ['make rsa-sha256', 'make ed25519-sha256']],
  [
    'a successor waits until its record has settled',
    [active, key({ selector: 'two', seenSince: DAY })],
    DAY + HOUR - 1,
    [],
  ],
  [
    'a settled successor takes over, and the old key retires',
    [active, key({ selector: 'two', seenSince: DAY })],
    DAY + HOUR,
    ['retire one', 'activate two'],
  ],
  [
    'an urgent successor takes over at once, and the old key is revoked',
    [active, key({ selector: 'two', seenSince: DAY, urgent: true })],
    DAY,
    ['revoke one', 'activate two'],
  ],
  [
    'a retiring key stays published for what is under way',
    [active, key({ selector: 'old', state: 'retiring' })],
    12 * DAY - 1,
    [],
  ],
  ['then it is revoked', [active, key({ selector: 'old', state: 'retiring' })], 12 * DAY, ['revoke old']],
  ['a revoked key is published for a while', [active, key({ selector: 'old', state: 'revoked' })], 30 * DAY - 1, []],
  ['then its record can be removed', [active, key({ selector: 'old', state: 'revoked' })], 30 * DAY, ['remove old']],
  [
    'until that is seen it is remembered',
    [active, key({ selector: 'old', state: 'gone', seenSince: 1 })],
    99 * DAY,
    [],
  ],
  ['and then forgotten', [active, key({ selector: 'old', state: 'gone', missingSince: 1 })], 99 * DAY, ['forget old']],
] as const)
  test(name, () => assert.deepEqual(words(list, now), want))

test('rotation can be switched off', () => assert.deepEqual(words([active], 9_000 * DAY, { everyMs: 0 }), []))

for (const [state, missingSince, now, want] of [
  ['next', null, 0, false],
  ['active', null, 0, true],
  ['active', 10, 10 + 6 * HOUR - 1, true],
  ['active', 10, 10 + 6 * HOUR, false],
  ['retiring', null, 0, false],
  ['revoked', null, 0, false],
  ['gone', null, 0, false],
] as const)
  test(`a key that is ${state} ${missingSince === null ? '' : `without its record for ${now - missingSince} ms `}${want ? 'signs' : 'does not sign'}`, () =>
    assert.equal(isSigning(key({ state, missingSince }), now, rules), want))

const found = (...records: readonly string[]): DnsAnswer<'TXT'> => ({ kind: 'found', records, secure: false })
const rsa = createPublicKey(pairs.rsa.privateKey)
for (const [name, answer, want] of [
  ['the very key', found(rsaRecord()), 'right'],
  ['the key with more tags', found(`${rsaRecord()}; t=s; n=mine`), 'right'],
  ['the key beside a record of something else', found('v=spf1 -all', rsaRecord()), 'right'],
  ['another key', found(rsaRecord(pairs.rsa2)), 'wrong'],
  ['two keys', found(rsaRecord(), edRecord()), 'wrong'],
  ['a revoked one', found(REVOKED_RECORD), 'wrong'],
  ['a broken one', found('v=DKIM1; p=x!'), 'wrong'],
  ['something else', found('hello'), 'wrong'],
  ['nothing', { kind: 'none', why: 'nodata', secure: false }, 'absent'],
  ['no answer', { kind: 'failed', why: 'timeout' }, 'unknown'],
] as const)
  test(`${name} in the DNS is ${want}`, () => assert.equal(recordState(answer, rsa), want))

test('for a revoked key the empty record is the right one', () => {
  assert.equal(recordState(found(REVOKED_RECORD), undefined), 'right')
  assert.equal(recordState(found(rsaRecord()), undefined), 'wrong')
})

for (const pair of [pairs.rsa, pairs.ed])
  test(`the record of a key (${pair.privateKey.asymmetricKeyType}) is read back as that key`, () => {
    const read = readKey(keyRecord(pair.publicKey), false)
    assert.ok(read?.ok === true && read.value.key.equals(pair.publicKey))
  })

test('what was seen is remembered since when, and no answer changes nothing', () => {
  const seen = observe(observe(key({}), 'right', 5), 'right', 9)
  assert.deepEqual([seen.seenSince, seen.missingSince], [5, null])
  assert.equal(observe(seen, 'unknown', 10), seen)
  const lost = observe(observe(seen, 'wrong', 11), 'absent', 12)
  assert.deepEqual([lost.seenSince, lost.missingSince], [null, 11])
})

test('a selector says kind and day, and is never one that was taken', () => {
  const now = Date.UTC(2026, 10, 25, 23, 59)
  assert.equal(newSelector('rsa-sha256', now, new Set()), 'r20261125')
  assert.equal(newSelector('ed25519-sha256', now, new Set(['r20261125'])), 'e20261125')
  const taken = new Set<string>()
  for (let count = 0; count < 60; count += 1) taken.add(newSelector('rsa-sha256', now, taken))
  assert.equal(taken.size, 60)
  assert.ok([...taken].every((selector) => /^[a-z0-9]+$/.test(selector)))
})

/** An owner who does with each record whatever chance says, over years of steps. */
test('whatever the owner publishes and forgets, at most one key of a kind signs, it was seen first, and what is asked again asks for nothing', () => {
  const states: readonly RecordState[] = ['right', 'wrong', 'absent', 'unknown']
  const step = fc.record({
    ms: fc.integer({ min: 1, max: 40 * DAY }),
    seen: fc.array(fc.constantFrom(...states), { maxLength: 6 }),
  })
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
      let now = 0
      let list: readonly RotatingKey[] = []
      const everSeen = new Set<string>()
      for (const { ms, seen } of steps) {
        now += ms
        list = list.map((one, index) => observe(one, seen[index % Math.max(1, seen.length)] ?? 'right', now))
        for (const one of list) if (one.seenSince !== null && one.state === 'next') everSeen.add(one.selector)
        let rounds = 0
        for (let actions = rotation(list, now, rules); actions.length > 0; actions = rotation(list, now, rules)) {
          rounds += 1
          assert.ok(rounds < 8, 'it ends')
          for (const action of actions) {
            if (action.kind !== 'make') {
              list = acted(list, action, now)
              continue
            }
            const { algorithm }: { readonly algorithm: KeyAlgorithm } = action
            const selector = newSelector(algorithm, now, new Set(list.map((one) => one.selector)))
            list = [...list, key({ selector, algorithm, since: now })]
          }
        }
        for (const algorithm of ['rsa-sha256', 'ed25519-sha256'] as const) {
          const signs = list.filter((one) => one.algorithm === algorithm && one.state === 'active')
          assert.ok(signs.length <= 1)
          assert.ok(signs.every((one) => everSeen.has(one.selector)))
          assert.ok(list.some((one) => one.algorithm === algorithm && (one.state === 'next' || one.state === 'active')))
        }
      }
    }),
    { numRuns: 200 },
  )
})
