/** The pump, through real sockets and a clock that is turned by hand. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { constants, createDeflateRaw, createInflateRaw } from 'node:zlib'
import fc from 'fast-check'
import type { Session } from '../base/act.ts'
import { type Connection, dial } from './client.ts'
import { type ListenOptions, listen } from './listen.ts'
import { ask, line, openPlace, type Place, rest, Stage, until, Witness } from './testing.ts'

/** A place that the test's end closes; `join` reads the greeting. */
const open = async (t: TestContext, options: Partial<ListenOptions> = {}, listenMs = 0): Promise<Place> => {
  const place = await openPlace(options)
  place.stage.listenMs = listenMs
  t.after(place.close)
  const join = async (): Promise<Connection> => {
    const one = await place.join()
    if (listenMs === 0) assert.match(await line(one), /^HI/)
    return one
  }
  return { ...place, join }
}

// ---- Time -------------------------------------------------------------------------------------------------------------

test('a silent peer hears goodbye when the patience that the session set is over', async (t) => {
  const { join, clock, log } = await open(t)
  const one = await join()
  clock.turn(200_000)
  assert.equal(await ask(one, 'STILL HERE'), 'OK STILL HERE')
  assert.equal(await ask(one, 'PATIENCE 10000'), 'OK PATIENCE 10000')
  clock.turn(9000)
  assert.equal(await ask(one, 'A'), 'OK A')
  clock.turn(11_000)
  assert.equal(await rest(one), 'BYE timeout\r\n')
  one.end()
  assert.equal((await log.one('connection-closed'))['why'], 'timeout')
})

test('one octet at a time is slow, however patient we are', async (t) => {
  const { join, clock, log, stage } = await open(t, { limits: { slowWindowMs: 60_000, slowOctets: 600 } })
  const one = await join()
  await one.send('BODY\r\n')
  const body = (): number => stage.sessions[0]?.bodyOctets ?? 0
  for (let sent = 1; sent <= 7 && log.seen.every((event) => event.name !== 'connection-closed'); sent += 1) {
    await one.send('x\r\n')
    await until(() => body() === sent || sent === 7)
    clock.turn(10_000)
  }
  assert.equal(await rest(one), 'BYE slow\r\n')
  one.end()
  assert.equal((await log.one('connection-closed'))['why'], 'slow')
})

test('a body that comes fast enough is not slow, and neither are short commands that are answered', async (t) => {
  const { join, clock, stage } = await open(t, { limits: { slowWindowMs: 60_000, slowOctets: 600 } })
  const one = await join()
  for (let minute = 0; minute < 10; minute += 1) {
    assert.equal(await ask(one, 'A'), 'OK A')
    clock.turn(30_000)
  }
  await one.send('BODY\r\n')
  for (let sent = 1; sent <= 10; sent += 1) {
    await one.send(`${'x'.repeat(400)}\r\n`)
    await until(() => stage.sessions[0]?.bodyOctets === sent * 400)
    clock.turn(20_000)
  }
  assert.equal(await ask(one, '.'), 'GOT 4001')
})

for (const [verb, octets] of [
  ['BIG', 100_000],
  ['MANY', 1000],
] as const)
  test(`a peer that does not read is cut off, and the session is not asked for more meanwhile: ${verb}`, async (t) => {
    const { join, clock, log, stage } = await open(t)
    const one = await join()
    await one.send(`${verb} 1000000\r\n`)
    const reading = one.line() // what is held unread is bounded, so after a while it reads no more
    await until(() => (stage.sessions[0]?.pulled ?? 0) > 2)
    let before = -1
    for (let still = 0; still < 50; still += 1) {
      const { pulled = 0 } = stage.sessions[0] ?? {}
      if (pulled !== before) still = 0
      before = pulled
      await new Promise((resolve) => setImmediate(resolve))
    }
    assert.ok(before * octets < 50_000_000, `${before} writes of ${octets} octets were taken from the session`)
    for (let waited = 0; waited < 130; waited += 1) clock.turn(1000)
    assert.equal((await log.one('connection-closed'))['why'], 'unread')
    await reading
  })

