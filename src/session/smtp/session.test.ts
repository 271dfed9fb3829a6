/** What the golden dialogues of test/dialogues/smtp do not show: cuts, faults of the house, order, and what is left behind. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { actsOf, converse, type House, smtpHouse, testPeer, written } from '../../../test/dialogues/smtp/house.ts'
import { SpoolError } from '../../base/spool.ts'
import { smtpSession } from './session.ts'

const hello = 'EHLO a.example\r\n'
const envelope = 'MAIL FROM:<carl@friend.example>\r\nRCPT TO:<alice@example.org>\r\n'
const message = `${envelope}DATA\r\nSubject: a\r\n\r\ntext\r\n.\r\n`

const say = async (house: House, text: string) => actsOf(house.session.octets(Buffer.from(text, 'latin1')))
const greeted = async (house: House): Promise<House> => {
  await actsOf(house.session.greet(testPeer, async () => true))
  await say(house, hello)
  return house
}
/** A house whose parts are replaced by `change`. */
const changed = (change: (deps: House['deps']) => Partial<House['deps']>): House => {
  const house = smtpHouse()
  return { ...house, session: smtpSession({ ...house.deps, ...change(house.deps) }) }
}

const parts = fc.constantFrom(
  ...[hello, 'HELO a\r\n', envelope, message, 'DATA\r\n', 'RSET\r\n', 'NOOP\r\n', 'QUIT\r\n', 'WHAT\r\n', '\r\n.\r\n'],
  ...[
    'MAIL FROM:<>\r\n',
    'RCPT TO:<nobody@example.org>\r\n',
    'BDAT 4\r\nab\r\n',
    'BDAT 2 LAST\r\n\r\n',
    'BDAT 3 LAST\r\na\nb',
  ],
  ...['STARTTLS\r\n', 'a\n.\r\n', '\r', '\n', '.', 'x'.repeat(600), 'X-Test: spam\r\n', '\0', 'GET / HTTP/1.0\r\n'],
)

test('however the octets are cut, the same is said, taken and counted', async () => {
  const run = async (wire: Buffer, cuts: readonly number[]) => {
    // STARTTLS throws away what came with it, so how it is cut matters there, as it must.
    const house = smtpHouse({ early: 'allow', startTls: false, limits: { errors: 6, refusals: 4, messageSize: 2000 } })
    const ends = [...new Set([...cuts.map((cut) => cut % (wire.length + 1)), wire.length])].sort((a, b) => a - b)
    const pieces = ends.map((end, at) => Buffer.from(wire.subarray(ends[at - 1] ?? 0, end)))
    const said = await converse(house, pieces)
    const taken = house.taken.map(({ envelope, bytes }) => ({ envelope, text: bytes.toString('latin1') }))
    assert.equal(house.openSpools(), 0)
    return { said, taken, offences: house.offences }
  }
  await fc.assert(
    fc.asyncProperty(
      fc.array(parts, { maxLength: 14 }),
      fc.array(fc.nat(2000), { maxLength: 6 }),
      async (texts, cuts) => {
        const wire = Buffer.from(hello + texts.join(''), 'latin1')
        const one = await run(wire, [])
        assert.deepEqual(await run(wire, cuts), one)
        const every = Array.from({ length: wire.length }, (_, at) => at)
        assert.deepEqual(await run(wire, every), one)
      },
    ),
    { numRuns: 40 },
  )
})

test('any octets: it never throws, says only replies, and leaves no spool', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(parts, fc.string({ maxLength: 9 })), { maxLength: 12 }), async (texts) => {
      const house = smtpHouse()
      const said = await converse(house, texts)
      assert.match(said, /^(?:\d{3}[ -][\x20-\x7e]*\r\n)+$/)
      assert.equal(house.openSpools(), 0)
    }),
    { numRuns: 100 },
  )
})

test('the answers to one packet are one write', async () => {
  const house = await greeted(smtpHouse())
  const acts = await say(house, `${envelope}RCPT TO:<bob@example.org>\r\nDATA\r\n`)
  assert.equal(acts.filter(({ act }) => act === 'write').length, 1)
  assert.equal(written(acts).split('\r\n').length, 5)
})

