/** SPF against the text of RFC 7208: one row a rule. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Table, zoneOf } from '../../test/verify-zone.ts'
import { checkSpf, type SpfWord } from './spf.ts'

const base: Table = {
  'mail.example.com': { A: ['192.0.2.10'], AAAA: ['2001:db8::10'] },
  'mx1.example.com': { A: ['192.0.2.20'], AAAA: ['2001:db8::20'] },
  'two.example.com': { A: ['203.0.113.1', '192.0.2.10'] },
  'other.example.com': { A: ['203.0.113.7'] },
  'six.example.com': { AAAA: ['2001:db8::10'] },
  'down.example.com': 'servfail',
  'slow.example.com': 'timeout',
  'empty.example.com': {},
  'pass.example.com': { TXT: ['v=spf1 +all'] },
  'fail.example.com': { TXT: ['v=spf1 -all'] },
  'soft.example.com': { TXT: ['v=spf1 ~all'] },
  'neutral.example.com': { TXT: ['v=spf1 ?all'] },
  'broken.example.com': { TXT: ['v=spf1 wrong'] },
  'notspf.example.com': { TXT: ['v=spf2 all', 'hello'] },
  'dead.example.com': { MX: 'servfail', TXT: 'timeout' },
  'mxdead.example.com': { MX: [{ preference: 1, exchange: 'down.example.com' }] },
  'mxnull.example.com': { MX: [{ preference: 0, exchange: '' }] },
  'mxgone.example.com': { MX: [{ preference: 0, exchange: 'gone.example.com' }] },
  'mxmany.example.com': {
    MX: Array.from({ length: 11 }, (_, n) => ({ preference: n, exchange: `mail.example.com` })),
  },
  'mxten.example.com': {
    MX: Array.from({ length: 10 }, (_, n) => ({
      preference: n,
      exchange: n === 9 ? 'mail.example.com' : 'other.example.com',
    })),
  },
  'alias.example.com': { CNAME: ['mail.example.com'] },
  'loop.example.com': { CNAME: ['loop.example.com'] },
  'foo:bar/baz.example.com': { A: ['192.0.2.10'] },
  'a%b c.example.com': { A: ['192.0.2.10'] },
  'example.museum-x': { A: ['192.0.2.10'] },
  'mapped.example.com': { AAAA: ['::ffff:192.0.2.10'] },
  '10.2.0.192.in-addr.arpa': { PTR: ['mail.example.com'] },
  '0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa': { PTR: ['mail.example.com'] },
}

const four = '192.0.2.10'
const six = '2001:db8::10'
const run = async (record: string | readonly string[], ip: string, more: Table = {}): Promise<SpfWord> => {
  const TXT = typeof record === 'string' ? [record] : record
  const table: Table = {
    ...base,
    'example.com': { TXT, A: ['192.0.2.10'], MX: [{ preference: 10, exchange: 'mx1.example.com' }] },
    ...more,
  }
  return (await checkSpf({ ip, helo: 'helo.example.com', mailFrom: 'jack@example.com' }, zoneOf(table))).result
}

// Terms after `v=spf1`, the client, the result. P: pass, F: fail, S: softfail, N: neutral, T: temperror, X: permerror.
const words = { P: 'pass', F: 'fail', S: 'softfail', N: 'neutral', T: 'temperror', X: 'permerror', O: 'none' } as const
const terms: readonly (readonly [string, string, keyof typeof words])[] = [
  // section 4.6.1, 4.6.2, 4.7, 5.1
  ['', four, 'N'],
  [' ', four, 'N'],
  [' -all', four, 'F'],
  ['  -all', four, 'F'],
  [' -all ', four, 'F'],
  [' +all', four, 'P'],
  [' all', four, 'P'],
  [' ~all', four, 'S'],
  [' ?all', four, 'N'],
  [' -ALL', four, 'F'],
  [' all -all', four, 'P'],
  [' -all all', four, 'F'],
  [' -all.', four, 'X'],
  [' -all:example.com', four, 'X'],
  [' -all/8', four, 'X'],
  [' !all', four, 'X'],
  [' --all', four, 'X'],
  [' -', four, 'X'],
  ['\t-all', four, 'O'],
  [' a\t-all', four, 'X'],
  [' -all\t', four, 'X'],
  [' -all\r\n', four, 'X'],
  [' a:mail.example.com\rptr -all', four, 'X'],
  [' \u0096all', four, 'X'],
  [' a:\u00ef\u00bb\u00bfgarbage.example.net -all', four, 'X'],
  [' all x=\u00e9', four, 'X'],
  [' mechanism -all', four, 'X'],
  [' all wrong', four, 'X'],
  [' 4a -all', four, 'X'],
  [' .all', four, 'X'],
  [' v=spf1', four, 'N'],
  // section 5.2
  [' include:pass.example.com -all', four, 'P'],
  [' ~include:pass.example.com -all', four, 'S'],
  [' -include:pass.example.com all', four, 'F'],
  [' include:fail.example.com ~all', four, 'S'],
  [' include:soft.example.com -all', four, 'F'],
  [' include:neutral.example.com -all', four, 'F'],
  [' include:broken.example.com -all', four, 'X'],
  [' include:notspf.example.com -all', four, 'X'],
  [' include:absent.example.com -all', four, 'X'],
  [' include:down.example.com -all', four, 'T'],
  [' include:dead.example.com all', four, 'T'],
  [' include', four, 'X'],
  [' include:', four, 'X'],
  [' include: all', four, 'X'],
  [' include:pass.example.com/24 -all', four, 'X'],
  [' include:/24', four, 'X'],
  [' include/24:pass.example.com', four, 'X'],
  [' INCLUDE:PASS.EXAMPLE.COM -all', four, 'P'],
  [' include:example.com', four, 'X'],
  // section 5.3
  [' a -all', four, 'P'],
  [' a -all', six, 'F'],
  [' A:MAIL.EXAMPLE.COM -all', four, 'P'],
  [' a:mail.example.com -all', six, 'P'],
  [' a:mail.example.com. -all', four, 'P'],
  [' a:two.example.com -all', four, 'P'],
  [' a:alias.example.com -all', four, 'P'],
  [' a:other.example.com -all', four, 'F'],
  [' a:absent.example.com -all', four, 'F'],
  [' a:empty.example.com -all', four, 'F'],
  [' a:six.example.com -all', four, 'F'],
  [' a:down.example.com -all', four, 'T'],
  [' a:slow.example.com -all', four, 'T'],
  [' a:mapped.example.com -all', six, 'F'],
  [' a:mapped.example.com -all', four, 'F'],
  [' a/24 -all', '192.0.2.77', 'P'],
  [' a/25 -all', '192.0.2.200', 'F'],
  [' a/0 -all', '198.51.100.1', 'P'],
  [' a/0 -all', six, 'F'],
  [' a//0 -all', four, 'P'],
  [' a//0 -all', '198.51.100.1', 'F'],
  [' a:mail.example.com//0 -all', '2001:4860::1', 'P'],
  [' a:mail.example.com//32 -all', '2001:db8:ffff::1', 'P'],
  [' a:mail.example.com/24//64 -all', '2001:db8::ffff', 'P'],
  [' a:mail.example.com/24//64 -all', '192.0.2.99', 'P'],
  [' a:mail.example.com/0 -all', '::ffff:1.2.3.4', 'P'],
  [' a:mail.example.com//0 -all', '::ffff:1.2.3.4', 'F'],
  [' a:absent.example.com/0 -all', four, 'F'],
  [' a:absent.example.com//0 -all', six, 'F'],
  [' a//33 -all', '198.51.100.1', 'F'],
  [' a/32 -all', four, 'P'],
  [' a/33 -all', four, 'X'],
  [' a//129 -all', four, 'X'],
  [' a/024 -all', four, 'X'],
  [' a//064 -all', four, 'X'],
  [' a/ -all', four, 'X'],
  [' a// -all', four, 'X'],
  [' a/24/24 -all', four, 'X'],
  [' a//64/24 -all', four, 'X'],
  [' a/-1 -all', four, 'X'],
  [' a/24x -all', four, 'X'],
  [' a: -all', four, 'X'],
  [' a:/24 -all', four, 'X'],
  [' a=mail.example.com -all', four, 'F'],
  [' a:111.222.33.44 -all', four, 'X'],
  [' a:example.com:8080 -all', four, 'X'],
  [' a:museum -all', four, 'X'],
  [' a:museum. -all', four, 'X'],
  [' a:example.-com -all', four, 'X'],
  [' a:example.com- -all', four, 'X'],
  [' a:example.123 -all', four, 'X'],
  [' a:example.museum-x -all', four, 'P'],
  [' a:example.a1 -all', four, 'F'],
  [' a:example.1a -all', four, 'F'],
  [' a:example.1-2 -all', four, 'F'],
  [' a:example.c_m -all', four, 'X'],
  [' a:foo:bar/baz.example.com -all', four, 'P'],
  [' a:abc.example.com\u0000 -all', four, 'X'],
  [' a:bad..example.com -all', four, 'F'],
  [` a:${'x'.repeat(64)}.example.com -all`, four, 'F'],
  // section 5.4
  [' mx -all', '192.0.2.20', 'P'],
  [' mx -all', '2001:db8::20', 'P'],
  [' mx -all', four, 'F'],
  [' mx/24 -all', four, 'P'],
  [' mx//64 -all', six, 'P'],
  [' mx:example.com/28//120 -all', '192.0.2.30', 'P'],
  [' MX:mail.example.com -all', four, 'F'],
  [' mx:absent.example.com -all', four, 'F'],
  [' mx:dead.example.com -all', four, 'T'],
  [' mx:mxdead.example.com -all', four, 'T'],
  [' mx:mxnull.example.com -all', four, 'F'],
  [' mx:mxgone.example.com -all', four, 'F'],
  [' mx:mxmany.example.com -all', four, 'X'],
  [' mx:mxten.example.com -all', four, 'P'],
  [' mx:mxgone.example.com/0 -all', four, 'F'],
  [' mx: -all', four, 'X'],
  [' mx:foo:bar/baz.example.com -all', four, 'F'],
  [' mx/33 -all', four, 'X'],
  [' mx//129 -all', four, 'X'],
  [' mx:example.123 -all', four, 'X'],
  [' mx:abc -all', four, 'X'],
  // section 5.5
  [' ptr -all', four, 'P'],
  [' ptr -all', six, 'P'],
  [' PTR:example.com -all', four, 'P'],
  [' ptr:mail.example.com -all', four, 'P'],
  [' ptr:MAIL.example.COM -all', four, 'P'],
  [' ptr:il.example.com -all', four, 'F'],
  [' ptr:other.example.com -all', four, 'F'],
  [' ptr -all', '203.0.113.9', 'F'],
  [' ptr: -all', four, 'X'],
  [' ptr/24 -all', four, 'X'],
  [' ptr:example.com/24 -all', four, 'X'],
  [' ptr:com -all', four, 'X'],
  // section 5.6
  [' ip4:192.0.2.10 -all', four, 'P'],
  [' ip4:192.0.2.10/32 -all', four, 'P'],
  [' ip4:192.0.2.0/24 -all', four, 'P'],
  [' ip4:192.0.2.77/24 -all', four, 'P'],
  [' ip4:192.0.3.0/23 -all', four, 'P'],
  [' ip4:0.0.0.0/0 -all', four, 'P'],
  [' ip4:10.9.8.7/0 -all', four, 'P'],
  [' ip4:0.0.0.0/0 -all', six, 'F'],
  [' ip4:192.0.2.10 -all', '::ffff:192.0.2.10', 'P'],
  [' IP4:192.0.2.10 -all', four, 'P'],
  [' ip4:192.0.2.11 -all', four, 'F'],
  [' ip4:192.0.2.10/33 -all', four, 'X'],
  [' ip4:192.0.2.10/032 -all', four, 'X'],
  [' ip4:192.0.2.10/00 -all', four, 'X'],
  [' ip4:192.0.2.10//32 -all', four, 'X'],
  [' ip4:192.0.2.10/ -all', four, 'X'],
  [' ip4:192.0.2.10:8080 -all', four, 'X'],
  [' ip4:192.0.2 -all', four, 'X'],
  [' ip4:192.0.2.256 -all', four, 'X'],
  [' ip4:192.0.2.010 -all', four, 'X'],
  [' ip4:192.0.2.10.1 -all', four, 'X'],
  [' ip4:2001:db8::10 -all', four, 'X'],
  [' ip4:mail.example.com -all', four, 'X'],
  [' ip4:%{i} -all', four, 'X'],
  [' ip4: -all', four, 'X'],
  [' ip4 -all', four, 'X'],
  [' ip4/24 -all', four, 'X'],
  [' ip4:1.2.3.4junk -all', four, 'X'],
  [' ip6:2001:db8::10 -all', six, 'P'],
  [' ip6:2001:DB8:0:0:0:0:0:10 -all', six, 'P'],
  [' ip6:2001:db8::/32 -all', six, 'P'],
  [' ip6:2001:db8::10/128 -all', six, 'P'],
  [' ip6:2001:db9::/32 -all', six, 'F'],
  [' ip6:2001:db8:8000::/33 -all', six, 'F'],
  [' ip6:::/0 -all', six, 'P'],
  [' ip6:::1.1.1.1/0 -all', six, 'P'],
  [' ip6:::1.1.1.1/0 -all', four, 'F'],
  [' ip6:::ffff:192.0.2.10 -all', '::ffff:192.0.2.10', 'F'],
  [' ip6:::ffff:192.0.2.0/0 -all', six, 'P'],
  [' ip6:::/0', '::ffff:192.0.2.10', 'N'],
  [' ip6:2001:db8::10/129 -all', six, 'X'],
  [' ip6:2001:db8::10//33 -all', six, 'X'],
  [' ip6:2001:db8::10/033 -all', six, 'X'],
  [' ip6:Bad:Address -all', six, 'X'],
  [' ip6:2001:db8::1::2 -all', six, 'X'],
  [' ip6:2001:db8:1:2:3:4:5 -all', six, 'X'],
  [' ip6:192.0.2.10 -all', six, 'X'],
  [' ip6:2001:db8::10%eth0 -all', six, 'X'],
  [' ip6: -all', six, 'X'],
  [' ip6 -all', six, 'X'],
  // section 5.7
  [' exists:mail.example.com -all', four, 'P'],
  [' exists:mail.example.com -all', six, 'P'],
  [' exists:six.example.com -all', six, 'F'],
  [' exists:other.example.com -all', four, 'P'],
  [' exists:absent.example.com -all', four, 'F'],
  [' exists:down.example.com -all', four, 'T'],
  [' exists -all', four, 'X'],
  [' exists: -all', four, 'X'],
  [' exists:mail.example.com/24 -all', four, 'X'],
  [' exists:%{d} -all', four, 'P'],
  // section 6
  [' redirect=pass.example.com', four, 'P'],
  [' redirect=fail.example.com', four, 'F'],
  [' redirect=neutral.example.com', four, 'N'],
  [' redirect=broken.example.com', four, 'X'],
  [' redirect=notspf.example.com', four, 'X'],
  [' redirect=absent.example.com', four, 'X'],
  [' redirect=down.example.com', four, 'T'],
  [' redirect=%{x}.example.com', four, 'X'],
  [' redirect=', four, 'X'],
  [' redirect', four, 'X'],
  [' redirect:pass.example.com', four, 'X'],
  [' redirect=pass.example.com/24', four, 'X'],
  [' redirect=pass', four, 'X'],
  [' REDIRECT=pass.example.com', four, 'P'],
  [' redirect=pass.example.com -all', four, 'F'],
  [' -all redirect=broken.example.com', four, 'F'],
  [' redirect=pass.example.com redirect=pass.example.com', four, 'X'],
  [' redirect=example.com', four, 'X'],
  [' redirect=%{d3}', four, 'X'],
  [' exp=why.example.com exp=why.example.com -all', four, 'X'],
  [' exp= -all', four, 'X'],
  [' exp=-all', four, 'X'],
  [' exp -all', four, 'X'],
  [' exp=why -all', four, 'X'],
  [' exp=why.example.com:80 -all', four, 'X'],
  [' all exp=%{c}.example.com', four, 'X'],
  [' moo.cow-far_out=man:dog/cat -all', four, 'F'],
  [' moo=1 moo=2 -all', four, 'F'],
  [' moo= -all', four, 'F'],
  [' moo=%{d} -all', four, 'F'],
  [' moo=%abc -all', four, 'X'],
  [' moo=%{q} -all', four, 'X'],
  [' default=pass', four, 'N'],
  [' =all', four, 'X'],
  [' o&ops=ok -all', four, 'X'],
  [' 4x=all -all', four, 'X'],
  [' -moo=cow all', four, 'X'],
  // section 7.1
  [' a:%%.example.com -all', four, 'F'],
  [' a:a%%b%_c.example.com -all', four, 'P'],
  [' a:%{d} -all', four, 'P'],
  [' a:%{D} -all', four, 'P'],
  [' a:mail.%{d} -all', four, 'P'],
  [' a:mail.%{d2} -all', four, 'P'],
  [' a:mail.%{d99} -all', four, 'P'],
  [' a:mail.%{d2r}.x -all', four, 'F'],
  [' a:mail.%{o} -all', four, 'P'],
  [' a:%{s} -all', four, 'F'],
  [' a:%{d0} -all', four, 'X'],
  [' a:%{d00} -all', four, 'X'],
  [' a:%{d -all', four, 'X'],
  [' a:%{} -all', four, 'X'],
  [' a:%{dd} -all', four, 'X'],
  [' a:%{d2x} -all', four, 'X'],
  [' a:%{dr2} -all', four, 'X'],
  [' a:%{d.r} -all', four, 'X'],
  [' a:%{d*} -all', four, 'X'],
  [' a:%d.example.com -all', four, 'X'],
  [' a:% -all', four, 'X'],
  [' a:%(d).example.com -all', four, 'X'],
  [' a:%{e} -all', four, 'X'],
  [' exists:%{c}.example.com -all', four, 'X'],
  [' exists:%{r}.example.com -all', four, 'X'],
  [' exists:%{t}.example.com -all', four, 'X'],
  [' exists:%{T}.example.com -all', four, 'X'],
  [' a:%{d}com -all', four, 'X'],
  [' a:%{d}.com -all', four, 'F'],
  [' a:%{d}/24 -all', '192.0.2.99', 'P'],
  [' a:%{d2/}//64 -all', four, 'P'],
  [' a:%{d}%% -all', four, 'F'],
  [' include:%{d1r}ple.%{d1} -all', four, 'X'],
]

test('terms', async (t) => {
  for (const [text, ip, want] of terms)
    await t.test(`${JSON.stringify(text)} for ${ip} is ${words[want]}`, async () =>
      assert.equal(await run(`v=spf1${text}`, ip), words[want]),
    )
})

const finding: readonly (readonly [readonly string[] | 'timeout' | 'servfail', SpfWord])[] = [
  [['v=spf1 -all'], 'fail'],
  [['V=sPf1 ~ALL'], 'softfail'],
  [['v=spf1'], 'neutral'],
  [['v=spf10 -all'], 'none'],
  [['v=spf1-all'], 'none'],
  [['v=spf1\t-all'], 'none'],
  [[' v=spf1 -all'], 'none'],
  [['v=spf2.0/pra -all'], 'none'],
  [['spf1 -all'], 'none'],
  [[''], 'none'],
  [[], 'none'],
  [['\u00ef\u00bb\u00bfv=spf1 -all'], 'none'],
  [['v=spf1 -all', 'v=spf1 -all'], 'permerror'],
  [['v=spf1 -all', 'V=SPF1'], 'permerror'],
  [['v=spf1 -all', 'v=spf10'], 'fail'],
  [['hello', '\u0096 text', 'v=spf1 -all'], 'fail'],
  ['timeout', 'temperror'],
  ['servfail', 'temperror'],
]
test('finding the record (section 4.5)', async () => {
  for (const [TXT, want] of finding) {
    const resolve = zoneOf({ 'example.com': { TXT } })
    const found = await checkSpf({ ip: four, helo: 'h.example.com', mailFrom: 'a@example.com' }, resolve)
    assert.equal(found.result, want, JSON.stringify(TXT))
  }
})

const long63 = 'x'.repeat(63)
const senders: readonly (readonly [string, string, SpfWord, string, 'mailfrom' | 'helo'])[] = [
  ['a@example.com', 'h.example.net', 'fail', 'example.com', 'mailfrom'],
  ['a@EXAMPLE.com', 'h.example.net', 'fail', 'example.com', 'mailfrom'],
  ['a@example.com.', 'h.example.net', 'fail', 'example.com', 'mailfrom'],
  ['a@b@example.com', 'h.example.net', 'fail', 'example.com', 'mailfrom'],
  ['@example.com', 'h.example.net', 'fail', 'example.com', 'mailfrom'],
  ['example.com', 'h.example.net', 'fail', 'example.com', 'mailfrom'],
  ['', 'example.com', 'fail', 'example.com', 'helo'],
  ['<>', 'example.com', 'fail', 'example.com', 'helo'],
  ['', 'A2345678', 'none', 'a2345678', 'helo'],
  ['', '[192.0.2.10]', 'none', '[192.0.2.10]', 'helo'],
  ['', '192.0.2.10', 'none', '192.0.2.10', 'helo'],
  ['', '', 'none', '', 'helo'],
  ['a@[192.0.2.10]', 'h.example.net', 'none', '[192.0.2.10]', 'mailfrom'],
  ['a@localhost', 'h.example.net', 'none', 'localhost', 'mailfrom'],
  ['a@lyme..example.com', 'h.example.net', 'none', 'lyme..example.com', 'mailfrom'],
  ['a@.example.com', 'h.example.net', 'none', '.example.com', 'mailfrom'],
  [`a@${long63}x.example.com`, 'h.example.net', 'none', `${long63}x.example.com`, 'mailfrom'],
  [`a@${long63}.example.com`, 'h.example.net', 'fail', `${long63}.example.com`, 'mailfrom'],
  [`a@${`${long63}.`.repeat(4)}com`, 'h.example.net', 'none', `${`${long63}.`.repeat(4)}com`, 'mailfrom'],
  ['a@bücher.example', 'h.example.net', 'fail', 'xn--bcher-kva.example', 'mailfrom'],
  ['a@exam ple.com', 'h.example.net', 'none', '', 'mailfrom'],
  ['a@absent.example', 'h.example.net', 'none', 'absent.example', 'mailfrom'],
]
test('whose record it is (sections 2.3, 2.4 and 4.3)', async () => {
  const TXT = ['v=spf1 -all']
  const resolve = zoneOf({
    'example.com': { TXT },
    [`${long63}.example.com`]: { TXT },
    'xn--bcher-kva.example': { TXT },
  })
  for (const [mailFrom, helo, result, domain, identity] of senders) {
    const found = await checkSpf({ ip: four, helo, mailFrom }, resolve)
    assert.deepEqual([found.result, found.domain, found.identity], [result, domain, identity], `${mailFrom} / ${helo}`)
  }
})

// What `exp=why.example.com` finds, and the words that come of it.
const explanations: readonly (readonly [readonly string[] | 'timeout', string | undefined])[] = [
  [['See me.'], 'See me.'],
  [['This is a test.'], 'This is a test.'],
  [[''], ''],
  [[], undefined],
  ['timeout', undefined],
  [['one', 'two'], undefined],
  [['caf\u00e9'], undefined],
  [['line\r\nbreak'], undefined],
  [['tab\there'], undefined],
  [['%{x}'], undefined],
  [['100% sure'], undefined],
  [['%%%_%-'], '% %20'],
  [['%{s}|%{l}|%{o}|%{d}'], 'ja.ck-d+x@example.com|ja.ck-d+x|example.com|example.com'],
  [['%{i}|%{v}|%{h}|%{c}|%{r}|%{t}'], '192.0.2.10|in-addr|Helo.Example.COM|192.0.2.10|mx.example.org|1700000000'],
  [['%{C} %{R} %{T}'], '192.0.2.10 mx.example.org 1700000000'],
  [['%{ir}.%{v}.arpa'], '10.2.0.192.in-addr.arpa'],
  [['%{i1} %{i2} %{i3r}'], '10 2.10 2.0.192'],
  [['%{l-}|%{lr-}|%{l1r-}|%{l1-}'], 'ja.ck.d+x|d+x.ja.ck|ja.ck|d+x'],
  [['%{l.-+}|%{lr.-+}|%{l2r.-+}'], 'ja.ck.d.x|x.d.ck.ja|ck.ja'],
  [['%{L}|%{S}'], 'ja.ck-d%2Bx|ja.ck-d%2Bx%40example.com'],
  [['%{d1}|%{d1r}|%{dR}'], 'com|example|com.example'],
  [['%{p}'], 'mail.example.com'],
  [['%{p1r}'], 'mail'],
  [['%{i99r}'], '10.2.0.192'],
]
test('explanations and macros (sections 6.2 and 7)', async () => {
  for (const [TXT, want] of explanations) {
    const table: Table = { ...base, 'example.com': { TXT: ['v=spf1 exp=why.%{d} -all'] }, 'why.example.com': { TXT } }
    const input = { ip: four, helo: 'Helo.Example.COM', mailFrom: 'ja.ck-d+x@example.com' }
    const found = await checkSpf(input, zoneOf(table), { receiver: 'mx.example.org', now: 1_700_000_000_999 })
    assert.equal(found.result, 'fail')
    assert.equal(found.explanation, want, JSON.stringify(TXT))
  }
})

test('a local part may hold spaces, and what stands for nothing is postmaster', async () => {
  const table: Table = {
    'example.com': { TXT: ['v=spf1 exp=why.%{d} -all'] },
    'why.example.com': { TXT: ['%{l} in it'] },
  }
  for (const [mailFrom, want] of [
    ['Macro Error@example.com', 'Macro Error in it'],
    ['@example.com', 'postmaster in it'],
  ])
    assert.equal((await checkSpf({ ip: four, helo: 'h', mailFrom: mailFrom ?? '' }, zoneOf(table))).explanation, want)
})

test('macros of an IPv6 client', async () => {
  const TXT = ['%{c} is queried as %{ir}.%{v}.arpa']
  const table: Table = { ...base, 'example.com': { TXT: ['v=spf1 exp=why.%{d} -all'] }, 'why.example.com': { TXT } }
  const found = await checkSpf({ ip: 'CAFE:BABE::1', helo: 'h', mailFrom: 'a@example.com' }, zoneOf(table))
  const nibbles = '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.E.B.A.B.E.F.A.C'
  assert.equal(found.explanation, `cafe:babe::1 is queried as ${nibbles}.ip6.arpa`)
})

const withExplanations: Table = {
  'why.example.com': { TXT: ['outer of %{d}'] },
  'inner.example.com': { TXT: ['v=spf1 exp=whyin.example.com -all'] },
  'whyin.example.com': { TXT: ['inner of %{d}'] },
  'plain.example.com': { TXT: ['v=spf1 -all'] },
}
const whose: readonly (readonly [string, string | undefined])[] = [
  ['exp=why.example.com -all', 'outer of example.com'],
  ['exp=why.example.com redirect=plain.example.com', undefined],
  ['exp=why.example.com redirect=inner.example.com', 'inner of inner.example.com'],
  ['redirect=inner.example.com', 'inner of inner.example.com'],
  ['exp=why.example.com include:inner.example.com -all', 'outer of example.com'],
  ['include:inner.example.com -all', undefined],
  ['exp=absent.example.com -all', undefined],
  ['exp=%{h}.example.com -all', undefined],
  ['-all', undefined],
]
test('whose explanation it is (section 6.2)', async () => {
  for (const [text, want] of whose) {
    const table = { ...withExplanations, 'example.com': { TXT: [`v=spf1 ${text}`] } }
    const found = await checkSpf({ ip: four, helo: 'h h', mailFrom: 'a@example.com' }, zoneOf(table))
    assert.deepEqual([found.result, found.explanation], ['fail', want], text)
  }
})

test('only a fail is explained', async () => {
  for (const term of ['~all', '?all', '+all', 'wrong']) {
    const table = { ...withExplanations, 'example.com': { TXT: [`v=spf1 exp=why.example.com ${term}`] } }
    const found = await checkSpf({ ip: four, helo: 'h', mailFrom: 'a@example.com' }, zoneOf(table))
    assert.equal(found.explanation, undefined)
  }
})

// Section 5.5 and the p macro: names of the client, what leads back, what is chosen.
const pointers = (PTR: readonly string[], more: Table = {}): Table => ({
  '10.2.0.192.in-addr.arpa': { PTR },
  'a.example.com': { A: [four] },
  'b.example.org': { A: [four] },
  'example.com': { A: [four], TXT: ['v=spf1 exp=why.example.com ptr:nowhere.example -all'] },
  'liar.example.com': { A: ['203.0.113.1'] },
  'down.example.com': 'servfail',
  'why.example.com': { TXT: ['%{p}'] },
  ...more,
})
const chosen: readonly (readonly [readonly string[], string])[] = [
  [['a.example.com'], 'a.example.com'],
  [['b.example.org', 'a.example.com'], 'a.example.com'],
  [['a.example.com', 'example.com'], 'example.com'],
  [['b.example.org'], 'b.example.org'],
  [['liar.example.com'], 'unknown'],
  [['liar.example.com', 'b.example.org'], 'b.example.org'],
  [['down.example.com', 'a.example.com'], 'a.example.com'],
  [['absent.example.com'], 'unknown'],
  [[], 'unknown'],
  [[...Array.from({ length: 10 }, (_, n) => `n${n}.example.com`), 'a.example.com'], 'unknown'],
]
test('the validated name (sections 5.5 and 7.3)', async () => {
  for (const [PTR, want] of chosen) {
    const found = await checkSpf({ ip: four, helo: 'h', mailFrom: 'x@example.com' }, zoneOf(pointers(PTR)))
    assert.deepEqual([found.result, found.explanation], ['fail', want], PTR.join())
  }
  const silent: Table = { ...pointers([]), '10.2.0.192.in-addr.arpa': 'timeout' }
  const found = await checkSpf({ ip: four, helo: 'h', mailFrom: 'x@example.com' }, zoneOf(silent))
  assert.deepEqual([found.result, found.explanation], ['fail', 'unknown'])
})

test('ptr looks at ten names and no more', async () => {
  const names = Array.from({ length: 11 }, (_, n) => `n${n}.example.com`)
  const table = pointers(names, {
    'n9.example.com': { A: [four] },
    'n10.example.com': { A: [four] },
    'nine.test': { TXT: ['v=spf1 ptr:n9.example.com -all'] },
    'ten.test': { TXT: ['v=spf1 ptr:n10.example.com -all'] },
  })
  const of = async (domain: string): Promise<string> =>
    (await checkSpf({ ip: four, helo: 'h', mailFrom: `x@${domain}` }, zoneOf(table))).result
  assert.deepEqual([await of('nine.test'), await of('ten.test')], ['pass', 'fail'])
})

const times = (count: number, term: string): string => Array.from({ length: count }, () => term).join(' ')
const chain = (length: number): Table => ({
  ...Object.fromEntries(
    Array.from({ length }, (_, n) => [`i${n}.example.com`, { TXT: [`v=spf1 include:i${n + 1}.example.com -all`] }]),
  ),
  [`i${length}.example.com`]: { TXT: ['v=spf1 all'] },
})
const limits: readonly (readonly [string, string, SpfWord, Table])[] = [
  ['ten terms', `${times(10, 'a:other.example.com')} all`, 'pass', {}],
  ['eleven terms', `${times(11, 'a:other.example.com')} all`, 'permerror', {}],
  ['eleven terms, the first matches', `a ${times(10, 'a:other.example.com')}`, 'pass', {}],
  ['ten and redirect', `${times(10, 'a:other.example.com')} redirect=pass.example.com`, 'permerror', {}],
  ['nine and redirect', `${times(9, 'a:other.example.com')} redirect=pass.example.com`, 'pass', {}],
  ['ip4, ip6 and all are free', `${times(30, 'ip4:203.0.113.1')} ${times(30, 'ip6:::1')} all`, 'pass', {}],
  ['exp is free', `${times(10, 'a:other.example.com')} exp=why.example.com all`, 'pass', {}],
  [
    'mx, ptr and exists count',
    `${times(4, 'mx')} ${times(5, 'ptr:x.test')} exists:six.example.com a:other.example.com`,
    'permerror',
    {},
  ],
  ['includes ten deep', 'include:i1.example.com -all', 'pass', chain(10)],
  ['includes eleven deep', 'include:i0.example.com -all', 'permerror', chain(10)],
  ['include of itself', 'include:example.com all', 'permerror', {}],
  ['redirect to itself', 'redirect=example.com', 'permerror', {}],
  [
    'terms of includes count',
    `include:i.example.com ${times(5, 'a:other.example.com')} all`,
    'permerror',
    {
      'i.example.com': { TXT: [`v=spf1 ${times(5, 'a:other.example.com')} -all`] },
    },
  ],
  ['two void', 'a:v1.example.com a:v2.example.com all', 'pass', {}],
  ['three void', 'a:v1.example.com a:v2.example.com a:v3.example.com all', 'permerror', {}],
  ['three void of kinds', 'a:empty.example.com mx:v2.example.com exists:v3.example.com all', 'permerror', {}],
  ['hosts of an MX are not void terms', `${times(4, 'mx:mxgone.example.com')} all`, 'pass', {}],
]
test('limits (section 4.6.4)', async () => {
  for (const [name, text, want, more] of limits) assert.equal(await run(`v=spf1 ${text}`, four, more), want, name)
})

test('names over 253 octets lose labels from the left (section 7.3)', async () => {
  const local = Array.from({ length: 10 }, (_, n) => `${n}${'y'.repeat(39)}`).join('.')
  const kept = `${local.split('.').slice(-5).join('.')}.exp.example.com`
  const asked: string[] = []
  const table: Table = { 'exp.example.com': { TXT: ['v=spf1 exists:%{l}.%{d} -all'] }, [kept]: { A: ['127.0.0.2'] } }
  const found = await checkSpf({ ip: four, helo: 'h', mailFrom: `${local}@exp.example.com` }, zoneOf(table, asked))
  assert.equal(found.result, 'pass')
  assert.ok(asked.includes(`A ${kept}`))
  assert.ok(kept.length <= 253)
})

test('HELO names that are none make a mechanism not match', async () => {
  const table: Table = {
    'lit.example.com': { TXT: ['v=spf1 a:%{H} -all'] },
    'lib.example.com': { TXT: ['v=spf1 -include:_h.%{d2} ip4:192.0.2.0/24 -all'] },
    '_h.example.com': { TXT: ['v=spf1 -a:%{h} +all'] },
  }
  for (const [helo, domain] of [
    ['[192.0.2.10]', 'lit'],
    ["JUMPIN' JUPITER", 'lit'],
    ['OEMCOMPUTER', 'lib'],
  ])
    assert.equal(
      (await checkSpf({ ip: four, helo: helo ?? '', mailFrom: `a@${domain}.example.com` }, zoneOf(table))).result,
      'fail',
    )
})

test('a deadline is a temperror, and what is late is dropped', async () => {
  const controller = new AbortController()
  const never = (): Promise<never> => new Promise(() => undefined)
  const found = checkSpf({ ip: four, helo: 'h', mailFrom: 'a@example.com' }, never, { signal: controller.signal })
  controller.abort()
  assert.equal((await found).result, 'temperror')
})

test('a resolver that throws is a temperror', async () => {
  const broken = (): never => {
    throw new Error('boom')
  }
  assert.equal((await checkSpf({ ip: four, helo: 'h', mailFrom: 'a@example.com' }, broken)).result, 'temperror')
})

test('what decided is told', async () => {
  const table: Table = { ...base, 'example.com': { TXT: ['v=spf1 a:other.example.com ~ip4:192.0.2.0/24 -all'] } }
  const found = await checkSpf({ ip: four, helo: 'h', mailFrom: 'a@example.com' }, zoneOf(table))
  assert.deepEqual([found.result, found.mechanism, found.lookups], ['softfail', '~ip4:192.0.2.0/24', 1])
})
