import assert from 'node:assert/strict'
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { readBase64Line, readMechanism, type SaslNeeds, startExchange } from './sasl.ts'
import type { ScramKeys } from './scram.ts'

const hmac = (key: Uint8Array, text: string): Buffer => createHmac('sha256', key).update(text).digest()
const keysOf = (password: string, salt: Uint8Array, iterations: number): ScramKeys => {
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256')
  const clientKey = hmac(salted, 'Client Key')
  return {
    salt,
    iterations,
    storedKey: createHash('sha256').update(clientKey).digest(),
    serverKey: hmac(salted, 'Server Key'),
  }
}
// The example of RFC 7677 section 3.
const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64')
const needs: SaslNeeds = { bindings: {}, nonce: () => '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0', secret: Buffer.alloc(32) }
const clientFirst = 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO'
const clientFinal =
  'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ='

test('SCRAM-SHA-256 holds the dialogue of RFC 7677 section 3', () => {
  const exchange = startExchange('SCRAM-SHA-256', needs)
  assert.deepEqual(exchange.hear(Buffer.from(clientFirst)), { turn: 'keys', user: 'user' })
  const first = exchange.keys(keysOf('pencil', salt, 4096))
  assert.equal(first.turn, 'say')
  assert.equal(
    first.turn === 'say' && Buffer.from(first.bytes).toString(),
    'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
  )
  const last = exchange.hear(Buffer.from(clientFinal))
  assert.equal(
    last.turn === 'say' && Buffer.from(last.bytes).toString(),
    'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
  )
  assert.equal(exchange.hear(new Uint8Array(0)).turn, 'proven')
})

for (const [name, keys, final] of [
  ['a wrong password', keysOf('pen', salt, 4096), clientFinal],
  ['an unknown user', null, clientFinal],
  ['another nonce', keysOf('pencil', salt, 4096), clientFinal.replace('rOpr', 'rOps')],
  ['another binding', keysOf('pencil', salt, 4096), clientFinal.replace('biws', 'eSws')],
  ['no proof', keysOf('pencil', salt, 4096), 'c=biws'],
] as const)
  test(`SCRAM fails on ${name}`, () => {
    const exchange = startExchange('SCRAM-SHA-256', needs)
    exchange.hear(Buffer.from(clientFirst))
    assert.equal(exchange.keys(keys).turn, 'say')
    assert.deepEqual(exchange.hear(Buffer.from(final)), { turn: 'failed', why: 'bad-proof', user: 'user' })
  })

const bindings = { 'tls-exporter': Buffer.from('exported') }
for (const [mechanism, first, why, with_] of [
  ['SCRAM-SHA-256', 'y,,n=user,r=abc', 'bad-binding', bindings],
  ['SCRAM-SHA-256', 'p=tls-exporter,,n=user,r=abc', 'bad-binding', bindings],
  ['SCRAM-SHA-256-PLUS', 'n,,n=user,r=abc', 'bad-binding', bindings],
  ['SCRAM-SHA-256-PLUS', 'p=tls-unique,,n=user,r=abc', 'bad-binding', bindings],
  ['SCRAM-SHA-256-PLUS', 'p=constructor,,n=user,r=abc', 'bad-binding', bindings],
  ['SCRAM-SHA-256', 'n,,n=us=er,r=abc', 'malformed', {}],
  ['SCRAM-SHA-256', 'n,,m=x,n=user,r=abc', 'malformed', {}],
  ['SCRAM-SHA-256', 'n,,n=,r=abc', 'malformed', {}],
  ['SCRAM-SHA-256', 'nothing', 'malformed', {}],
  ['PLAIN', 'user', 'malformed', {}],
  ['PLAIN', '\0user\0a\0b', 'malformed', {}],
  ['LOGIN', '', 'malformed', {}],
] as const)
  test(`${mechanism} refuses ${JSON.stringify(first)}`, () =>
    assert.deepEqual(startExchange(mechanism, { ...needs, bindings: with_ }).hear(Buffer.from(first)), {
      turn: 'failed',
      why,
      user: '',
    }))

test('SCRAM-SHA-256-PLUS is proven over its binding', () => {
  const exchange = startExchange('SCRAM-SHA-256-PLUS', { ...needs, bindings })
  const header = 'p=tls-exporter,,'
  const bare = 'n=us=2Cer,r=abc'
  assert.deepEqual(exchange.hear(Buffer.from(header + bare)), { turn: 'keys', user: 'us,er' })
  const said = exchange.keys(keysOf('pencil', salt, 4096))
  assert.equal(said.turn, 'say')
  const server = said.turn === 'say' ? Buffer.from(said.bytes).toString() : ''
  const unproven = `c=${Buffer.from(`${header}exported`).toString('base64')},${server.split(',')[0]}`
  const clientKey = hmac(pbkdf2Sync('pencil', salt, 4096, 32, 'sha256'), 'Client Key')
  const signature = hmac(keysOf('pencil', salt, 4096).storedKey, `${bare},${server},${unproven}`)
  const proof = Buffer.from(clientKey.map((octet, index) => octet ^ (signature[index] ?? 0))).toString('base64')
  assert.equal(exchange.hear(Buffer.from(`${unproven},p=${proof}`)).turn, 'say')
})

test('PLAIN and LOGIN give the password that was said', () => {
  assert.deepEqual(startExchange('PLAIN', needs).hear(Buffer.from('a\0üser\0pass word')), {
    turn: 'password',
    user: 'üser',
    authzid: 'a',
    password: 'pass word',
  })
  const login = startExchange('LOGIN', needs)
  assert.equal(login.hear(Buffer.from('me')).turn, 'say')
  assert.deepEqual(login.hear(Buffer.from('secret')), { turn: 'password', user: 'me', authzid: '', password: 'secret' })
})

test('no octets make an exchange throw', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('PLAIN', 'LOGIN', 'SCRAM-SHA-256', 'SCRAM-SHA-256-PLUS'),
      fc.array(fc.uint8Array()),
      (mechanism, answers) => {
        const exchange = startExchange(mechanism, needs)
        for (const answer of answers) assert.equal(typeof exchange.hear(answer).turn, 'string')
      },
    ),
  )
})

for (const [text, want] of [
  ['', ''],
  ['=', ''],
  ['YWI=', 'ab'],
  ['YWI', undefined],
  ['*', undefined],
] as const)
  test(`the base64 line "${text}" is ${want}`, () => {
    const bytes = readBase64Line(text)
    assert.equal(bytes && Buffer.from(bytes).toString(), want)
  })

test('mechanisms are named in any case', () => {
  assert.equal(readMechanism('scram-sha-256'), 'SCRAM-SHA-256')
  assert.equal(readMechanism('CRAM-MD5'), undefined)
  assert.equal(readMechanism('__proto__'), undefined)
})
