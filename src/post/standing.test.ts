import assert from 'node:assert/strict'
import { test } from 'node:test'
import { counted, readStanding, senderKeys, standingScore, writeStanding } from './standing.ts'

const day = 86_400_000
const many = (what: 'wanted' | 'unwanted', times: number) => {
  let standing = counted(undefined, what, 0)
  for (let n = 1; n < times; n += 1) standing = counted(standing, what, 0)
  return standing
}

test('a stranger has no score, and one message says little', () => {
  assert.equal(standingScore(undefined, 0), 0)
  assert.ok(Math.abs(standingScore(many('unwanted', 1), 0)) < 0.5)
})

test('a sender of wanted mail is trusted, one of spam is not, and time forgets', () => {
  assert.ok(standingScore(many('wanted', 20), 0) < -2)
  const spammer = many('unwanted', 20)
  assert.ok(standingScore(spammer, 0) > 2)
  assert.ok(standingScore(spammer, 365 * day) < 0.1)
})

test('a clock that jumps back loses nothing', () => {
  const later = counted(undefined, 'wanted', 100 * day)
  assert.equal(counted(later, 'wanted', 0).wanted, 2)
})

test('a name that nobody vouches for earns nothing', () => {
  assert.deepEqual(senderKeys('192.0.2.7', 'bank@big.example', undefined), {
    host: 'h:192.0.2.7',
    network: 'n:192.0.2.0/24',
  })
  assert.deepEqual(senderKeys('2001:db8:1:2::1', 'a@b.example', 'b.example'), {
    host: 'h:2001:db8:1:2::/64',
    network: 'n:2001:db8:1::/48',
    address: 'a:a@b.example',
    domain: 'd:b.example',
  })
})

test('what is written is read back, and other octets are nothing', () => {
  const standing = many('wanted', 3)
  assert.deepEqual(readStanding(writeStanding(standing)), standing)
  assert.equal(readStanding(new Uint8Array(7)), undefined)
  assert.equal(readStanding(new Uint8Array(32).fill(255)), undefined)
})
