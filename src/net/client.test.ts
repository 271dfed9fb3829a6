/** The client against a server made of node:net, so that it is not tested against our own pump alone. */
import assert from 'node:assert/strict'
import { createServer, type Server, type Socket } from 'node:net'
import { before, type TestContext, test } from 'node:test'
import { createServer as createTlsServer, TLSSocket } from 'node:tls'
import { type Issued, issue } from '../app/tls/authority.ts'
import { type Connection, type DialOptions, dial } from './client.ts'
import { newSecureContext } from './secure.ts'
import { HandClock } from './testing.ts'

let issued: { readonly authority: Issued; readonly server: Issued }
before(async () => {
  issued = await issue(['localhost'], Date.now())
})
const secureContext = (): ReturnType<typeof newSecureContext> =>
  newSecureContext({ certificate: issued.server.certificatePem, key: issued.server.keyPem })

/** @returns the port of a server that does `serve` with each connection; the test's end closes it. */
const serve = async (t: TestContext, begin: (socket: Socket) => void, make?: () => Server): Promise<number> => {
  const sockets = new Set<Socket>()
  const server = (make ?? createServer)()
  server.on(make === undefined ? 'connection' : 'secureConnection', begin)
  server.on('connection', (socket) => sockets.add(socket.on('error', () => undefined)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const at = server.address()
  assert.ok(at !== null && typeof at === 'object')
  return at.port
}
const open = async (t: TestContext, port: number, more: Partial<DialOptions> = {}): Promise<Connection> => {
  const dialled = await dial({ host: '127.0.0.1', port, waitMs: 5000, ...more })
  assert.ok(dialled.ok)
  t.after(() => dialled.value.destroy())
  return dialled.value
}

test('lines with CRLF and LF, octets, and what is left, whichever way they come', async (t) => {
  const octets = Buffer.from('220 hi\r\nzwölf\nabcdefrest')
  const port = await serve(t, (socket) => {
    let at = 0
    const next = (): void => {
      socket.write(octets.subarray(at, at + 3))
      at += 3
      if (at < octets.length) setImmediate(next)
      else socket.end()
    }
    next()
  })
  const one = await open(t, port)
  assert.deepEqual(await one.line(), { ok: true, value: '220 hi' })
  assert.deepEqual(await one.line(), { ok: true, value: 'zwölf' })
  const six = await one.take(6)
  assert.equal(six.ok && Buffer.from(six.value).toString(), 'abcdef')
  let rest = ''
  for (let some = await one.some(); some.ok; some = await one.some()) rest += Buffer.from(some.value).toString()
  assert.equal(rest, 'rest')
  assert.deepEqual([await one.some(), await one.line()], Array(2).fill({ ok: false, error: 'closed' }))
})

test('more octets than are held at once', async (t) => {
  const port = await serve(t, (socket) => socket.end(Buffer.alloc(3 << 20, 'x')))
  const one = await open(t, port)
  const all = await one.take(3 << 20)
  assert.ok(all.ok && all.value.length === 3 << 20)
})

test('what the peer sends unasked is held within bounds', async (t) => {
  let socket: Socket | undefined
  const port = await serve(t, (accepted) => {
    socket = accepted
    accepted.write(Buffer.alloc(64 << 20, 'x'))
  })
  const one = await open(t, port)
  for (let turns = 0; turns < 200; turns += 1) await new Promise((resolve) => setImmediate(resolve))
  assert.ok((socket?.writableLength ?? 0) > 0, 'all 64 MiB were taken')
  one.destroy()
})

test('a line too long', async (t) => {
  const port = await serve(t, (socket) => socket.write('x'.repeat(100_000)))
  assert.deepEqual(await (await open(t, port)).line(), { ok: false, error: 'too-long' })
})

test('the local address is the one that was chosen', async (t) => {
  let from = ''
  const port = await serve(t, (socket) => {
    from = socket.remoteAddress ?? ''
    socket.write('hi\r\n')
  })
  const one = await open(t, port, { localAddress: '127.0.0.77' })
  await one.line()
  assert.deepEqual([one.localAddress, from], ['127.0.0.77', '127.0.0.77'])
  const odd = await dial({ host: '127.0.0.1', port, localAddress: '192.0.2.1' })
  assert.equal(odd.ok, false)
})

test('why there is no connection', async (t) => {
  const port = await serve(t, () => undefined)
  const gone = await serve(t, (socket) => socket.destroy())
  assert.equal((await dial({ host: '127.0.0.1', port, tls: { verify: true }, signal: AbortSignal.abort() })).ok, false)
  assert.deepEqual(await dial({ host: '127.0.0.1', port, signal: AbortSignal.abort() }), {
    ok: false,
    error: 'aborted',
  })
  assert.deepEqual(await dial({ host: '127.0.0.1', port: gone, tls: { verify: true } }), { ok: false, error: 'tls' })
  const closed = createServer()
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve))
  const at = closed.address()
  await new Promise((resolve) => closed.close(resolve))
  assert.ok(at !== null && typeof at === 'object')
  assert.deepEqual(await dial({ host: '127.0.0.1', port: at.port }), { ok: false, error: 'refused' })
})

