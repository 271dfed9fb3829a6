import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { attentionOf, type Networks, networkOf, readNetworks, seen, writeNetworks } from './networks.ts'
import { guardDefaults as settings } from './settings.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const start = 1e12
const home = '192.0.2.7'
const away = '198.51.100.9'

const first = seen(undefined, { ip: home, now: start }, settings)

test('the first network of an account raises no attention, nor does its neighbour in the same network', () => {
  assert.equal(attentionOf(undefined, home, settings, start), undefined)
  assert.equal(attentionOf(first, home, settings, start), undefined)
  assert.equal(attentionOf(first, '192.0.2.200', settings, start), undefined)
})

test('a network never seen raises attention, before and after its login is noted, for twelve hours', () => {
  assert.equal(attentionOf(first, away, settings, start + DAY)?.until, start + DAY + 12 * HOUR)
  const both = seen(first, { ip: away, now: start + DAY }, settings)
  assert.equal(attentionOf(both, away, settings, start + DAY + HOUR)?.until, start + DAY + 12 * HOUR)
  const again = seen(both, { ip: away, now: start + DAY + 11 * HOUR }, settings)
  assert.equal(attentionOf(again, away, settings, start + DAY + 12 * HOUR), undefined)
  assert.equal(attentionOf(again, home, settings, start + DAY + HOUR), undefined)
})

test('IPv6 is told apart by /48', () => {
  assert.equal(networkOf('2001:db8:1:2::3'), '2001:db8:1::/48')
  const known = seen(undefined, { ip: '2001:db8:1:2::3', now: start }, settings)
  assert.equal(attentionOf(known, '2001:db8:1:ff::1', settings, start), undefined)
  assert.ok(attentionOf(known, '2001:db8:2:2::3', settings, start))
})

test('a network is forgotten after ninety days, and an account that slept so long is watched when it wakes', () => {
  const now = start + 91 * DAY
  assert.ok(attentionOf(first, home, settings, now))
  const awake = seen(first, { ip: home, now }, settings)
  assert.equal(awake[0]?.trusted, false)
  assert.ok(attentionOf(awake, home, settings, now + HOUR))
})

test('a country that was never seen is named, where countries are known', () => {
  const german = seen(undefined, { ip: home, now: start, country: 'DE' }, settings)
  const abroad = seen(german, { ip: away, now: start, country: 'BR' }, settings)
  assert.deepEqual(attentionOf(abroad, away, settings, start), {
    network: '198.51.100.0/24',
    country: 'BR',
    newCountry: true,
    until: start + 12 * HOUR,
  })
  const near = seen(german, { ip: away, now: start, country: 'DE' }, settings)
  assert.equal(attentionOf(near, away, settings, start)?.newCountry, false)
})

test('a clock that goes back makes no known network new, and no new one known', () => {
  const both = seen(first, { ip: away, now: start + DAY }, settings)
  const back = seen(both, { ip: away, now: start }, settings)
  assert.ok(attentionOf(back, away, settings, start))
  assert.equal(attentionOf(back, home, settings, start - DAY), undefined)
})

test('networks are bounded, read back, and nothing else does', () => {
  let all: Networks = first
  for (let net = 0; net < 300; net += 1)
    all = seen(all, { ip: `10.${net % 250}.${net >> 3}.1`, now: start + net }, settings)
  assert.equal(all.length, 32)
  assert.deepEqual(readNetworks(JSON.parse(JSON.stringify(writeNetworks(all)))), all)
  fc.assert(fc.property(fc.anything(), (value) => void readNetworks(value)))
  fc.assert(fc.property(fc.string(), (ip) => void seen(all, { ip, now: start }, settings)))
})
