import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readMailParameters, readParameters, readRcptParameters, readXtext, writeXtext } from './parameters.ts'
import { writeRcpt } from './writer.ts'

const everything = new Set([
  'SIZE',
  'BODY',
  'SMTPUTF8',
  'REQUIRETLS',
  'RET',
  'ENVID',
  'AUTH',
  'HOLDFOR',
  'HOLDUNTIL',
  'NOTIFY',
  'ORCPT',
])

const mail = (text: string, offered: ReadonlySet<string> = everything) => {
  const words = readParameters(text)
  return words.ok ? readMailParameters(words.value, offered) : words
}
const rcpt = (text: string, offered: ReadonlySet<string> = everything) => {
  const words = readParameters(text)
  return words.ok ? readRcptParameters(words.value, offered) : words
}

const nothing = { size: 0, body: '7bit', smtpUtf8: false, requireTls: false } as const
for (const [text, want] of [
  ['', nothing],
  [' SIZE=12', { ...nothing, size: 12 }],
  [' body=8BITMIME', { ...nothing, body: '8bitmime' }],
  [' BODY=binarymime', { ...nothing, body: 'binarymime' }],
  [' SMTPUTF8 REQUIRETLS', { ...nothing, smtpUtf8: true, requireTls: true }],
  [' RET=hdrs ENVID=a+3Db', { ...nothing, ret: 'hdrs', envid: 'a=b' }],
  [' AUTH=<>', { ...nothing, auth: '<>' }],
  [' AUTH=a+40b', { ...nothing, auth: 'a@b' }],
  [' AUTH=a=b', { ...nothing, auth: 'a=b' }],
  [' HOLDFOR=60', { ...nothing, holdFor: 60 }],
  [' HOLDUNTIL=2026-11-25T04:00:00Z', { ...nothing, holdUntil: '2026-11-25T04:00:00Z' }],
] as const)
  test(`MAIL${text}`, () => assert.deepEqual(mail(text), { ok: true, value: want }))

for (const text of [
  ' SIZE',
  ' SIZE=-1',
  ' SIZE=1e3',
  ` SIZE=${'9'.repeat(21)}`,
  ' BODY',
  ' BODY=7',
  ' BODY=constructor',
  ' SMTPUTF8=1',
  ' REQUIRETLS=yes',
  ' RET=all',
  ' ENVID',
  ' ENVID=a+4',
  ' ENVID=a+zz',
  ' ENVID=a+00',
  ` ENVID=${'x'.repeat(101)}`,
  ' HOLDFOR=x',
  ' HOLDUNTIL=tomorrow',
  ' HOLDFOR=1 HOLDUNTIL=2026-11-25T04:00:00Z',
  ' =1',
  ' SI ZE==1',
  ' RET=FULL RET=FULL',
])
  test(`MAIL${text.slice(0, 50)} is wrong`, () => assert.deepEqual(mail(text), { ok: false, error: 'bad-parameter' }))

for (const text of [' CONSTRUCTOR', ' X=1', ' NOTIFY=NEVER', ' __PROTO__=1'.replaceAll('_', '-').replace(' --', ' A')])
  test(`MAIL${text} is not known`, () => assert.deepEqual(mail(text), { ok: false, error: 'unknown-parameter' }))

test('what is not offered is not known', () => {
  assert.deepEqual(mail(' SIZE=1', new Set()), { ok: false, error: 'unknown-parameter' })
  assert.deepEqual(rcpt(' NOTIFY=NEVER', new Set()), { ok: false, error: 'unknown-parameter' })
  assert.deepEqual(rcpt(' SIZE=1'), { ok: false, error: 'unknown-parameter' })
})

for (const [text, want] of [
  ['', { notify: [] }],
  [' NOTIFY=never', { notify: ['never'] }],
  [' NOTIFY=SUCCESS,FAILURE,DELAY', { notify: ['success', 'failure', 'delay'] }],
  [' ORCPT=rfc822;a+40b.example', { notify: [], orcpt: 'rfc822;a@b.example' }],
  [' ORCPT=rfc822;a@b=c.example', { notify: [], orcpt: 'rfc822;a@b=c.example' }],
  [' ORCPT=utf-8;ü@b.example', { notify: [], orcpt: 'utf-8;ü@b.example' }],
] as const)
  test(`RCPT${text}`, () => assert.deepEqual(rcpt(text), { ok: true, value: want }))

for (const text of [
  ' NOTIFY',
  ' NOTIFY=',
  ' NOTIFY=ALWAYS',
  ' NOTIFY=NEVER,DELAY',
  ' NOTIFY=DELAY,DELAY',
  ' NOTIFY=DELAY,',
  ' ORCPT',
  ' ORCPT=a@b.example',
  ' ORCPT=;a',
  ' ORCPT=rfc822;',
  ' ORCPT=rfc822;a+0Ab',
  ` ORCPT=rfc822;${'x'.repeat(500)}`,
])
  test(`RCPT${text.slice(0, 40)} is wrong`, () => assert.deepEqual(rcpt(text), { ok: false, error: 'bad-parameter' }))

test('xtext: what is written is read, and is printable', () => {
  const texts = fc
    .string({ unit: 'grapheme', maxLength: 30 })
    .filter((text) => !/[\x00-\x1f\x7f]/.test(text) && text.isWellFormed())
  fc.assert(
    fc.property(texts, (text) => {
      const written = writeXtext(text)
      assert.match(written, /^[\x21-\x7e]*$/)
      assert.equal(readXtext(written), text)
    }),
  )
})

test('RCPT: what is written is read', () => {
  const notify = fc.constantFrom<readonly ('never' | 'success' | 'failure' | 'delay')[]>(
    [],
    ['never'],
    ['success', 'delay'],
  )
  fc.assert(
    fc.property(notify, fc.constantFrom('rfc822;a@b.example', 'rfc822;a b+c=d', 'x;ü'), (words, orcpt) => {
      const line = writeRcpt({ to: 'a@b.example', notify: words, orcpt })
      assert.deepEqual(rcpt(line.slice('RCPT TO:<a@b.example>'.length, -2)), {
        ok: true,
        value: { notify: words, orcpt },
      })
    }),
  )
})

test('they never throw', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 40 }), (text) => {
      for (const name of everything) {
        assert.equal(typeof mail(` ${name}=${text}`).ok, 'boolean')
        assert.equal(typeof rcpt(` ${name}=${text}`).ok, 'boolean')
      }
    }),
  )
})
