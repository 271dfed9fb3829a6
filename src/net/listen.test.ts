import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { connect } from 'node:net'
import { before, type TestContext, test } from 'node:test'
import { connect as connectTls, type SecureContext, type TLSSocket } from 'node:tls'
import { type Issued, issue } from '../app/tls/authority.ts'
import { readPrefix } from '../base/ip.ts'
import { type Connection, dial } from './client.ts'
import type { ListenOptions } from './listen.ts'
import { writeProxy } from './proxy.ts'
import { newSecureContext } from './secure.ts'
import { line, openPlace, type Place, rest } from './testing.ts'

const context = (issued: Issued): SecureContext =>
  newSecureContext({ certificate: issued.certificatePem, key: issued.keyPem })
let ca = ''
let first: SecureContext
let second: SecureContext
before(async () => {
  const one = await issue(['localhost', '127.0.0.1'], Date.now())
  const other = await issue(['other.example'], Date.now())
  ca = one.authority.certificatePem
  first = context(one.server)
  second = context(other.server)
})

type House = Omit<Place, 'join'> & { readonly join: (from?: string) => Promise<Connection> }
/** A place that the test's end closes; `join` comes from an address. */
const open = async (t: TestContext, options: Partial<ListenOptions> = {}): Promise<House> => {
  const place = await openPlace({ tls: 'starttls', contexts: () => first, ...options })
  t.after(place.close)
  const tls = options.tls === 'implicit' ? { tls: { verify: true, ca, serverName: 'localhost' } } : {}
  const join = async (from?: string): Promise<Connection> =>
    place.join({ ...tls, ...(from === undefined ? {} : { localAddress: from }) })
  return { ...place, join }
}

/** Sends lines and returns as many answers. */
const ask = async (one: Connection, ...lines: readonly string[]): Promise<readonly string[]> => {
  await one.send(lines.map((text) => `${text}\r\n`).join(''))
  const answers: string[] = []
  for (const _ of lines) answers.push(await line(one))
  return answers
}

for (const tls of ['none', 'starttls', 'implicit'] as const)
  test(`${tls}: greets, answers in order, closes when the session does`, async (t) => {
    const { join, log, stage, listener } = await open(t, { tls })
    const one = await join()
    assert.equal(await line(one), `HI 127.0.0.1 ${listener.port}`)
    assert.deepEqual(await ask(one, 'A', 'B', 'MIX', 'C'), ['OK A', 'OK B', 'üß', 'OK C'])
    assert.equal(listener.connections(), 1)
    assert.deepEqual(await ask(one, 'QUIT'), ['OK QUIT'])
    assert.equal(await rest(one), '')
    one.end()
    const closed = await log.one('connection-closed')
    assert.equal(closed['why'], 'closed')
    assert.equal(closed['session'], 's1')
    assert.equal(stage.sessions[0]?.isGone, 1)
    assert.equal(listener.connections(), 0)
  })

test('all that a peer sent before it closed its side is answered', async (t) => {
  const { join, log } = await open(t)
  const one = await join()
  await one.send('A\r\nB\r\nC\r\n')
  one.end()
  assert.equal(await rest(one).then((text) => text.split('\r\n').slice(1).join()), 'OK A,OK B,OK C,')
  assert.equal((await log.one('connection-closed'))['why'], 'peer')
})

test('many megabytes go out whole and in order', async (t) => {
  for (const tls of ['none', 'implicit'] as const) {
    const { join } = await open(t, { tls })
    const one = await join()
    await line(one)
    await one.send('BIG 50\r\nAFTER\r\n')
    const got = await one.take(5_000_000)
    assert.ok(got.ok && got.value.every((octet) => octet === 0x78))
    assert.equal(await line(one), '')
    assert.equal(await line(one), 'OK AFTER')
  }
})

// ---- TLS --------------------------------------------------------------------------------------------------------------

const upgrade = async (one: Connection): Promise<void> => {
  const secured = await one.secure({ verify: true, ca, serverName: 'localhost' })
  assert.ok(secured.ok, 'secure')
}

test('STARTTLS: the session learns of TLS, and of the name that was asked for', async (t) => {
  const { join } = await open(t)
  const one = await join()
  await line(one)
  assert.deepEqual(await ask(one, 'TLS', 'STARTTLS'), ['TLS none -', 'OK STARTTLS'])
  await upgrade(one)
  assert.deepEqual(await ask(one, 'TLS'), ['TLS TLSv1.3 localhost'])
  assert.deepEqual(await ask(one, 'QUIT'), ['OK QUIT'])
})