test('waits end: by the clock, and by the signal', async (t) => {
  const port = await serve(t, () => undefined)
  const clock = new HandClock()
  const late = await open(t, port, { clock, waitMs: 1000 })
  const line = late.line()
  clock.turn(1000)
  assert.deepEqual(await line, { ok: false, error: 'timeout' })
  const some = late.some(10)
  clock.turn(10)
  assert.deepEqual(await some, { ok: false, error: 'timeout' })
  assert.equal(clock.waiting, 0)
  const control = new AbortController()
  const one = await open(t, port, { signal: control.signal })
  const waiting = one.take(5)
  control.abort()
  assert.deepEqual(await waiting, { ok: false, error: 'aborted' })
  assert.deepEqual(await one.send('x'), { ok: false, error: 'aborted' })
})

test('a handshake that never comes ends in time', async (t) => {
  const port = await serve(t, () => undefined)
  const clock = new HandClock()
  const dialled = dial({ host: '127.0.0.1', port, clock, connectMs: 1000, tls: { verify: true } })
  for (let turns = 0; turns < 50; turns += 1) await new Promise((resolve) => setImmediate(resolve))
  clock.turn(1000)
  assert.deepEqual(await dialled, { ok: false, error: 'timeout' })
})

test('a peer that does not read: send waits, and no longer than it may', async (t) => {
  const port = await serve(t, (socket) => socket.pause())
  const clock = new HandClock()
  const one = await open(t, port, { clock, waitMs: 1000 })
  const sent = one.send(Buffer.alloc(64 << 20))
  for (let turns = 0; turns < 50; turns += 1) await new Promise((resolve) => setImmediate(resolve))
  clock.turn(1000)
  assert.deepEqual(await sent, { ok: false, error: 'timeout' })
})

test('TLS: the certificate is checked when it should be, and shown', async (t) => {
  const port = await serve(
    t,
    (socket) => socket.write('hi\r\n'),
    () => createTlsServer({ cert: issued.server.certificatePem, key: issued.server.keyPem }),
  )
  const ca = issued.authority.certificatePem
  const good = await open(t, port, { tls: { verify: true, ca, serverName: 'localhost' } })
  assert.deepEqual(await good.line(), { ok: true, value: 'hi' })
  const agreed = good.tls()
  assert.deepEqual(
    [agreed?.version, agreed?.authorized, (agreed?.certificate?.length ?? 0) > 100],
    ['TLSv1.3', true, true],
  )
  for (const tls of [
    { verify: true, serverName: 'localhost' },
    { verify: true, ca, serverName: 'other.example' },
  ])
    assert.deepEqual(await dial({ host: '127.0.0.1', port, tls }), { ok: false, error: 'tls' })
  const lax = await open(t, port, { tls: { verify: false, serverName: 'localhost' } })
  assert.equal(lax.tls()?.authorized, false)
})

