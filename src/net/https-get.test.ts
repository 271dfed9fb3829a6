/** The GET over HTTPS against our own server with TLS, and against servers that misbehave. */
import assert from 'node:assert/strict'
import { createServer, type Socket } from 'node:net'
import { before, type TestContext, test } from 'node:test'
import { createServer as createTlsServer } from 'node:tls'
import { type Issued, issue } from '../app/tls/authority.ts'
import { serveHttp } from './http.ts'
import { getHttps, type HttpsQuestion } from './https-get.ts'
import { newSecureContext } from './secure.ts'
import { HandClock } from './testing.ts'

const HOST = 'mta-sts.example.org'
let issued: { readonly authority: Issued; readonly server: Issued }
before(async () => {
  issued = await issue([HOST], Date.now())
})

const question = (port: number, more: Partial<HttpsQuestion> = {}): HttpsQuestion => ({
  host: HOST,
  addresses: ['127.0.0.1'],
  port,
  path: '/policy',
  mostOctets: 1000,
  totalMs: 5000,
  ca: issued.authority.certificatePem,
  ...more,
})
/** @returns the port of our own server. */
const serve = async (t: TestContext): Promise<number> => {
  const context = newSecureContext({ certificate: issued.server.certificatePem, key: issued.server.keyPem })
  const served = await serveHttp({
    port: 0,
    contexts: () => context,
    routes: {
      '/policy': (host) =>
        host === HOST ? { status: 200, type: 'Text/Plain; charset=utf-8', body: `for ${host}` } : undefined,
      '/big': () => ({ status: 200, type: 'text/plain', body: 'x'.repeat(1001) }),
      '/full': () => ({ status: 200, type: 'text/plain', body: 'x'.repeat(1000) }),
      '/moved': () => ({ status: 301, type: 'text/plain', body: '' }),
    },
  })
  assert.ok(served.ok)
  t.after(() => served.value.close())
  return served.value.port
}
/** @returns the port of a server that does `serve` with each socket after the handshake (or before, without TLS). */
const odd = async (t: TestContext, begin: (socket: Socket) => void, tls = true): Promise<number> => {
  const sockets = new Set<Socket>()
  const server = tls
    ? createTlsServer({ cert: issued.server.certificatePem, key: issued.server.keyPem }, begin)
    : createServer(begin)
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => undefined)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const at = server.address()
  assert.ok(at !== null && typeof at === 'object')
  return at.port
}

test('a body of its host, a status, and no redirect', async (t) => {
  const port = await serve(t)
  const got = await getHttps(question(port))
  assert.ok(got.ok)
  const { status, type, body } = got.value
  assert.deepEqual([status, type, Buffer.from(body).toString()], [200, 'text/plain', `for ${HOST}`])
  const moved = await getHttps(question(port, { path: '/moved' }))
  assert.equal(moved.ok && moved.value.status, 301)
  const none = await getHttps(question(port, { path: '/other' }))
  assert.equal(none.ok && none.value.status, 404)
})
test('the size is bounded', async (t) => {
  const port = await serve(t)
  assert.equal((await getHttps(question(port, { path: '/full' }))).ok, true)
  assert.deepEqual(await getHttps(question(port, { path: '/big' })), {
    ok: false,
    error: { kind: 'too-long', why: 'over 1000 octets' },
  })
})
test('the certificate must hold for the name', async (t) => {
  const port = await serve(t)
  const certificate = (why: string): unknown => ({ ok: false, error: { kind: 'certificate', why } })
  const other = { ...question(port), host: 'mta-sts.other.test' }
  assert.deepEqual(await getHttps(other), certificate('certificate-host-mismatch'))
  const { ca: _ca, ...without } = question(port)
  assert.deepEqual(await getHttps(without), certificate('certificate-not-trusted'))
  const old = await issue([HOST], Date.now() - 800 * 86_400_000)
  const context = newSecureContext({ certificate: old.server.certificatePem, key: old.server.keyPem })
  const served = await serveHttp({ port: 0, contexts: () => context, routes: {} })
  assert.ok(served.ok)
  t.after(() => served.value.close())
  const ended = await getHttps(question(served.value.port, { ca: old.authority.certificatePem }))
  assert.deepEqual(ended, certificate('certificate-expired'))
})
test('the next address where one does not answer', async (t) => {
  const port = await serve(t)
  const got = await getHttps(question(port, { addresses: ['127.0.0.9', '127.0.0.1'] }))
  assert.equal(got.ok && got.value.status, 200)
})
test('nobody there, and nobody at all', async (t) => {
  const port = await odd(t, (socket) => socket.destroy(), false)
  const gone = await getHttps(question(port))
  assert.equal(gone.ok ? '' : gone.error.kind, 'no-answer')
  const none = await getHttps(question(port, { addresses: [] }))
  assert.deepEqual(none, { ok: false, error: { kind: 'no-answer', why: 'no address' } })
})
test('what is no HTTP, and an answer that breaks off', async (t) => {
  for (const text of ['220 mx.test ESMTP\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf']) {
    const got = await getHttps(question(await odd(t, (socket) => socket.end(text))))
    assert.equal(got.ok ? '' : got.error.kind, 'no-answer', text)
  }
})
test('a header without end is bounded', async (t) => {
  const port = await odd(t, (socket) => socket.write(`HTTP/1.1 200 OK\r\nX: ${'y'.repeat(100_000)}`))
  const got = await getHttps(question(port))
  assert.deepEqual(got, { ok: false, error: { kind: 'no-answer', why: 'HPE_HEADER_OVERFLOW' } })
})
for (const [says, begin, tls] of [
  ['that never shakes hands', () => undefined, false],
  ['that never answers', () => undefined, true],
  ['that never ends', (socket: Socket) => void socket.write('HTTP/1.1 200 OK\r\n\r\nx'), true],
] as const)
  test(`a server ${says} ends in time`, async (t) => {
    const heard = Promise.withResolvers<void>()
    const port = await odd(
      t,
      (socket) => {
        begin(socket)
        heard.resolve()
      },
      tls,
    )
    const clock = new HandClock()
    const getting = getHttps(question(port, { clock, totalMs: 1000 }))
    await heard.promise
    for (let turns = 0; turns < 20; turns += 1) await new Promise((resolve) => setImmediate(resolve))
    clock.turn(1000)
    assert.deepEqual(await getting, { ok: false, error: { kind: 'timeout', why: '1000 ms' } })
    assert.equal(clock.waiting, 0)
  })

test('what is posted arrives whole, with its type', async (t) => {
  const octets = Buffer.alloc(100_000, 'report ')
  let seen = ''
  const port = await odd(t, (socket) => {
    socket.on('data', (piece: Buffer) => {
      seen += piece.toString('latin1')
      if (seen.endsWith(octets.toString('latin1'))) socket.end('HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n')
    })
  })
  const got = await getHttps(question(port, { path: '/in?x=1', post: { type: 'application/tlsrpt+gzip', octets } }))
  assert.ok(got.ok)
  assert.equal(got.value.status, 201)
  const [head = '', body] = seen.split('\r\n\r\n')
  assert.match(head, /^POST \/in\?x=1 HTTP\/1\.1\r\n/)
  assert.match(head, /\r\ncontent-type: application\/tlsrpt\+gzip\r\ncontent-length: 100000\r\n/i)
  assert.equal(body, octets.toString('latin1'))
})
