/**
 * The queue's client against any stream of replies, in any cut: it never throws, ends, tells every parcel exactly one outcome (or gives it back), and takes a message for sent only after its content
 * was sent and the server said 2xx after that.
 */
import assert from 'node:assert/strict'
import { fail, ok } from '../src/base/result.ts'
import type { Outcome, Parcel } from '../src/post/queue/courier.ts'
import { openCourier } from '../src/session/smtp-client/courier.ts'
import type { FuzzTarget } from './target.ts'

const MOST_INPUT = 4096
const PARCELS = 3

const parcelOf = (at: number): Parcel & { readonly at: number } => ({
  at,
  sender: 'a@x',
  recipients: [
    { address: 'b@y', notify: [] },
    { address: `c${at}@y`, notify: ['never'] },
  ],
  options: { smtpUtf8: false, body: '7bit', requireTls: false },
  size: 6,
  content: Buffer.from('A: b\r\n'),
})

const session = async (input: Uint8Array, step: number): Promise<readonly string[]> => {
  let from = 0
  let contents = 0
  let waits = 0
  const link = {
    some: async () => {
      waits += 1
      assert.ok(waits < MOST_INPUT * 2 + 100, 'it waits for ever')
      if (from >= input.length) return fail('closed')
      const some = input.subarray(from, from + step)
      from += step
      return ok(some)
    },
    send: async (bytes: string | Uint8Array) => {
      if (Buffer.from(bytes).toString('latin1').startsWith('A: b\r\n')) contents += 1
      return ok(undefined)
    },
    secure: async () => ok(undefined),
  }
  const told: string[] = []
  const opened = await openCourier(link, {
    ...{ name: 'us', host: 'them', tls: 'if-offered', isLocal: true, nonce: () => 'n', now: () => 0 },
    login: { user: 'u', password: 'p' },
  })
  if (!opened.ok) return ['not opened']
  const left = Array.from({ length: PARCELS }, (_, at) => parcelOf(at))
  const done = (parcel: { readonly at: number }, outcome: Outcome): void => {
    assert.equal(outcome.recipients.length, 2)
    if (outcome.recipients.includes('taken')) {
      assert.ok(outcome.reply !== undefined && outcome.reply.code >= 200 && outcome.reply.code < 300)
      assert.ok(contents > 0, 'taken before its content was sent')
      contents -= 1
    }
    told.push(`${parcel.at} ${outcome.recipients.map((one) => (one === 'taken' ? one : one.code)).join(' ')}`)
  }
  await opened.value.run({
    ...{ next: () => left.shift(), more: async () => left.length > 0, begins: () => undefined, done },
    back: ({ at }) => told.push(`${at} back`),
  })
  const seen = told.map((text) => text.split(' ')[0])
  assert.deepEqual([...new Set(seen)].length, seen.length)
  assert.equal(seen.length + left.length, PARCELS)
  return told
}

export const target: FuzzTarget = {
  name: 'smtp-courier',
  seeds: () => {
    const hello = '220 a\r\n250-a\r\n250-PIPELINING\r\n250-AUTH PLAIN\r\n250 SIZE 9\r\n235 ok\r\n'
    const good = '250 a\r\n250 b\r\n250 c\r\n354 go\r\n250 2.0.0 ok\r\n'
    return [
      `${hello}${good}${good}${good}`,
      `${hello}250 a\r\n550 5.1.1 b\r\n250 c\r\n354 go\r\n451 d\r\n421 bye\r\n`,
      `${hello.replace('250-PIPELINING\r\n', '')}${good}${good}`,
      `${hello}250 a\r\n550 b\r\n550 c\r\n354 go\r\n554 x\r\n250 reset\r\n${good}`,
      '220 a\r\n250-a\r\n250 STARTTLS\r\n220 go\r\n250-AUTH SCRAM-SHA-256 LOGIN\r\n250 x\r\n334 cj1ueCxzPVE9PSxpPTQwOTY=\r\n235 x\r\n',
      '554 go away\r\n',
    ].map((text) => Buffer.from(text))
  },
  run: async (given) => {
    const input = given.subarray(0, MOST_INPUT)
    await session(input, Math.max(1, input.length))
    await session(input, 7)
  },
}
