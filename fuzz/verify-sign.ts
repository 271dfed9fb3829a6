/** Signing: any octets with a From are signed or refused, and what is signed says what was signed; results of our own become one field. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { ownResults } from '../src/verify/arc-results.ts'
import { sealArc } from '../src/verify/arc-seal.ts'
import { readSets, topOf } from '../src/verify/arc-sets.ts'
import { signDkim } from '../src/verify/dkim-sign.ts'
import { readSignature } from '../src/verify/dkim-signature.ts'
import { type ReadMessage, readMessage } from '../src/verify/fields.ts'
import { readSigningKey, type SigningKey } from '../src/verify/signing-key.ts'
import type { FuzzTarget } from './target.ts'

const fresh = (): SigningKey => {
  const key = readSigningKey(generateKeyPairSync('ed25519').privateKey)
  if (!key.ok) throw new Error(key.error)
  return key.value
}
const who = { domain: 'example.com', selector: 'sel', key: fresh() }

const dkim = (message: ReadMessage): void => {
  const field = signDkim(message, who, 0)
  if (!field.ok) return
  assert.match(field.value, /^(?:[\x20-\x7e\t]{1,998}\r\n)+$/)
  const [only, ...others] = readMessage(Buffer.from(`${field.value}\r\n`, 'latin1')).fields
  const read = readSignature(only?.value ?? '')
  assert.ok(read.ok && others.length === 0 && read.value.names.includes('from'))
}

/** A set goes on top as three fields whatever the message holds, and is then a chain that can be read, unless it says that it is none. */
const arc = (message: ReadMessage): void => {
  readSets(message.fields)
  const top = topOf(message.fields)
  const own = ownResults(message.fields, 'fwd.example')
  const [word] = own?.arc ?? []
  const cv = word === 'pass' || word === 'fail' ? word : 'none'
  const sealer = { ...who, authserv: 'fwd.example' }
  const made = sealArc(message, sealer, { cv, results: own?.texts ?? ['none'], now: 0 })
  if (!made.ok) return
  const { seal, messageSignature, results } = made.value
  const { fields } = readMessage(Buffer.from(`${seal}${messageSignature}${results}\r\n`, 'latin1'))
  assert.deepEqual(
    fields.map((field) => field.name),
    ['arc-seal', 'arc-message-signature', 'arc-authentication-results'],
  )
  const after = topOf([...fields, ...message.fields])
  assert.deepEqual(after, { instance: top.instance + 1, ended: seal.includes('cv=fail') })
  if (!after.ended) assert.ok(readSets([...fields, ...message.fields]).ok)
}

export const target: FuzzTarget = {
  name: 'verify-sign',
  seeds: () =>
    [
      'From: a@example.com\r\nAuthentication-Results: fwd.example; spf=pass reason="a;b" (c;(d)) smtp.helo=x; arc=none\r\nTo: b\r\n\r\nbody \t\r\n\r\n',
      'ARC-Seal: i=1; a=ed25519-sha256; cv=none; d=example.com; s=sel; b=AAAA\r\nARC-Message-Signature: i=1; a=ed25519-sha256; d=example.com; s=sel; h=from; bh=AAAA; b=AAAA\r\n' +
        'ARC-Authentication-Results: (x) i=1; fwd.example; none\r\nAuthentication-Results: fwd.example; arc=pass\r\nFrom: a@example.com\r\n\r\n',
      'ARC-Seal: i=2; cv=fail\nFrom: x\n y\nAuthentication-Results: FWD.example;\n arc=fail\n\nbody',
    ].map((text) => Buffer.from(text, 'latin1')),
  run: (input) => {
    const message = readMessage(input)
    dkim(message)
    arc(message)
    readSigningKey(Buffer.from(input).toString('latin1'))
  },
}
