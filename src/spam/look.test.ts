import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hostOf, lookAt } from './look.ts'
import { looksLike } from './names.ts'
import { isPrivate, readRelay } from './relay.ts'
import { inputOf } from './testing.ts'

for (const [value, want] of [
  ['from a.example (b.example [192.0.2.1]) by c; x', { ip: '192.0.2.1', helo: 'a.example', reverse: 'b.example' }],
  ['from a.example (unknown [192.0.2.1]) by c; x', { ip: '192.0.2.1', helo: 'a.example', reverse: '' }],
  [
    'from b.example ([192.0.2.1] helo=A.Example) by c with esmtp; x',
    { ip: '192.0.2.1', helo: 'a.example', reverse: 'b.example' },
  ],
  ['from unknown (HELO a.example) (192.0.2.1) by c with SMTP; x', { ip: '192.0.2.1', helo: 'a.example', reverse: '' }],
  ['from a.example ([IPv6:2001:db8::1]) by c; x', { ip: '2001:db8::1', helo: 'a.example', reverse: '' }],
  ['from localhost (localhost [127.0.0.1]) by c; x', undefined],
  ['(qmail 123 invoked by uid 500); x', undefined],
  ['by c (fetchmail) for <a@b>; x', undefined],
] as const)
  test(`Received: ${value}`, () => assert.deepEqual(readRelay(value), want))

test('private addresses are known', () => {
  for (const ip of ['10.0.0.1', '192.168.1.1', '172.16.0.1', '127.0.0.1', '::1', 'fd00::1', 'fe80::1'])
    assert.ok(isPrivate(ip), ip)
  for (const ip of ['172.32.0.1', '192.0.2.1', '100.0.0.1', '2001:db8::1', '11.0.0.1']) assert.ok(!isPrivate(ip), ip)
})

for (const [domain, known, want] of [
  ['examp1e.com', 'example.com', true],
  ['exarnple.com', 'example.com', true],
  ['exmaple.com', 'example.com', true],
  ['example-login.net', 'example.com', true],
  ['example.com.evil.test', 'example.com', true],
  ['example.com', 'example.com', false],
  ['mail.example.com', 'example.com', false],
  ['example.org', 'example.com', false],
  ['other.org', 'example.com', false],
  ['abc.com', 'abd.com', false],
] as const)
  test(`${domain} ${want ? 'looks' : 'does not look'} like ${known}`, () =>
    assert.equal(looksLike(domain, known), want))

for (const [href, want] of [
  ['http://User:pw@Shop.Example:81/x', 'shop.example'],
  ['https://[2001:db8::1]/', '[2001:db8::1]'],
  ['//cdn.example./x', 'cdn.example'],
  ['mailto:a@b.example', ''],
  ['/x', ''],
] as const)
  test(`the host of ${href}`, () => assert.equal(hostOf(href), want))

test('addresses, links, files and text are found', () => {
  const look = lookAt(
    inputOf({
      fields: { From: '"=?utf-8?q?J=C3=BCrgen?=" <J.Example@Example.COM>', 'Reply-To': 'x@y.example (Other)' },
      both: '<a href="http://a.example/">A</a><a href="http://a.example/"><img src="http://i.example/i.png"></a>',
      body: 'see www.b.example, and http://c.example/x.\n',
    }),
  )
  assert.deepEqual(look.from(), { name: 'Jürgen', local: 'j.example', domain: 'example.com' })
  assert.deepEqual(look.replyTo(), { name: 'Other', local: 'x', domain: 'y.example' })
  assert.deepEqual(
    look.links().map((link) => [link.host, link.text, link.marked]),
    [
      ['a.example', 'A', true],
      ['a.example', '', true],
      ['www.b.example', '', false],
      ['c.example', '', false],
    ],
  )
  const file = lookAt(inputOf({ file: ['a.bin', 'abc'] })).files()[0]
  assert.deepEqual(
    [file?.name, file?.type, file?.head(), file?.size()],
    ['a.bin', 'application/octet-stream', 'abc', 3],
  )
})

test('the envelope says who handed the message in, else the topmost Received field', () => {
  const fields = { Received: ['from z (z [10.0.0.1]) by y; x', 'from a.example (b.example [192.0.2.9]) by z; x'] }
  assert.equal(lookAt(inputOf({ fields })).relay()?.ip, '192.0.2.9')
  assert.deepEqual(lookAt(inputOf({ fields, envelope: {} })).relay(), {
    ip: '192.0.2.7',
    helo: 'mail.example.com',
    reverse: 'mail.example.com',
  })
})