test('what was asked before a message is answered before the message is judged', async () => {
  let before = -1
  const seen: string[] = []
  const house = changed(({ office }) => ({
    office: {
      ...office,
      receive: async () => {
        before = seen.filter((act) => act === 'write').length
        return { kind: 'accepted', id: 'x' }
      },
    },
  }))
  await greeted(house)
  for await (const act of house.session.octets(Buffer.from(`${envelope}BDAT 3 LAST\r\na\r\n`))) seen.push(act.act)
  assert.equal(before, 1)
  assert.deepEqual(
    seen.filter((act) => act === 'write'),
    ['write', 'write'],
  )
})

test('patience follows the state: before EHLO, between commands, within a message', async () => {
  const house = smtpHouse()
  const patience = async (acts: Promise<readonly { readonly act: string; readonly ms?: number }[]>) =>
    (await acts).filter(({ act }) => act === 'patience').map(({ ms }) => ms)
  assert.deepEqual(await patience(actsOf(house.session.greet(testPeer, async () => true))), [60_000])
  assert.deepEqual(await patience(say(house, hello)), [300_000])
  assert.deepEqual(await patience(say(house, `${envelope}DATA\r\n`)), [180_000])
  assert.deepEqual(await patience(say(house, '.\r\n')), [300_000])
  assert.deepEqual(await patience(say(house, 'NOOP\r\n')), [])
})

test('answers do not pile up: a packet of many commands is answered in pieces', async () => {
  const house = await greeted(smtpHouse({ limits: { idleCommands: 10_000 } }))
  const acts = await say(house, 'HELP\r\n'.repeat(2000))
  const sizes = acts.map((act) => (act.act === 'write' ? act.bytes.length : 0))
  assert.ok(sizes.length > 5 && Math.max(...sizes) < 20_000)
})

test('what the house throws is 4xx and a line in the log, never 250', async () => {
  const boom = (): never => {
    throw new Error('boom')
  }
  for (const [what, change, words] of [
    ['receive', { receive: boom }, '451 4.3.0 Something failed here: try again later'],
    ['receive', { receive: async () => boom() }, '451 4.3.0 Something failed here: try again later'],
    ['sender', { sender: boom }, '451 4.3.0 We cannot tell now: try again later'],
    ['route', { route: async () => boom() }, '451 4.3.0 We cannot tell now: try again later'],
  ] as const) {
    const house = changed(({ office }) => ({ office: { ...office, ...change } }))
    await greeted(house)
    const said = written(await say(house, `${envelope}DATA\r\n`)) + written(await say(house, 'text\r\n.\r\n'))
    assert.ok(said.includes(words), said)
    assert.ok(!said.includes('Taken'))
    const events = house.events.filter(({ name }) => name === 'smtp-fault')
    assert.deepEqual(events.map(({ fields }) => [fields['what'], fields['cause']])[0], [what, 'Error: boom'])
  }
})

test('a spool that fails: 452 for a full disk, 451 for another fault, and the session goes on', async () => {
  const full = new SpoolError('disk-full')
  const broken = new SpoolError('io')
  const good = {
    write: () => undefined,
    finish: async () => ({ body: { bytes: Buffer.from('') }, size: 0 }),
    discard: () => undefined,
  }
  const thrown = (error: Error) => (): never => {
    throw error
  }
  for (const [spool, words] of [
    [{ ...good, write: async () => thrown(full)() }, '452 4.3.1'],
    [{ ...good, write: thrown(full) }, '452 4.3.1'],
    [{ ...good, finish: async () => thrown(full)() }, '452 4.3.1'],
    [{ ...good, write: async () => thrown(broken)() }, '451 4.3.0'],
    [{ ...good, finish: async () => thrown(broken)() }, '451 4.3.0'],
    [{ ...good, write: async () => thrown(full)(), discard: thrown(broken) }, '452 4.3.1'],
    [{ ...good, finish: async () => thrown(new Error('boom'))() }, '451 4.3.0'],
  ] as const) {
    let spools = 0
    const house = changed(({ newSpool }) => ({
      newSpool: () => {
        spools += 1
        return spools === 1 ? spool : newSpool()
      },
    }))
    await greeted(house)
    await say(house, `${envelope}DATA\r\n`)
    await say(house, 'text\r\n')
    assert.ok(written(await say(house, 'more\r\n.\r\n')).startsWith(words), words)
    await say(house, `${envelope}DATA\r\n`)
    assert.equal(written(await say(house, 'text\r\n.\r\n')), '250 2.0.0 Taken as m1\r\n')
  }
})

