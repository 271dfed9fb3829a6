import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { askServer, listenAdmin } from './socket.ts'
import { MOST_REQUEST, SOCKET_NAME } from './wire.ts'

const folder = mkdtempSync(join(tmpdir(), 'postern-admin-'))
const server = await listenAdmin(folder, async ({ verb, words }) =>
  verb === 'echo' ? { ok: true, value: words } : { ok: false, says: `no verb ${verb}` },
)
assert.ok(server.ok)
after(() => {
  if (server.ok) server.value.close()
  rmSync(folder, { recursive: true, force: true })
})

test('a request is answered', async () => {
  assert.deepEqual(await askServer(folder, { verb: 'echo', words: { a: 'é' } }), {
    ok: true,
    value: { ok: true, value: { a: 'é' } },
  })
  assert.deepEqual(await askServer(folder, { verb: 'x', words: {} }), {
    ok: true,
    value: { ok: false, says: 'no verb x' },
  })
})

test('only its owner may open it', () => {
  assert.equal(statSync(join(folder, SOCKET_NAME)).mode & 0o777, 0o600)
})

test('where no server is, that is said', async () => {
  assert.deepEqual(await askServer(join(folder, 'nowhere'), { verb: 'echo', words: {} }), {
    ok: false,
    error: 'no-server',
  })
})

for (const [what, bytes] of [
  ['no JSON', 'hello\n'],
  ['an endless line', 'x'.repeat(MOST_REQUEST + 1)],
] as const)
  test(`${what} ends the connection`, async () => {
    const socket = createConnection(join(folder, SOCKET_NAME))
    socket.on('error', () => undefined)
    socket.write(bytes)
    const said = await new Promise<string>((resolve) => {
      let text = ''
      socket.on('data', (piece) => (text += piece.toString()))
      socket.once('close', () => resolve(text))
    })
    assert.ok(said === '' || said.includes('"ok":false'), said)
  })