test('CVE-2011-0411: what is pipelined behind STARTTLS is thrown away', async (t) => {
  const { join } = await open(t)
  const one = await join()
  await line(one)
  await one.send('STARTTLS\r\nINJECTED\r\n')
  assert.equal(await line(one), 'OK STARTTLS')
  await upgrade(one)
  assert.deepEqual(await ask(one, 'HONEST'), ['OK HONEST'])
})

test('what is pipelined behind STARTTLS in segments of its own is thrown away too', async (t) => {
  const { join, stage } = await open(t)
  const one = await join()
  await line(one)
  await one.send('HOLD\r\nSTARTTLS\r\n')
  await stage.held()
  await one.send('INJECTED\r\n')
  const seen = connect({ host: '127.0.0.1', port: (await open(t)).listener.port }) // a round trip: the octets above have come by then
  await new Promise((resolve) => seen.once('data', resolve))
  seen.destroy()
  stage.release()
  assert.deepEqual([await line(one), await line(one)], ['HELD', 'OK STARTTLS'])
  await upgrade(one)
  assert.deepEqual(await ask(one, 'HONEST'), ['OK HONEST'])
})

test('STARTTLS where there is no TLS, or twice, is a fault of the session, and the server lives', async (t) => {
  const { join, log } = await open(t, { tls: 'none' })
  const one = await join()
  await line(one)
  assert.deepEqual(await ask(one, 'STARTTLS'), ['OK STARTTLS'])
  assert.equal(await line(one), 'SORRY fault')
  assert.match(String((await log.one('session-fault'))['fault']), /start-tls/)
  assert.match(await line(await join()), /^HI/)
})

test('channel bindings are those that the client computes', async (t) => {
  const { listener } = await open(t, { tls: 'implicit' })
  for (const version of ['TLSv1.3', 'TLSv1.2'] as const) {
    const socket: TLSSocket = connectTls({
      host: '127.0.0.1',
      port: listener.port,
      ca,
      servername: 'localhost',
      maxVersion: version,
    })
    const text: string[] = []
    const done = new Promise<void>((resolve) =>
      socket.on('data', (chunk) => text.push(String(chunk))).on('end', resolve),
    )
    await new Promise((resolve) => socket.once('secureConnect', resolve))
    socket.end('BIND tls-exporter\r\nBIND tls-server-end-point\r\n')
    const exported = socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0)).toString('hex')
    const point = createHash('sha256')
      .update(socket.getPeerX509Certificate()?.raw ?? '')
      .digest('hex')
    await done
    const [, exporter, endPoint] = text.join('').split('\r\n')
    assert.equal(exporter, `BIND ${version === 'TLSv1.3' ? exported : 'none'}`)
    assert.equal(endPoint, `BIND ${point}`)
  }
})

test('the certificate is asked for at each handshake, by name: renewal closes nothing', async (t) => {
  let now = 'first'
  const asked: (string | undefined)[] = []
  const contexts = (name: string | undefined): SecureContext => {
    asked.push(name)
    return now === 'first' ? first : second
  }
  const { join, listener } = await open(t, { tls: 'implicit', contexts })
  const one = await join()
  await line(one)
  now = 'second'
  const other = await dial({
    host: '127.0.0.1',
    port: listener.port,
    tls: { verify: false, serverName: 'other.example' },
  })
  assert.ok(other.ok)
  assert.notDeepEqual(other.value.tls()?.certificate, one.tls()?.certificate)
  assert.ok(asked.includes('other.example'))
  assert.deepEqual(await ask(one, 'STILL HERE'), ['OK STILL HERE'])
  other.value.destroy()
})

const badHandshakes: readonly (readonly [string, string, RegExp])[] = [
  ['plain SMTP', 'EHLO there\r\n', /ERR_SSL/],
  ['a web browser', 'GET / HTTP/1.0\r\n\r\n', /ERR_SSL_HTTP_REQUEST/],
  ['the end', '', /closed|ECONNRESET|ERR_SSL|EOF/i],
]
for (const [what, octets, why] of badHandshakes)
  test(`implicit TLS met by ${what} is an event, and no session`, async (t) => {
    const { log, listener, join, stage } = await open(t, { tls: 'implicit' })
    const socket = connect({ host: '127.0.0.1', port: listener.port })
    socket.on('error', () => undefined).resume()
    socket.end(octets)
    assert.match(String((await log.one('tls-failed'))['why']), why)
    assert.equal(stage.sessions.length, 0)
    assert.match(await line(await join()), /^HI/)
    assert.equal(listener.connections(), 1)
  })

