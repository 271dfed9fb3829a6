import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Over } from './budget.ts'
import { type Judgement, judgeOver, judgeScore, readStrikes, type Strikes, writeStrikes } from './judge.ts'
import { guardDefaults as settings } from './settings.ts'

const now = 1e12
const given = (strikes: Strikes, attention = false, at = now) => ({ strikes, attention, ip: '192.0.2.7', now: at })
const strangers: Over = { kind: 'firstTime', span: 'hour', spent: 10, limit: 10, roomAt: now + 1 }
const many: Over = { ...strangers, kind: 'recipients' }

const scores = [
  [4.9, false, 'go'],
  [5, false, 'go'],
  [7.9, false, 'go'],
  [8, false, 'refuse'],
  [2.9, true, 'go'],
  [3, true, 'hold'],
  [6, true, 'refuse'],
] as const
for (const [score, attention, answer] of scores)
  test(`a score of ${score} ${attention ? 'from a new network' : 'from home'}: ${answer}`, () => {
    const judged = judgeScore(settings, score, '', given([], attention))
    assert.equal(judged.answer, answer)
    assert.equal(judged.freeze, undefined)
  })

/** Says the same again and again. @returns the last judgement. */
const repeat = (times: number, of: (strikes: Strikes, turn: number) => Judgement): Judgement => {
  let judged = of([], 0)
  for (let turn = 1; turn < times; turn += 1) judged = of(judged.strikes, turn)
  return judged
}

test('the third refusal in an hour freezes, the third in a day does not', () => {
  assert.equal(repeat(2, (strikes) => judgeScore(settings, 9, '', given(strikes))).freeze, undefined)
  assert.equal(repeat(3, (strikes) => judgeScore(settings, 9, '', given(strikes))).freeze, 'refused')
  const slow = repeat(5, (strikes, turn) => judgeScore(settings, 9, '', given(strikes, false, now + turn * 2_400_000)))
  assert.equal(slow.freeze, undefined)
})

test('a person who tries the same message again is not frozen for it, a machine is', () => {
  const one = (strikes: Strikes): Judgement => judgeScore(settings, 9, 'digest', given(strikes))
  assert.equal(repeat(10, one).freeze, undefined)
  assert.equal(repeat(21, one).freeze, 'refused')
})

test('GTUBE from home is refused and counts twice; far beyond from a new network freezes at once', () => {
  const judged = judgeScore(settings, 1000, '', given([]))
  assert.deepEqual([judged.answer, judged.freeze, judged.strikes[0]?.weight], ['refuse', undefined, 2])
  assert.equal(judgeScore(settings, 1000, '', given([], true)).freeze, 'far-beyond')
})

test('mail over a budget is held; for strangers from a new network the third time freezes', () => {
  const home = repeat(50, (strikes) => judgeOver(settings, strangers, 0, given(strikes)))
  assert.deepEqual([home.answer, home.freeze], ['hold', undefined])
  const known = repeat(50, (strikes) => judgeOver(settings, many, 0, given(strikes, true)))
  assert.deepEqual([known.answer, known.freeze], ['hold', undefined])
  const thief = (strikes: Strikes): Judgement => judgeOver(settings, strangers, 0, given(strikes, true))
  assert.equal(repeat(2, thief).freeze, undefined)
  assert.deepEqual([repeat(3, thief).answer, repeat(3, thief).freeze], ['hold', 'strangers'])
})

test('what waits for a budget is bounded', () => {
  assert.equal(judgeOver(settings, many, settings.mostHeld, given([])).answer, 'refuse')
})

test('refusals and holds from a new network count together', () => {
  const held = repeat(2, (strikes) => judgeOver(settings, strangers, 0, given(strikes, true)))
  assert.equal(judgeScore(settings, 7, '', given(held.strikes, true)).freeze, 'refused')
})

test('strikes are bounded, read back, and nothing else does', () => {
  const all = repeat(300, (strikes, turn) => judgeScore(settings, 9, String(turn), given(strikes))).strikes
  assert.equal(all.length, 30)
  assert.deepEqual(readStrikes(JSON.parse(JSON.stringify(writeStrikes(all)))), all)
  fc.assert(fc.property(fc.anything(), (value) => void readStrikes(value)))
})
