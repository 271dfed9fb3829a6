import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { readMail } from '../mail/message.ts'
import { type View, viewOf } from '../mail/view.ts'
import { readAddresses } from './addresses.ts'
import { readMailDate } from './dates.ts'
import { domainsOf } from './domains.ts'
import { saEngine } from './engine.ts'
import { readReceived, readRelays } from './received.ts'
import { readRules } from './rule-file.ts'
import { plainForms, uriFinder } from './uris.ts'

const viewFor = (message: Uint8Array): View => viewOf(readMail(message))
const base = 'util_rb_tld com org net test uk\nutil_rb_2tld co.uk\n'
const engineOf = (text: string) => saEngine(readRules([{ name: 'local.cf', text: base + text }]))
const hitsOf = (rules: string, message: string): Readonly<Record<string, number>> =>
  Object.fromEntries(engineOf(rules).run(viewFor(Buffer.from(message, 'latin1'))).hits)

const message = `Return-Path: <anna@shop.test>
Received: from mail.shop.test (mail.shop.test [192.0.2.7]) by mx.example.org (Postfix) with ESMTP id ABC for <bob@example.org>; Mon, 2 Mar 2026 10:00:00 +0000
From: "Anna" <anna@shop.test>
To: bob@example.org, carla@example.org
Subject: =?utf-8?Q?Cheap_offers?=
Date: Mon, 2 Mar 2026 09:59:00 +0000
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary=b

--b
Content-Type: text/plain

Buy now: cheap cheap cheap! See www.shop.co.uk/sale, or write to help@shop.test.
--b
Content-Type: text/html

<html><body>Buy now: <a href="http://192.0.2.1/x">https://bank.test/</a> <img src=x></body></html>
--b--
`

test('Rules over every kind of text', () => {
  assert.deepEqual(
    hitsOf(
      `header S Subject =~ /^Cheap offers$/
header FA From:addr =~ /^anna\\@shop\\.test$/
header FN From:name =~ /^Anna$/
header TC ToCc:addr =~ /\\ncarla/
header EF EnvelopeFrom =~ /^anna/
header REL X-Spam-Relays-External =~ /^\\[ ip=192\\.0\\.2\\.7 rdns=mail\\.shop\\.test helo=mail\\.shop\\.test by=mx\\.example\\.org /
header DOM From:addr:domain =~ /^shop\\.test$/
header RAW Subject:raw =~ /=\\?utf-8/
header NO X-None !~ /a/
header IU X-None =~ /^UNSET$/ [if-unset: UNSET]
header EX exists:Date
body B /cheap/
tflags B multiple maxhits=2
body SUBJ_TOO /Cheap offers/
body NOSUBJ /Cheap offers/
tflags NOSUBJ nosubject
rawbody R /<img src=x>/
uri U /^http:\\/\\/www\\.shop\\.co\\.uk\\/sale$/
uri M /^mailto:help\\@shop\\.test$/
full F /boundary=b\\n\\n--b/
mimeheader MH Content-Type =~ /^text\\/html/
meta ME B > 1 && !NOSUBJ
body IPM eval:check_https_ip_mismatch()
body HT eval:html_test('html')
header ORG From =~ /x/
score ORG 0`,
      message,
    ),
    Object.fromEntries(
      'B SUBJ_TOO R U M F S FA FN TC EF REL DOM RAW NO IU MH EX IPM HT ME'
        .split(' ')
        .map((name) => [name, name === 'B' ? 2 : 1]),
    ),
  )
})

test('A rule without score is not run, nor a meta over a meta that is not', () => {
  const hits = hitsOf('body A /cheap/\nscore A 0\nmeta M1 A || 1\nscore M1 0\nmeta M2 !A\nmeta M3 !M1\n', message)
  assert.deepEqual(hits, { M2: 1 })
})

test('The score is the sum; sub-rules carry none; what is not known is told once', () => {
  const engine = engineOf(
    'body A /cheap/\nscore A 1.25\nbody __B /buy/i\nheader X eval:no_such_function()\nbody BAD /\\p{L}/\n',
  )
  const { score, hits } = engine.run(viewFor(Buffer.from(message, 'latin1')))
  assert.equal(score, 1.25)
  assert.ok(hits.has('__B'))
  assert.deepEqual(
    engine.faults.map(({ text }) => text),
    ['X', 'BAD'],
  )
})

test('Lists: welcome, blocked, free mail, hosts', () => {
  const rules = `welcomelist_from *@shop.test
blacklist_to carla@*
freemail_domains shop.test
enlist_uri_host (BADHOSTS) shop.co.uk
enlist_addrlist (FRIENDS) anna@*
header W eval:check_from_in_welcomelist()
header BT eval:check_to_in_blacklist()
header FM eval:check_freemail_from()
header UH eval:check_uri_host_listed('BADHOSTS')
header FL eval:check_from_in_list('FRIENDS')
header NOTL eval:check_from_in_list('OTHERS')
`
  assert.deepEqual(Object.keys(hitsOf(rules, message)).sort(), ['BT', 'FL', 'FM', 'UH', 'W'])
})