test('a spool that cannot be opened at all is a fault of ours', async () => {
  const house = changed(() => ({
    newSpool: () => {
      throw new SpoolError('disk-full')
    },
  }))
  await greeted(house)
  await say(house, `${envelope}DATA\r\n`)
  assert.ok(written(await say(house, 'text\r\n.\r\n')).startsWith('452 4.3.1'))
})

test('gone while the post office works: nothing breaks, nothing more is said', async () => {
  let finish: (() => void) | undefined
  const house = changed(({ office }) => ({
    office: {
      ...office,
      receive: (envelope, body) =>
        new Promise((resolve) => {
          finish = () => resolve(office.receive(envelope, body))
        }),
    },
  }))
  await greeted(house)
  await say(house, `${envelope}DATA\r\n`)
  const acts = say(house, 'text\r\n.\r\nNOOP\r\n')
  await new Promise((resolve) => setImmediate(resolve))
  house.session.gone()
  finish?.()
  assert.equal(written(await acts), '')
  assert.equal(house.taken.length, 1)
  assert.deepEqual(await say(house, 'NOOP\r\n'), [])
})

test('gone in the middle of a message gives the spool back', async () => {
  const house = await greeted(smtpHouse())
  await say(house, `${envelope}DATA\r\n`)
  await say(house, 'half')
  assert.equal(house.openSpools(), 1)
  house.session.gone()
  assert.equal(house.openSpools(), 0)
})

test('a chunk that makes the message too large costs no spool', async () => {
  let spools = 0
  const house = changed(({ newSpool, limits }) => ({
    limits: { ...limits, messageSize: 10 },
    newSpool: () => {
      spools += 1
      return newSpool()
    },
  }))
  await greeted(house)
  assert.match(written(await say(house, `${envelope}BDAT 11 LAST\r\n0123456789a`)), /\r\n552 5\.3\.4 .*\r\n$/)
  assert.equal(spools, 0)
})

test('the spool is written once for a packet in which no dot was stuffed', async () => {
  let writes = 0
  const house = changed(({ newSpool }) => ({
    newSpool: () => {
      const spool = newSpool()
      return {
        ...spool,
        write: (bytes) => {
          writes += 1
          return spool.write(bytes)
        },
      }
    },
  }))
  await greeted(house)
  await say(house, `${envelope}DATA\r\n`)
  await say(house, `${'a line\r\n'.repeat(500)}.\r\n`)
  assert.equal(writes, 1)
})

test('the envelope says all that is known', async () => {
  const house = await greeted(smtpHouse())
  await say(house, 'MAIL FROM:<carl@friend.example> SIZE=10 BODY=8BITMIME\r\nRCPT TO:<alice@example.org>\r\nDATA\r\n')
  await say(house, 'a\r\n.\r\n')
  assert.deepEqual(house.taken[0]?.envelope, {
    session: 's1',
    at: house.clock.now,
    ip: '192.0.2.7',
    port: 40_000,
    helo: 'a.example',
    protocol: 'ESMTP',
    tls: null,
    mailFrom: { local: 'carl', domain: 'friend.example', text: 'carl@friend.example' },
    recipients: [{ address: { local: 'alice', domain: 'example.org', text: 'alice@example.org' }, notify: [] }],
    body: '8bitmime',
    smtpUtf8: false,
    requireTls: false,
  })
})

test('wake has nothing to say', async () => {
  const house = smtpHouse()
  house.session.bell(() => assert.fail('it never rings'))
  assert.deepEqual(await actsOf(house.session.wake()), [])
})
