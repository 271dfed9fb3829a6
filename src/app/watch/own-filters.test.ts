/** The filters of ours on lines as the programs write them, and on lines that somebody wrote to have another banned. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openFilter } from '../../ban/watch/filter.ts'
import { clockHere, listFilters, readFilter } from './disk.ts'

const at = 'Nov 25 08:59:59 mail'
const rspamd = (id: string, rest: string) =>
  `2026-11-25 08:59:59 #1234(normal) <a1b2c3>; task; rspamd_task_write_log: id: <${id}>, ${rest}`
const verdict = (action: string, scores = '25.30/15.00') =>
  `(default: T (${action}): [${scores}] [BAYES_SPAM(5.10){100.00%;},R_SPF_FAIL(1.00){-all;}]), len: 5000, time: 120.5ms, dns req: 12, digest: <d41d>, rcpts: <anna@example.com>, mime_rcpts: <anna@example.com,>`

type Case = readonly [line: string, who: string | undefined]
const cases: Readonly<Record<string, { readonly offence: string; readonly lines: readonly Case[] }>> = {
  rspamd: {
    offence: 'spam-rejected',
    lines: [
      [rspamd('x@y', `qid: <4ABC>, ip: 198.51.100.7, from: <a@b.example>, ${verdict('reject')}`), '198.51.100.7'],
      [rspamd('undef', `ip: 2001:db8::7, ${verdict('reject')}`), '2001:db8::7'],
      [
        rspamd('x@y', `qid: <4ABC>, ip: 198.51.100.7, from: <a@b.example>, ${verdict('add header', '8/15')}`),
        undefined,
      ],
      [
        rspamd('x@y', `qid: <4ABC>, ip: 198.51.100.7, user: anna, from: <a@b.example>, ${verdict('reject')}`),
        undefined,
      ],
      [
        rspamd('x@y', 'qid: <4ABC>, ip: 198.51.100.7, from: <a@b.example>, (default: F (no action): [1/15] [])'),
        undefined,
      ],
      [
        rspamd(
          'x>, ip: 203.0.113.9, (default: T (reject): [20/15] [A(1)',
          `qid: <4ABC>, ip: 198.51.100.7, ${verdict('reject')}`,
        ),
        undefined,
      ],
      [rspamd('x>, ip: 203.0.113.9, from: <y', `qid: <4ABC>, ip: 198.51.100.7, ${verdict('reject')}`), '198.51.100.7'],
      [
        rspamd(
          'x@y',
          `ip: 198.51.100.7, ${verdict('reject')}, rspamd_task_write_log: id: <x>, ip: 203.0.113.9, (default: T (reject): [20/15] [`,
        ),
        undefined,
      ],
    ],
  },
  'rspamd[mode=flagged]': {
    offence: 'spam-flagged',
    lines: [
      [
        rspamd('x@y', `qid: <4ABC>, ip: 198.51.100.7, from: <a@b.example>, ${verdict('add header', '8/15')}`),
        '198.51.100.7',
      ],
      [rspamd('x@y', `ip: 198.51.100.7, ${verdict('reject')}`), undefined],
    ],
  },
  amavis: {
    offence: 'spam-rejected',
    lines: [
      [
        `${at} amavis[2020]: (02020-05) Blocked SPAM {RejectedInbound,Quarantined}, [198.51.100.7]:51234 [203.0.113.5] <a@b.example> -> <anna@example.com>, quarantine: v/spam-x.gz, Queue-ID: 4ABC, Message-ID: <x@y>, mail_id: xx, Hits: 25.3, size: 1234, 345 ms`,
        '198.51.100.7',
      ],
      [
        `${at} amavis[2020]: (02020-06) Passed SPAMMY {RelayedTaggedInbound}, [198.51.100.7]:51234 [198.51.100.7] <a@b.example> -> <anna@example.com>, Hits: 7.1, size: 1234, 345 ms`,
        undefined,
      ],
      [
        `${at} amavis[2020]: (02020-07) Blocked SPAM {RejectedOutbound}, MYNETS LOCAL [192.0.2.10]:51234 <anna@example.com> -> <x@b.example>, Hits: 9`,
        undefined,
      ],
      [
        `${at} amavis[2020]: (02020-08) Passed CLEAN {RelayedInbound}, [198.51.100.7]:1 <a@b.example> -> <anna@example.com>, Message-ID: <(1) Blocked SPAM {RejectedInbound}, [203.0.113.9]:1 @x>`,
        undefined,
      ],
    ],
  },
  'amavis[mode=flagged]': {
    offence: 'spam-flagged',
    lines: [
      [
        `${at} amavis[2020]: (02020-06) Passed SPAMMY {RelayedTaggedInbound}, [198.51.100.7]:51234 [198.51.100.7] <a@b.example> -> <anna@example.com>, Hits: 7.1`,
        '198.51.100.7',
      ],
    ],
  },
  'postfix-spam': {
    offence: 'spam-rejected',
    lines: [
      [
        `${at} postfix/cleanup[77]: 4ABC: milter-reject: END-OF-MESSAGE from mx.b.example[198.51.100.7]: 5.7.1 Spam message rejected; from=<a@b.example> to=<anna@example.com> proto=ESMTP helo=<mx.b.example>`,
        '198.51.100.7',
      ],
      [
        `${at} postfix/cleanup[77]: 4ABC: milter-reject: END-OF-MESSAGE from unknown[198.51.100.7]: 5.7.1 Blocked by SpamAssassin; from=<a@b.example> to=<anna@example.com> proto=ESMTP helo=<x>`,
        '198.51.100.7',
      ],
      [
        `${at} postfix/smtpd[77]: proxy-reject: END-OF-MESSAGE from mx.b.example[198.51.100.7]: 554 5.7.0 Reject, id=02020-05 - spam; from=<a@b.example> to=<anna@example.com> proto=ESMTP helo=<x>`,
        undefined,
      ],
      [
        `${at} postfix/smtpd[77]: NOQUEUE: proxy-reject: END-OF-MESSAGE from mx.b.example[198.51.100.7]: 554 5.7.0 Reject, id=02020-05 - spam; from=<a@b.example> to=<anna@example.com> proto=ESMTP helo=<x>`,
        '198.51.100.7',
      ],
      [
        `${at} postfix/cleanup[77]: 4ABC: reject: header X-Spam-Flag: YES from mx.b.example[198.51.100.7]; from=<a@b.example> to=<anna@example.com> proto=ESMTP helo=<x>: 5.7.1 no spam here`,
        '198.51.100.7',
      ],
      [
        `${at} postfix/cleanup[77]: 4ABC: milter-reject: END-OF-MESSAGE from mx.b.example[198.51.100.7]: 4.7.1 Try again later; from=<spam@b.example> to=<anna@example.com> proto=ESMTP helo=<spam>`,
        undefined,
      ],
      [
        `${at} postfix/cleanup[77]: 4ABC: reject: header Subject: X-Spam-Flag: YES from x[203.0.113.9]; from=<a> from mx.b.example[198.51.100.7]; from=<a@b.example> to=<anna@example.com> proto=ESMTP helo=<x>: 5.7.1 no`,
        undefined,
      ],
      [
        `${at} postfix/cleanup[77]: 4ABC: message-id=<4ABC: milter-reject: END-OF-MESSAGE from x[203.0.113.9]: 5.7.1 Spam; from=<>`,
        undefined,
      ],
    ],
  },
  postscreen: {
    offence: 'protocol-abuse',
    lines: [
      [
        `${at} postfix/postscreen[5]: PREGREET 14 after 0.05 from [198.51.100.7]:51234: EHLO User\\r\\n`,
        '198.51.100.7',
      ],
      [
        `${at} postfix/postscreen[5]: PREGREET 14 after 0.05 from [2001:db8::7]:51234: HELO from [203.0.113.9]:1: x`,
        '2001:db8::7',
      ],
      [
        `${at} postfix/postscreen[5]: NON-SMTP COMMAND from [198.51.100.7]:51234 after CONNECT: GET / HTTP/1.1`,
        '198.51.100.7',
      ],
      [`${at} postfix/postscreen[5]: BARE NEWLINE from [198.51.100.7]:51234 after EHLO`, '198.51.100.7'],
      [
        `${at} postfix/postscreen[5]: NOQUEUE: reject: RCPT from [198.51.100.7]:51234: 550 5.7.1 Service unavailable; client [198.51.100.7] blocked using zen.spamhaus.org; from=<a@b.example>, to=<anna@example.com>, proto=ESMTP, helo=<x>`,
        '198.51.100.7',
      ],
      [`${at} postfix/postscreen[5]: CONNECT from [198.51.100.7]:51234 to [192.0.2.1]:25`, undefined],
      [`${at} postfix/postscreen[5]: PASS NEW [198.51.100.7]:51234`, undefined],
    ],
  },
  'exim-content': {
    offence: 'spam-rejected',
    lines: [
      [
        '2026-11-25 08:59:59 1qXabc-0001Aa-2B H=mx.b.example [198.51.100.7] F=<a@b.example> rejected after DATA: This message scored 15.2 spam points.',
        '198.51.100.7',
      ],
      [
        '2026-11-25 08:59:59 1qXabc-0001Aa-2B H=(User) [198.51.100.7]:4711 I=[192.0.2.1]:25 P=esmtp F=<> rejected after DATA: spam',
        '198.51.100.7',
      ],
      [
        '2026-11-25 08:59:59 1qXabc-0001Aa-2B SA: Action: permanently rejected message: score=15.2 required=5.0 (scanned in 2/2 secs | Message-Id: x@y). From <a@b.example> (host=mx.b.example [198.51.100.7]) for anna@example.com',
        '198.51.100.7',
      ],
      [
        '2026-11-25 08:59:59 1qXabc-0001Aa-2B H=mx.b.example [198.51.100.7] F=<a@b.example> rejected after DATA: maximum message size exceeded',
        undefined,
      ],
      [
        '2026-11-25 08:59:59 1qXabc-0001Aa-2B <= a@b.example H=mx.b.example [198.51.100.7] P=esmtp S=100 T="H=x [203.0.113.9] F=<a> rejected after DATA: spam"',
        undefined,
      ],
    ],
  },
  'exim-content[mode=flagged]': {
    offence: 'spam-flagged',
    lines: [
      [
        '2026-11-25 08:59:59 1qXabc-0001Aa-2B SA: Action: flagged as Spam but accepted: score=7.2 required=5.0 (scanned in 2/2 secs | Message-Id: x@y). From <a@b.example> (host=[198.51.100.7]) for anna@example.com',
        '198.51.100.7',
      ],
    ],
  },
  spamd: {
    offence: 'spam-flagged',
    lines: [
      [
        `${at} spamd[99]: spamd: result: Y 15 - BAYES_99,HTML_MESSAGE scantime=2.1,size=1234,user=anna,uid=1000,required_score=5.0,rhost=198.51.100.7,raddr=198.51.100.7,rport=51234,mid=<x@y>,bayes=0.999,autolearn=no`,
        '198.51.100.7',
      ],
      [
        `${at} spamd[99]: spamd: result: . 1 - HTML_MESSAGE scantime=2.1,size=1234,user=anna,uid=1000,required_score=5.0,rhost=x,raddr=198.51.100.7,rport=51234,mid=<raddr=203.0.113.9,rport=1,mid=>`,
        undefined,
      ],
    ],
  },
}

for (const [named, { offence, lines }] of Object.entries(cases))
  test(`${named} finds who sent what`, () => {
    const text = readFilter(named, [], false)
    assert.ok(text.ok, JSON.stringify(text))
    assert.equal(text.value.offence, offence)
    const opened = openFilter(text.value, { clock: clockHere(() => Date.UTC(2026, 10, 25, 9)) })
    assert.ok(opened.ok, JSON.stringify(opened))
    assert.deepEqual(opened.value.faults, [])
    for (const [line, who] of lines) assert.equal(opened.value.filter.line(line)[0]?.address, who, line)
  })

test('a login that failed at OpenSMTPD is of the address of its session', () => {
  const text = readFilter('opensmtpd-auth', [], false)
  assert.ok(text.ok)
  const opened = openFilter(text.value, { clock: clockHere(() => Date.UTC(2026, 10, 25, 9)) })
  assert.ok(opened.ok)
  const { filter } = opened.value
  assert.deepEqual(
    filter.line(`${at} smtpd[9]: 0123456789abcdef smtp connected address=198.51.100.7 host=<unknown>`),
    [],
  )
  const [failure] = filter.line(`${at} smtpd[9]: 0123456789abcdef smtp authentication user=anna result=permfail`)
  assert.deepEqual([failure?.address, failure?.fields.get('user')], ['198.51.100.7', 'anna'])
})

test('every filter of ours can be read, and is tried above', () => {
  const names = [...listFilters([]).keys()]
  for (const name of names)
    assert.ok(name === 'opensmtpd-auth' || Object.keys(cases).some((one) => one.split('[')[0] === name), name)
})