test('Received fields of many programs', () => {
  const rows: readonly (readonly [string, Readonly<Record<string, unknown>> | string])[] = [
    [
      'from a.test (b.test [192.0.2.1]) by c.test (Postfix) with ESMTPS id 1; Mon, 2 Mar 2026 10:00:00 +0000',
      { ip: '192.0.2.1', helo: 'a.test', rdns: 'b.test', by: 'c.test' },
    ],
    [
      'from unknown (HELO x.test) (192.0.2.2) by y.test with SMTP; 2 Mar 2026 10:00:00 -0000',
      { ip: '192.0.2.2', helo: 'x.test', rdns: '', by: 'y.test', noReverse: false },
    ],
    [
      'from [192.0.2.3] (helo=h.test ident=joe) by m.test with esmtp (Exim 4.96) id 1abc-0000',
      { ip: '192.0.2.3', helo: 'h.test', ident: 'joe', by: 'm.test' },
    ],
    [
      'from mail.x.test ([2001:db8::1]) by y.test with esmtps (TLS1.3) (Exim 4.96) id 1',
      { ip: '2001:db8::1', rdns: 'mail.x.test', by: 'y.test' },
    ],
    ['from pc (user@localhost) by mail.test (8.12/8.12) with ESMTP id 1', 'skip'],
    ['by mail.test (Postfix, from userid 1000) id 1; Mon, 2 Mar 2026 10:00:00 +0000', 'skip'],
    ['from phobos [127.0.0.1] by localhost with IMAP (fetchmail-5.9.0)', 'fetched'],
    ['from nothing that can be read', 'unreadable'],
    [
      'from me ([192.0.2.9]) (Authenticated sender: joe) by smtp.test (Postfix) with ESMTPSA id 2',
      { ip: '192.0.2.9', auth: 'ESMTPSA' },
    ],
  ]
  for (const [field, wanted] of rows) {
    const read = readReceived(`${field}\n`)
    if (typeof wanted === 'string' || typeof read === 'string') assert.equal(read, wanted, field)
    else
      for (const [key, value] of Object.entries(wanted))
        assert.equal(read[key as keyof typeof read], value, `${field}: ${key}`)
  }
})

test('The border of trust is the first public address, unless somebody logged in', () => {
  const relays = readRelays([
    'from a (a [10.0.0.1]) by b (Postfix) with ESMTP id 1\n',
    'from c (c [192.0.2.1]) by a (Postfix) with ESMTP id 2\n',
    'from d (d [192.0.2.2]) by c (Postfix) with ESMTP id 3\n',
  ])
  assert.deepEqual([relays.trusted.length, relays.untrusted.length, relays.lastTrusted], [1, 2, 0])
})

test('Addresses, dates, web addresses', () => {
  assert.deepEqual(readAddresses('"A, B" <a@x.test>'), [{ phrase: 'A, B', address: 'a@x.test' }])
  assert.deepEqual(readAddresses('c@y.test (See)'), [{ phrase: 'See', address: 'c@y.test' }])
  assert.equal(readMailDate('Mon, 2 Mar 2026 10:00:00 +0100'), Date.UTC(2026, 2, 2, 9) / 1000)
  assert.equal(readMailDate('Mon, 31 Feb 02 10:00 EST'), Date.UTC(2002, 2, 1, 15) / 1000)
  assert.equal(readMailDate('no date'), undefined)
  const domains = domainsOf(readRules([{ name: 'x', text: base }]).settings)
  assert.ok(plainForms('http://%77ww.shop.com\\x', [], domains).has('http://www.shop.com/x'))
  assert.ok(plainForms('http://0x7f.1.01.0x10/', [], domains).has('http://127.1.1.16/'))
  assert.equal(domains.organisation('a.b.shop.co.uk'), 'shop.co.uk')
})

test('Any octets give hits, and the order of the lines of a field changes nothing else', () => {
  const engine = engineOf(
    'body A /a+b/\nuri U /./\nheader F From:addr =~ /./\nheader R X-Spam-Relays-Untrusted =~ /ip/\n',
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      assert.equal(typeof engine.run(viewFor(bytes)).score, 'number')
    }),
    { numRuns: 150 },
  )
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'from by with [](). 1:a@<>\t'), maxLength: 120 }), (field) => {
      readReceived(`from ${field}`)
      readAddresses(field)
    }),
    { numRuns: 300 },
  )
  const finder = uriFinder(domainsOf(readRules([{ name: 'x', text: base }]).settings), [])
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'htp:/w.comx%20@ ?&#[]'), maxLength: 120 }), (text) => {
      finder.find([text], [])
    }),
    { numRuns: 300 },
  )
})
