import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { createSecureContext } from 'node:tls'
import { issue } from './authority.ts'

test('a server certificate is signed by its authority and holds the names', async () => {
  const made = await issue(['mx.example.org', 'localhost', '127.0.0.1'], Date.now())
  const root = new X509Certificate(made.authority.certificatePem)
  const server = new X509Certificate(made.server.certificatePem)
  assert.ok(root.ca && !server.ca)
  assert.ok(server.verify(root.publicKey) && server.checkIssued(root))
  assert.equal(server.checkHost('mx.example.org'), 'mx.example.org')
  assert.equal(server.checkIP('127.0.0.1'), '127.0.0.1')
  assert.equal(server.checkHost('evil.example'), undefined)
  createSecureContext({ cert: made.server.certificatePem, key: made.server.keyPem })
})