test('a wait holds the rest of the answer, and what was pipelined', async (t) => {
  const { join, clock } = await open(t)
  const one = await join()
  await one.send('WAIT 5000\r\nA\r\n')
  assert.equal(await line(one), 'OK WAIT 5000')
  clock.turn(4999)
  await new Promise((resolve) => setImmediate(resolve))
  clock.turn(1)
  assert.deepEqual([await line(one), await line(one)], ['WAITED', 'OK A'])
})

test('quiet: who waits for the greeting is heard to', async (t) => {
  const { join, clock } = await open(t, {}, 3000)
  const one = await join()
  await until(() => clock.waiting === 2)
  clock.turn(3000)
  assert.match(await line(one), /^HI 127.0.0.1 \d+$/)
})

test('quiet: who talks first is found out at once, and answered after', async (t) => {
  const { join } = await open(t, {}, 3000)
  const one = await join()
  await one.send('HELLO\r\n')
  assert.match(await line(one), /^HI .* EARLY$/)
  assert.equal(await line(one), 'OK HELLO')
})

test('an idle connection has no timer of its own', async (t) => {
  const { join, clock } = await open(t)
  await Promise.all(Array.from({ length: 10 }, async () => join()))
  assert.equal(clock.waiting, 1)
})

// ---- One call at a time -----------------------------------------------------------------------------------------------

test('a bell is answered when nothing else runs', async (t) => {
  const { join, stage } = await open(t)
  const one = await join()
  stage.sessions[0]?.ring()
  assert.equal(await line(one), '* RANG')
  await one.send('HOLD\r\n')
  await stage.held()
  stage.sessions[0]?.ring()
  stage.sessions[0]?.ring()
  await one.send('A\r\n')
  stage.release()
  assert.equal(await line(one), 'HELD')
  assert.deepEqual([await line(one), await line(one)].sort(), ['* RANG', 'OK A'])
  assert.equal(await ask(one, 'B'), 'OK B')
})

test('a busy session stops the reading: a flood waits in the peer', async (t) => {
  const { join, stage } = await open(t)
  const one = await join()
  await one.send('HOLD\r\n')
  await stage.held()
  const flood = Buffer.alloc(64 << 20, 'x')
  let through = false
  const sending = one.send(flood).then(() => {
    through = true
  })
  for (let turns = 0; turns < 300; turns += 1) await new Promise((resolve) => setImmediate(resolve))
  assert.equal(through, false)
  one.destroy()
  stage.release()
  await sending
})

test('how the octets are cut up changes nothing', async (t) => {
  const { join } = await open(t)
  const dialogue = Buffer.from('A\r\nB b b\r\nBODY\r\none\r\ntwo\r\n.\r\nTLS\r\nMIX\r\nC\r\nQUIT\r\n')
  const want = 'OK A\r\nOK B b b\r\nGOT 7\r\nTLS none -\r\nüß\r\nOK C\r\nOK QUIT\r\n'
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: dialogue.length }), { maxLength: 8 }), async (cuts) => {
      const one = await join()
      const ends = [...new Set([...cuts, dialogue.length])].sort((a, b) => a - b)
      let at = 0
      for (const end of ends) {
        await one.send(dialogue.subarray(at, end))
        await new Promise((resolve) => setImmediate(resolve))
        at = end
      }
      assert.equal(Buffer.from(await rest(one), 'latin1').toString(), want)
      one.end()
    }),
    { numRuns: 25 },
  )
})

// ---- Ends -------------------------------------------------------------------------------------------------------------

