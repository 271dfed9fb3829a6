import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Connection, dial } from './client.ts'
import { type HttpListener, serveHttp } from './http.ts'

let listener: HttpListener
const failures: unknown[] = []
before(async () => {
  const served = await serveHttp({
    port: 0,
    routes: {
      '/metrics': () => ({ status: 200, type: 'text/plain; version=0.0.4', body: 'postern_up 1\n' }),
      '/healthz': async () => ({ status: 503, type: 'application/json', body: '{"ok":false}' }),
      '/broken': () => {
        throw new Error('secret path /etc/shadow')
      },
    },
    failed: (path, error) => failures.push([path, error]),
  })
  assert.ok(served.ok)
  listener = served.value
})
after(async () => listener.close())

const answers: readonly (readonly [string, string, number, string])[] = [
  ['GET', '/metrics', 200, 'postern_up 1\n'],
  ['GET', '/metrics?x=1', 200, 'postern_up 1\n'],
  ['HEAD', '/metrics', 200, ''],
  ['GET', '/healthz', 503, '{"ok":false}'],
  ['GET', '/', 404, 'not found\n'],
  ['GET', '/__proto__', 404, 'not found\n'],
  ['POST', '/metrics', 405, 'only GET\n'],
  ['GET', '/broken', 500, 'a mistake of ours\n'],
]
for (const [method, path, status, body] of answers)
  test(`${method} ${path} is ${status}`, async () => {
    const response = await fetch(`http://127.0.0.1:${listener.port}${path}`, { method })
    assert.equal(response.status, status)
    assert.equal(await response.text(), body)
    if (status === 500) assert.match(String(failures), /broken/)
  })

const raw = async (text: string): Promise<string> => {
  const dialled = await dial({ host: '127.0.0.1', port: listener.port, waitMs: 5000 })
  assert.ok(dialled.ok)
  const one: Connection = dialled.value
  await one.send(text)
  const line = await one.line()
  one.destroy()
  return line.ok ? line.value : line.error
}
test('headers are bounded', async () => {
  assert.match(await raw(`GET /metrics HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(9000)}\r\n\r\n`), /^HTTP\/1.1 431/)
})
test('what is not HTTP is refused', async () => {
  assert.match(await raw('EHLO there\r\n\r\n'), /^HTTP\/1.1 400/)
})
test('a body with a GET is not taken for the next request', async () => {
  const smuggled = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'
  const one = await dial({ host: '127.0.0.1', port: listener.port, waitMs: 5000 })
  assert.ok(one.ok)
  await one.value.send(`GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`)
  let text = ''
  for (let some = await one.value.some(); some.ok; some = await one.value.some()) text += Buffer.from(some.value)
  assert.equal(text.match(/HTTP\/1.1/g)?.length, 1)
})
test('a port that is taken says so', async () => {
  assert.deepEqual(await serveHttp({ port: listener.port, routes: {} }), { ok: false, error: 'EADDRINUSE' })
})