test('TLS 1.1 is refused', async (t) => {
  const { log, listener } = await open(t, { tls: 'implicit' })
  const socket = connectTls({
    host: '127.0.0.1',
    port: listener.port,
    ca,
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT@SECLEVEL=0',
  })
  socket.on('error', () => undefined)
  assert.match(String((await log.one('tls-failed'))['why']), /PROTOCOL|VERSION/)
})

test('a handshake that never comes ends in time: implicit and STARTTLS', async (t) => {
  const implicit = await open(t, { tls: 'implicit' })
  const silent = connect({ host: '127.0.0.1', port: implicit.listener.port })
  const ended = new Promise((resolve) => silent.on('error', resolve).on('close', resolve))
  await new Promise((resolve) => silent.once('connect', resolve))
  while (implicit.listener.connections() === 0) await new Promise((resolve) => setImmediate(resolve))
  implicit.clock.turn(16_000)
  await ended
  assert.equal((await implicit.log.one('tls-failed'))['why'], 'timeout')
  assert.equal(implicit.listener.connections(), 0)

  const starttls = await open(t)
  const one = await starttls.join()
  await line(one)
  await ask(one, 'STARTTLS')
  await new Promise((resolve) => setImmediate(resolve))
  starttls.clock.turn(16_000)
  assert.equal(await rest(one), '')
  assert.equal((await starttls.log.one('tls-failed'))['why'], 'timeout')
  assert.equal((await starttls.log.one('connection-closed'))['why'], 'tls-failed')
})

// ---- Before the greeting ----------------------------------------------------------------------------------------------

test('a barred address is closed without an octet', async (t) => {
  const { join, log, listener } = await open(t, { admit: (ip) => (ip === '127.0.0.9' ? 'barred' : 'ok') })
  assert.equal(await rest(await join('127.0.0.9')), '')
  assert.equal((await log.one('connection-barred'))['ip'], '127.0.0.9')
  assert.match(await line(await join('127.0.0.8')), /^HI 127.0.0.8/)
  assert.equal(listener.connections(), 1)
})

test('a refused address hears the last words', async (t) => {
  const { join } = await open(t, { admit: () => 'refused' })
  assert.equal(await rest(await join()), 'SORRY refused\r\n')
})

const crowds: readonly (readonly [string, Partial<ListenOptions['limits']>, readonly string[], string, string])[] = [
  ['address', { mostPerIp: 2 }, ['127.0.0.2', '127.0.0.2'], '127.0.0.2', '127.0.0.3'],
  ['network', { mostPerNet: 2 }, ['127.0.0.2', '127.0.0.3'], '127.0.0.4', '127.0.1.4'],
]
for (const [what, limits, inside, refused, welcome] of crowds)
  test(`too many from one ${what} hear the last words; others do not`, async (t) => {
    const told: string[] = []
    const { join, log } = await open(t, { limits: limits ?? {}, limited: (ip) => told.push(ip) })
    const open1 = []
    for (const from of inside) open1.push(await join(from))
    for (const one of open1) assert.match(await line(one), /^HI/)
    assert.equal(await rest(await join(refused)), 'SORRY limited\r\n')
    assert.equal((await log.one('connection-limited'))['why'], what)
    assert.deepEqual(told, [refused])
    assert.match(await line(await join(welcome)), /^HI/)
  })

test('too many in all are refused until one goes', async (t) => {
  const { join, log, listener } = await open(t, { limits: { most: 1 } })
  const one = await join()
  await line(one)
  assert.equal(await rest(await join()), 'SORRY limited\r\n')
  one.destroy()
  await log.one('connection-closed')
  assert.equal(listener.connections(), 0)
  assert.match(await line(await join()), /^HI/)
})

test('implicit TLS: too many are closed without words, which would not be TLS', async (t) => {
  const { listener } = await open(t, { tls: 'implicit', limits: { most: 0 } })
  const one = await dial({ host: '127.0.0.1', port: listener.port })
  assert.ok(one.ok)
  assert.equal(await rest(one.value), '')
})