test('cut: those that match hear why, and go; a call that runs gives its answer first', async (t) => {
  const { join, stage, listener, log } = await open(t)
  const one = await join()
  const busy = await join()
  await busy.send('HOLD\r\n')
  await stage.held()
  assert.equal(
    listener.cut((ip) => ip === '127.0.0.2'),
    0,
  )
  assert.equal(
    listener.cut((ip) => ip === '127.0.0.1'),
    2,
  )
  assert.equal(await rest(one), 'BYE barred\r\n')
  stage.release()
  assert.equal(await rest(busy), 'HELD\r\nBYE barred\r\n')
  one.end()
  busy.end()
  assert.equal((await log.one('connection-closed'))['why'], 'barred')
})

test('cut: a peer that does not close its side is closed', async (t) => {
  const { join, listener, clock } = await open(t)
  const one = await join()
  listener.cut(() => true)
  assert.equal(await rest(one), 'BYE barred\r\n')
  clock.turn(6000)
  await until(() => listener.connections() === 0)
})

test('close: says goodbye, takes nobody more, and waits for the answer of a session at work, grace or not', async (t) => {
  const { join, stage, listener, clock } = await open(t)
  const idle = await join()
  const busy = await join()
  await busy.send('HOLD\r\n')
  await stage.held()
  await busy.send('NEVER\r\n')
  let closed = false
  const closing = listener.close(1000).then(() => {
    closed = true
  })
  assert.equal(await rest(idle), 'BYE shutdown\r\n')
  const late = await dial({ host: '127.0.0.1', port: listener.port })
  assert.deepEqual(late, { ok: false, error: 'refused' })
  clock.turn(2000)
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(closed, false)
  stage.release()
  assert.equal(await rest(busy), 'HELD\r\nBYE shutdown\r\n')
  await closing
})

test('close: a wait and a silent peer do not hold it up', async (t) => {
  const { join, listener, clock } = await open(t)
  const one = await join()
  assert.equal(await ask(one, 'WAIT 1000000'), 'OK WAIT 1000000')
  await join()
  const closing = listener.close(1000)
  assert.equal(await rest(one), 'WAITED\r\nBYE shutdown\r\n')
  clock.turn(1000)
  await closing
})

for (const verb of ['THROW', 'HOLD\r\nTHROW'])
  test(`a session that throws (${JSON.stringify(verb)}) is told of, and costs one connection`, async (t) => {
    const { join, log, stage } = await open(t)
    const one = await join()
    const other = await join()
    await one.send(`A\r\n${verb}\r\nB\r\n`)
    if (verb.startsWith('HOLD')) {
      await stage.held()
      stage.release()
    }
    assert.match(await rest(one), /^OK A\r\n(HELD\r\n)?SORRY fault\r\n$/)
    one.end()
    assert.match(String((await log.one('session-fault'))['fault']), /a mistake of ours/)
    assert.equal((await log.one('connection-closed'))['why'], 'fault')
    assert.equal(await ask(other, 'A'), 'OK A')
    assert.equal(stage.sessions[0]?.isGone, 1)
  })

for (const where of ['newSession', 'greet', 'gone'] as const)
  test(`a mistake in ${where} costs one connection`, async (t) => {
    const stage = new Stage()
    let broken = true
    const boom = (): never => {
      throw new Error('boom')
    }
    const newSession: ListenOptions['newSession'] = (peer) => {
      const session = stage.newSession(peer)
      if (!broken) return session
      broken = false
      if (where === 'newSession') return boom()
      const kept: Session = {
        greet: (...all) => session.greet(...all),
        octets: (bytes) => session.octets(bytes),
        secured: boom,
        bell: (ring) => session.bell(ring),
        wake: () => session.wake(),
        farewell: (why) => session.farewell(why),
        gone: () => session.gone(),
      }
      return { ...kept, [where]: boom }
    }
    const { listener, log, join } = await open(t, { newSession })
    const one = await dial({ host: '127.0.0.1', port: listener.port })
    assert.ok(one.ok)
    if (where === 'gone') assert.match(await line(one.value), /^HI/)
    else assert.equal(await rest(one.value), 'SORRY fault\r\n')
    one.value.destroy()
    await log.one('session-fault')
    await until(() => listener.connections() === 0)
    await join()
  })