const starttls = (injected: string) => (socket: Socket) => {
  socket.write('220 hi\r\n')
  socket.once('data', () => {
    socket.pause()
    socket.write(`220 go\r\n${injected}`, () => {
      const secure = new TLSSocket(socket, { isServer: true, secureContext: secureContext() })
      secure.on('error', () => undefined)
      secure.on('data', (chunk) => secure.write(chunk))
    })
  })
}
test('STARTTLS', async (t) => {
  const one = await open(t, await serve(t, starttls('')))
  await one.line()
  await one.send('STARTTLS\r\n')
  assert.deepEqual(await one.line(), { ok: true, value: '220 go' })
  const secured = await one.secure({ verify: true, ca: issued.authority.certificatePem, serverName: 'localhost' })
  assert.ok(secured.ok)
  await one.send('echo\r\n')
  assert.deepEqual(await one.line(), { ok: true, value: 'echo' })
})
test('CVE-2021-38370 and its kin: answers put in before TLS end it', async (t) => {
  const one = await open(t, await serve(t, starttls('250 injected\r\n')))
  await one.line()
  await one.send('STARTTLS\r\n')
  await one.line()
  const secured = await one.secure({ verify: true, ca: issued.authority.certificatePem, serverName: 'localhost' })
  assert.equal(secured.ok, false)
})

const secureServer = (cert: string, key: string) => (socket: Socket) => {
  socket.write('220 hi\r\n')
  socket.once('data', () => {
    socket.pause()
    socket.write('220 go\r\n', () => {
      const secure = new TLSSocket(socket, {
        isServer: true,
        secureContext: newSecureContext({ certificate: cert, key }),
      })
      secure.on('error', () => undefined)
    })
  })
}
const beginTls = async (t: TestContext, given: Issued): Promise<Connection> => {
  const one = await open(t, await serve(t, secureServer(given.certificatePem, given.keyPem)))
  await one.line()
  await one.send('STARTTLS\r\n')
  await one.line()
  return one
}
test('what is wrong with a certificate, in the words of RFC 8460', async (t) => {
  const old = await issue(['localhost'], Date.now() - 800 * 86_400_000)
  const ours = issued.authority.certificatePem
  for (const [given, ca, serverName, want] of [
    [issued.server, ours, 'localhost', undefined],
    [issued.server, ours, 'other.example', 'certificate-host-mismatch'],
    [issued.server, undefined, 'localhost', 'certificate-not-trusted'],
    [old.server, old.authority.certificatePem, 'localhost', 'certificate-expired'],
  ] as const) {
    const tls = { serverName, ...(ca === undefined ? {} : { ca }) }
    const lax = await (await beginTls(t, given)).secure({ ...tls, verify: false })
    assert.deepEqual(lax.ok && [lax.value.authorized, lax.value.problem], [want === undefined, want])
    const strict = await beginTls(t, given)
    const secured = await strict.secure({ ...tls, verify: true })
    assert.equal(secured.ok ? undefined : secured.error, want)
    if (want !== undefined) assert.equal((await strict.send('x')).ok, false, 'the connection is ended')
  }
})
test('a check of the chain decides alone', async (t) => {
  for (const want of [undefined, 'tlsa-invalid'] as const) {
    let seen: readonly [number, string | undefined] | undefined
    const secured = await (await beginTls(t, issued.server)).secure({
      verify: true,
      serverName: 'mx.example.org',
      check: (chain, problem) => {
        seen = [chain.length, problem]
        return want
      },
    })
    assert.equal(secured.ok ? undefined : secured.error, want)
    assert.deepEqual(seen, [2, 'certificate-not-trusted'], 'the whole chain, although pkix has its doubts')
  }
})
