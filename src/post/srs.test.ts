import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { forwardSender, returnAddress } from './srs.ts'

const DAY = 86_400_000
const now = Date.UTC(2026, 10, 25)
const secrets = [Buffer.from('one'), Buffer.from('two')]
const so = { secrets, now }

/** As a server reads a path: the local part unquoted. */
const split = (address: string): { readonly local: string; readonly domain: string } => {
  const at = address.lastIndexOf('@')
  const local = address.slice(0, at)
  return {
    local: local.startsWith('"') ? local.slice(1, -1).replaceAll(/\\(.)/gs, '$1') : local,
    domain: address.slice(at + 1),
  }
}
const back = (address: string, at = now) => returnAddress(split(address).local, { secrets, now: at })
const sent = (local: string, domain: string, through = 'club.example'): string => {
  const address = forwardSender({ local, domain }, through, so)
  assert.ok(address !== undefined)
  return address
}

test('the form', () => {
  assert.match(sent('anna', 'sender.example'), /^SRS0=[a-z2-7]{8}=[a-z2-7]{2}=sender\.example=anna@club\.example$/)
})

const word = fc.string({
  unit: fc.constantFrom('a', 'B', '7', '.', '+', '-', '=', '_', ' ', '"', '\\', '@', 'é', 'SRS0='),
  minLength: 1,
  maxLength: 30,
})
const domains = fc.constantFrom('sender.example', 'a.b.sender.example', 'xn--bcher-kva.example', '[192.0.2.1]')

test('what is sent on comes back to the sender, whatever the name', () => {
  fc.assert(
    fc.property(
      word.filter((local) => !/^srs[01][-+=]/i.test(local)),
      domains,
      fc.nat(30),
      (local, domain, days) => {
        const found = back(sent(local, domain), now + days * DAY)
        assert.ok(found?.kind === 'to')
        assert.deepEqual(split(found.address), { local, domain })
      },
    ),
  )
})

test('a server that lowers or raises everything does no harm', () => {
  const address = sent('Anna', 'sender.example')
  assert.deepEqual(back(address.toLowerCase()), { kind: 'to', address: 'anna@sender.example' })
  assert.deepEqual(back(address.toUpperCase()), { kind: 'to', address: 'ANNA@SENDER.EXAMPLE' })
})

test('an address that anything was changed in is forged', () => {
  const { local } = split(sent('anna', 'sender.example'))
  fc.assert(
    fc.property(fc.nat(local.length - 1), fc.constantFrom(...'abcxyz234567=.'), (at, char) => {
      fc.pre(local[at]?.toLowerCase() !== char && at >= 5)
      assert.notEqual(returnAddress(local.slice(0, at) + char + local.slice(at + 1), so)?.kind, 'to')
    }),
  )
})

test('it ends after a month, and days go round', () => {
  const address = sent('anna', 'sender.example')
  assert.equal(back(address, now + 30 * DAY)?.kind, 'to')
  assert.equal(back(address, now + 31 * DAY)?.kind, 'expired')
  assert.equal(back(address, now + 1_000 * DAY)?.kind, 'expired')
  assert.equal(back(address, now - DAY)?.kind, 'expired')
})

test('the second secret is still known, a third is not', () => {
  const old = forwardSender({ local: 'anna', domain: 's.example' }, 'club.example', {
    secrets: [Buffer.from('two')],
    now,
  })
  const other = forwardSender({ local: 'anna', domain: 's.example' }, 'club.example', {
    secrets: [Buffer.from('3')],
    now,
  })
  assert.equal(back(old ?? '')?.kind, 'to')
  assert.equal(back(other ?? '')?.kind, 'forged')
})

test("another forwarder's address is wrapped once, however long the way, and is unwrapped to it", () => {
  const theirs = { local: 'SRS0+xyz=ab=sender.example=anna', domain: 'theirs.example' }
  const one = sent(theirs.local, theirs.domain)
  assert.match(one, /^SRS1=[a-z2-7]{8}=theirs\.example=\+xyz=ab=sender\.example=anna@club\.example$/)
  assert.deepEqual(back(one), { kind: 'to', address: 'SRS0+xyz=ab=sender.example=anna@theirs.example' })
  const two = sent(split(one).local, 'club.example', 'other.example')
  assert.deepEqual(back(two), back(one))
  assert.equal(split(two).local, split(one).local)
  assert.equal(returnAddress('SRS1=aaaaaaaa=victim.example==x=y=z', so)?.kind, 'forged')
})

for (const local of ['anna', 'srs0', 'srs0x=a', 'SRS', 'xSRS0=a', ''])
  test(`"${local}" is an ordinary name`, () => assert.equal(returnAddress(local, so), undefined))

test('an address that would be too long for a path is not made', () => {
  assert.equal(forwardSender({ local: 'x'.repeat(230), domain: 'sender.example' }, 'club.example', so), undefined)
})

test('no text makes it throw', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      returnAddress(text, so)
      returnAddress(`SRS0=${text}`, so)
      forwardSender({ local: text, domain: text }, text, so)
    }),
  )
})