test('a call that ends in the middle is ended properly: its finally runs', async (t) => {
  const { join, stage, log } = await open(t)
  const one = await join()
  assert.equal(await ask(one, 'QUIT\r\nNEVER'), 'OK QUIT')
  one.end()
  await log.one('connection-closed')
  assert.equal(stage.sessions[0]?.calls, 0)
})

test('a peer that vanishes while a session works: the session ends its call, then is told once', async (t) => {
  const { join, stage, log, listener } = await open(t)
  const one = await join()
  await one.send('HOLD\r\nA\r\n')
  await stage.held()
  one.destroy()
  await one.some()
  stage.release()
  await log.one('connection-closed')
  assert.equal(stage.sessions[0]?.isGone, 1)
  assert.equal(listener.connections(), 0)
})

test('listen says why it cannot', async (t) => {
  const { listener } = await open(t)
  const options: ListenOptions = {
    name: 'test',
    host: '127.0.0.1',
    port: listener.port,
    tls: 'none',
    newSession: new Stage().newSession,
    newId: () => 's',
    admit: () => 'ok',
    lastWords: () => '',
    log: new Witness(),
  }
  assert.deepEqual(await listen(options), { ok: false, error: 'in-use' })
  assert.deepEqual(await listen({ ...options, port: 0, host: '192.0.2.1' }), { ok: false, error: 'no-such-address' })
})

// ---- Compression ------------------------------------------------------------------------------------------------------

test('COMPRESS: both ways, from the act on, each answer at once', async (t) => {
  const { join, stage } = await open(t)
  const one = await join()
  assert.equal(await ask(one, 'COMPRESS'), 'OK COMPRESS')
  const deflate = createDeflateRaw({ flush: constants.Z_SYNC_FLUSH })
  const inflate = createInflateRaw()
  deflate.on('data', (chunk: Buffer) => void one.send(chunk))
  let text = ''
  inflate.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  const pumping = (async (): Promise<void> => {
    for (let some = await one.some(); some.ok; some = await one.some()) inflate.write(some.value)
  })()
  deflate.write('A\r\n')
  await until(() => text.endsWith('OK A\r\n'))
  deflate.write('BIG 20\r\nB\r\n')
  await until(() => text.endsWith('OK B\r\n'))
  assert.equal(text.length, 'OK A\r\n'.length + 2_000_000 + '\r\nOK B\r\n'.length)
  stage.sessions[0]?.ring()
  await until(() => text.endsWith('* RANG\r\n'))
  deflate.write('QUIT\r\n')
  await until(() => text.endsWith('OK QUIT\r\n'))
  one.end()
  await pumping
})

test('COMPRESS: a bomb meets back-pressure, and octets that are not deflate end the connection', async (t) => {
  const { join, stage, log } = await open(t)
  const one = await join()
  assert.equal(await ask(one, 'COMPRESS'), 'OK COMPRESS')
  const deflate = createDeflateRaw({ flush: constants.Z_SYNC_FLUSH })
  const bomb: Buffer[] = []
  deflate.on('data', (chunk: Buffer) => bomb.push(chunk))
  await new Promise<void>((resolve) => deflate.write('HOLD\r\n', () => resolve()))
  await new Promise<void>((resolve) => deflate.write(Buffer.alloc(64 << 20), () => resolve()))
  await until(() => Buffer.concat(bomb).length > 60_000)
  const before = process.memoryUsage().arrayBuffers
  await one.send(Buffer.concat(bomb))
  await stage.held()
  for (let turns = 0; turns < 500; turns += 1) await new Promise((resolve) => setImmediate(resolve))
  assert.ok(process.memoryUsage().arrayBuffers - before < 8 << 20, 'the bomb went off')
  one.destroy()
  stage.release()

  const other = await join()
  assert.equal(await ask(other, 'COMPRESS'), 'OK COMPRESS')
  await other.send(Buffer.alloc(64, 0xff))
  assert.equal(await rest(other), '')
  await until(() => log.seen.filter((event) => event.name === 'connection-closed').length === 2)
})