test('plaintext passwords: only from loopback, only with the setting, never behind TLS that is asked for elsewhere', async (t) => {
  const without = await (await open(t)).join()
  await line(without)
  assert.deepEqual(await ask(without, 'PLAIN'), ['PLAIN false'])
  const trusted = readPrefix('127.0.0.0/8')
  assert.ok(trusted.ok)
  const behind = await open(t, { plaintextFromLoopback: true, proxyFrom: [trusted.value] })
  for (const [ip, answer] of [
    ['192.0.2.7', 'PLAIN false'],
    ['127.0.0.1', 'PLAIN true'],
  ] as const) {
    const one = await behind.join()
    await one.send(writeProxy({ sourceIp: ip, sourcePort: 4, targetIp: '192.0.2.1', targetPort: 25 }, 2))
    await line(one)
    assert.deepEqual(await ask(one, 'PLAIN'), [answer])
  }
})

// ---- PROXY ------------------------------------------------------------------------------------------------------------

const behindProxy = async (t: TestContext, more: Partial<ListenOptions> = {}): Promise<House> => {
  const prefix = readPrefix('127.0.0.0/25')
  assert.ok(prefix.ok)
  return open(t, { proxyFrom: [prefix.value], ...more })
}
const told = { sourceIp: '192.0.2.7', sourcePort: 4711, targetIp: '192.0.2.1', targetPort: 25 }

for (const version of [1, 2] as const)
  test(`PROXY ${version}: the session sees whom the proxy speaks for, and what comes in the same segment`, async (t) => {
    const { join } = await behindProxy(t)
    const one = await join('127.0.0.2')
    await one.send(Buffer.concat([writeProxy(told, version), Buffer.from('EARLY BIRD\r\n')]))
    assert.equal(await line(one), 'HI 192.0.2.7 25')
    assert.equal(await line(one), 'OK EARLY BIRD')
  })

test('PROXY: octet by octet, then TLS in the same write as the last of them', async (t) => {
  const { listener } = await behindProxy(t, { tls: 'implicit' })
  const raw = connect({ host: '127.0.0.1', port: listener.port })
  const header = writeProxy(told, 1)
  for (const octet of header.subarray(0, -5)) raw.write(Uint8Array.of(octet))
  raw.cork()
  raw.write(header.subarray(-5))
  const socket = connectTls({ socket: raw, ca, servername: 'localhost' })
  process.nextTick(() => raw.uncork())
  const hi = await new Promise((resolve) => socket.once('data', (chunk) => resolve(String(chunk))))
  assert.equal(hi, 'HI 192.0.2.7 25\r\n')
  socket.destroy()
})

test('PROXY: the ban counts for whom the proxy speaks for', async (t) => {
  const { join, log } = await behindProxy(t, { admit: (ip) => (ip === '192.0.2.7' ? 'barred' : 'ok') })
  const one = await join('127.0.0.2')
  await one.send(writeProxy(told, 2))
  assert.equal(await rest(one), '')
  assert.equal((await log.one('connection-barred'))['ip'], '192.0.2.7')
})

test('PROXY: required from a proxy, and nothing but octets from elsewhere', async (t) => {
  const { join, log } = await behindProxy(t)
  const bare = await join('127.0.0.2')
  await bare.send('EHLO there\r\n')
  assert.equal(await rest(bare), '')
  assert.equal((await log.one('proxy-failed'))['why'], 'malformed')
  const elsewhere = await join('127.0.0.200')
  assert.match(await line(elsewhere), /^HI 127.0.0.200/)
  await elsewhere.send(writeProxy(told, 1))
  assert.match(await line(elsewhere), /^OK PROXY TCP4/)
})

test('PROXY: a header that never comes ends in time', async (t) => {
  const { join, log, clock, stage } = await behindProxy(t)
  const one = await join('127.0.0.2')
  await one.send('PROXY TCP4')
  const late = log.one('proxy-failed')
  for (let turns = 0; turns < 20; turns += 1) {
    await new Promise((resolve) => setImmediate(resolve))
    clock.turn(1000)
  }
  assert.equal((await late)['why'], 'timeout')
  assert.equal(await rest(one), '')
  assert.equal(stage.sessions.length, 0)
})

test('0.0.0.0 and [::] stand beside each other on one port, each its own listener', async (t) => {
  const four = await openPlace({ host: '0.0.0.0' })
  t.after(four.close)
  const six = await openPlace({ host: '::', port: four.listener.port }).catch((error: Error) => error)
  if (six instanceof Error) return t.skip(`there is no IPv6 here: ${six.message}`)
  t.after(six.close)
  assert.equal(six.listener.port, four.listener.port)
  const one = await dial({ host: '::1', port: six.listener.port })
  assert.ok(one.ok)
  assert.equal(await line(one.value), `HI ::1 ${six.listener.port}`)
  one.value.destroy()
  assert.equal(four.listener.connections(), 0)
})
