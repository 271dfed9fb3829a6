import assert from 'node:assert/strict'
import { test } from 'node:test'
import { relayFor } from '../../post/relay.ts'
import { readSettings, writeMistake } from './read.ts'
import { relayRows, relayWarnings } from './relay.ts'
import { type Settings, settingsSchema } from './schema.ts'

const read = (text: string) => readSettings(settingsSchema, `host = "mail.example.org"\n${text}`)
const relays = (text: string): Settings['relay'] => {
  const settings = read(text)
  assert.ok(settings.ok, settings.ok ? '' : settings.error.map((one) => writeMistake('p', one)).join('\n'))
  return settings.value.relay
}

test('let somebody else do it: one table', () => {
  const rows = relayRows(
    relays('[[relay]]\nhost = "smtp.provider.example"\nuser = "anna"\npassword-file = "relay.password"\n'),
    (path) => (path === 'relay.password' ? 'secret word\n' : undefined),
  )
  assert.deepEqual(rows, {
    problems: [],
    rows: [
      {
        domains: ['*'],
        senders: ['*'],
        afterTries: 0,
        hop: {
          host: 'smtp.provider.example',
          port: 587,
          tls: 'required',
          verify: true,
          user: 'anna',
          password: 'secret word',
        },
      },
    ],
  })
})

test('ports go by the kind of TLS, patterns are lowered, the fallback waits', () => {
  const { rows } = relayRows(
    relays(
      '[[relay]]\nfor = ["Bücher.example", ".Sub.example", "[192.0.2.1]"]\nsenders = ["Anna@Example.org", "<>"]\nhost = "a.example"\ntls = "implicit"\n[[relay]]\nhost = "b.example"\nafter-tries = 4\ntls = "if-offered"\n',
    ),
    () => undefined,
  )
  assert.deepEqual(
    rows.map(({ hop }) => hop.port),
    [465, 25],
  )
  assert.deepEqual(rows[0]?.domains, ['xn--bcher-kva.example', '.sub.example', '[192.0.2.1]'])
  assert.deepEqual(rows[0]?.senders, ['anna@example.org', '<>'])
  assert.equal(relayFor(rows, { sender: 'x@y.example', domain: 'z.example', tries: 3 }), undefined)
  assert.equal(relayFor(rows, { sender: 'x@y.example', domain: 'z.example', tries: 4 })?.host, 'b.example')
})

for (const [says, text, want] of [
  ['no host', 'for = ["*"]\n', /relay\.0\.host: is missing/],
  ['two passwords', 'host = "a.example"\nuser = "u"\npassword = "p"\npassword-file = "f"\n', /remove one of the two/],
  ['a user alone', 'host = "a.example"\nuser = "u"\n', /name that with password-file/],
  ['a password alone', 'host = "a.example"\npassword = "p"\n', /needs a user/],
  [
    'a password on an open line',
    'host = "a.example"\nuser = "u"\npassword = "p"\ntls = "if-offered"\n',
    /may be open; write "required"/,
  ],
  ['an address as a destination', 'host = "a.example"\nfor = ["anna@b.example"]\n', /write a domain/],
  ['nobody', 'host = "a.example"\nsenders = []\n', /must name somebody/],
  ['a word that is none', 'host = "a.example"\nafter_tries = 1\n', /did you mean "after-tries"/],
] as const)
  test(`a mistake that says what to do: ${says}`, () => {
    const settings = read(`[[relay]]\n${text}`)
    assert.ok(!settings.ok)
    assert.match(settings.error.map((one) => writeMistake('p', one)).join('\n'), want)
  })

test('a password in the configuration is allowed and noted', () => {
  const given = relays('[[relay]]\nhost = "a.example"\nuser = "u"\npassword = "p"\n')
  assert.match(relayWarnings(given).join(), /password-file keeps it apart/)
  assert.equal(relayRows(given, () => undefined).rows[0]?.hop.password, 'p')
})

test('a password file that is not there, or is empty, is a problem, and no relay without a password', () => {
  const given = relays('[[relay]]\nhost = "a.example"\nuser = "u"\npassword-file = "f"\n')
  for (const text of [undefined, '', '\n']) {
    const { rows, problems } = relayRows(given, () => text)
    assert.equal(rows.length, 0)
    assert.match(problems.join(), /no password in f; write it there/)
  }
})

test('a line that may be open, with a certificate that must be right, is told of: TLS is demanded all the same', () => {
  const warned = (more: string) => relayWarnings(relays(`[[relay]]\nhost = "a.example"\n${more}`)).join()
  assert.match(warned('tls = "if-offered"'), /still demands TLS.*write verify = false/)
  assert.equal(warned('tls = "if-offered"\nverify = false'), '')
  assert.equal(warned(''), '')
})
