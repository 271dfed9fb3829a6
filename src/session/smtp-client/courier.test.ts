/** The queue's client against scripted servers: every branch of a transaction, and servers that misbehave (no sockets). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Said } from '../../post/bounce/said.ts'
import type { Outcome, Parcel } from '../../post/queue/courier.ts'
import { type CourierOptions, openCourier } from './courier.ts'
import { type Script, scripted } from './testing.ts'

type Named = Parcel & { readonly id: string }
const to = (address: string): Parcel['recipients'][number] => ({ address, notify: [] })
const parcel = (id: string, over: Partial<Parcel> = {}): Named => {
  const content = Buffer.from(`Subject: ${id}\r\n\r\n.dot\r\n`)
  return {
    id,
    ...{ sender: 'anna@here.example', recipients: [to('bert@there.example')], size: content.length, content },
    options: { smtpUtf8: false, body: '7bit', requireTls: false },
    ...over,
  }
}
const options: CourierOptions = {
  ...{ name: 'mail.here.example', host: 'mx.there.example', tls: 'if-offered', isLocal: false },
  ...{ nonce: () => 'fyko+d2lbbFgONRv9qkxdawL', now: () => 0 },
}

/** `taken`, or code, enhanced code and stage of what was said. */
const told = (said: 'taken' | Said): string =>
  said === 'taken' ? said : `${said.code} ${said.enhanced} ${said.stage}`.replaceAll('  ', ' ')

const carried = async (script: Script, parcels: readonly Named[], over: Partial<CourierOptions> = {}) => {
  const server = scripted(script)
  const opened = await openCourier(server.link, { ...options, ...over })
  assert.ok(opened.ok, `not opened: ${opened.ok ? '' : told(opened.error.said)}`)
  const queue = [...parcels]
  const log: string[] = []
  const outcomes = new Map<string, Outcome>()
  const end = await opened.value.run<Named>({
    next: () => queue.shift(),
    more: async () => queue.length > 0,
    begins: ({ id }) => log.push(`begins ${id}`),
    done: ({ id }, outcome) => {
      outcomes.set(id, outcome)
      log.push(`${id}: ${outcome.recipients.map(told).join(', ')}${outcome.unsure ? ' unsure' : ''}`)
    },
    back: ({ id }) => log.push(`back ${id}`),
  })
  if (end === undefined) await opened.value.quit()
  return { ...server, log, outcomes, end: end === undefined ? undefined : told(end), left: queue.length }
}

void test('the next envelope goes in one write with the content before it (RFC 2920)', async () => {
  const { writes, log, messages, end } = await carried({}, [parcel('a'), parcel('b'), parcel('c')])
  const envelope = 'MAIL FROM:<anna@here.example> SIZE=20\r\nRCPT TO:<bert@there.example>\r\nDATA\r\n'
  const content = (id: string): string => `Subject: ${id}\r\n\r\n..dot\r\n.\r\n`
  assert.deepEqual(writes, [
    'EHLO mail.here.example\r\n',
    envelope,
    `${content('a')}${envelope}`,
    `${content('b')}${envelope}`,
    content('c'),
    'QUIT\r\n',
  ])
  assert.deepEqual(log, ['begins a', 'a: taken', 'begins b', 'b: taken', 'begins c', 'c: taken'])
  assert.deepEqual([messages[2], end], ['Subject: c\r\n\r\n.dot\r\n', undefined])
})

void test('without PIPELINING it is a line at a time, and nothing more once it is useless', async () => {
  const two = { recipients: [to('a@x'), to('b@x')] }
  const { writes, log } = await carried(
    { offers: [], answers: { 'MAIL FROM:<bad': ['550 5.7.1 no\r\n'], 'RCPT TO:<a': ['550 5.1.1 no\r\n'] } },
    [parcel('a', { ...two, sender: 'bad@x' }), parcel('b', two), parcel('c', { recipients: [to('a@x')] }), parcel('d')],
  )
  assert.deepEqual(log, [
    'a: 550 5.7.1 mail, 550 5.7.1 mail',
    'begins b',
    'b: 550 5.1.1 rcpt, taken',
    'c: 550 5.1.1 rcpt',
    'begins d',
    'd: taken',
  ])
  assert.deepEqual(
    writes.map((text) => text.split(/[ :\r]/)[0]),
    [
      'EHLO',
      'MAIL',
      'MAIL',
      'RCPT',
      'RCPT',
      'DATA',
      'Subject',
      'MAIL',
      'RCPT',
      'RSET',
      'MAIL',
      'RCPT',
      'DATA',
      'Subject',
      'QUIT',
    ],
  )
})

void test('HELO where the server knows no EHLO', async () => {
  const { said, log } = await carried({ answers: { EHLO: ['502 what?\r\n'] } }, [parcel('a')])
  assert.deepEqual(said.slice(0, 3), [
    'EHLO mail.here.example',
    'HELO mail.here.example',
    'MAIL FROM:<anna@here.example>',
  ])
  assert.deepEqual(log, ['begins a', 'a: taken'])
})

const refusals: readonly (readonly [says: string, script: Script, want: readonly string[]])[] = [
  [
    'a recipient refused, the other taken',
    { answers: { 'RCPT TO:<a': ['550 5.1.1 no such user\r\n'] } },
    ['begins m', 'm: 550 5.1.1 rcpt, taken'],
  ],
  [
    'a recipient deferred',
    { answers: { 'RCPT TO:<b': ['450 4.2.0 greylisted\r\n'] } },
    ['begins m', 'm: taken, 450 4.2.0 rcpt'],
  ],
  [
    'every recipient refused, DATA too',
    { answers: { RCPT: ['550 5.1.1 no\r\n', '551 no\r\n'], DATA: ['554 no valid recipients\r\n'] } },
    ['m: 550 5.1.1 rcpt, 551 rcpt'],
  ],
  [
    'every recipient refused, and yet 354',
    { answers: { RCPT: ['550 5.1.1 no\r\n'] } },
    ['m: 550 5.1.1 rcpt, 550 5.1.1 rcpt'],
  ],
  [
    'the sender refused',
    { answers: { MAIL: ['550 5.7.1 no\r\n'], RCPT: ['503 x\r\n'], DATA: ['503 x\r\n'] } },
    ['m: 550 5.7.1 mail, 550 5.7.1 mail'],
  ],
  [
    'DATA refused',
    { answers: { DATA: ['451 4.3.0 not now\r\n'], 'RCPT TO:<a': ['550 5.1.1 no\r\n'] } },
    ['m: 550 5.1.1 rcpt, 451 4.3.0 data'],
  ],
  [
    'the message refused',
    { answers: { '.': ['550-5.7.1 spam\r\n550 5.7.1 go away\r\n'], 'RCPT TO:<a': ['550 5.1.1 no\r\n'] } },
    ['begins m', 'm: 550 5.1.1 rcpt, 550 5.7.1 message'],
  ],
  [
    'the message deferred',
    { answers: { '.': ['451 4.7.1 later\r\n'] } },
    ['begins m', 'm: 451 4.7.1 message, 451 4.7.1 message'],
  ],
]
for (const [says, script, want] of refusals)
  void test(`${says}: told to each, and the session goes on`, async () => {
    const both = parcel('m', { recipients: [to('a@x'), to('b@x')] })
    const { log, end, messages } = await carried(script, [both, parcel('z', { sender: '', recipients: [to('c@y')] })])
    assert.deepEqual(log.slice(0, want.length), want)
    assert.ok(log.at(-1)?.startsWith('z: '), log.join('; '))
    assert.equal(end, undefined)
    assert.ok(messages.every((text) => text === '' || text.includes('.dot')))
  })

void test('a transaction that was opened and not ended is reset before the next', async () => {
  const script = { answers: { 'RCPT TO:<a': ['550 no\r\n'], DATA: ['503 no\r\n', '354 go\r\n'] } }
  const { said } = await carried(script, [parcel('m', { recipients: [to('a@x')] }), parcel('z')])
  assert.deepEqual(
    said.map((line) => line.split(' ')[0]),
    ['EHLO', 'MAIL', 'RCPT', 'DATA', 'RSET', 'MAIL', 'RCPT', 'DATA', 'QUIT'],
  )
})

const ends: readonly (readonly [says: string, script: Script, log: readonly string[], end: string])[] = [
  ['421 to MAIL', { answers: { MAIL: ['421 4.3.2 closing\r\n'] } }, ['a: 421 4.3.2 mail'], '421 4.3.2 mail'],
  ['421 to RCPT', { answers: { RCPT: ['421 4.7.0 too many\r\n'] } }, ['a: 421 4.7.0 mail'], '421 4.7.0 mail'],
  ['421 to DATA', { answers: { DATA: ['421 no\r\n'] } }, ['a: 421 mail'], '421 mail'],
  [
    '421 to the message',
    { answers: { '.': ['421 4.3.0 no\r\n'] } },
    ['begins a', 'a: 421 4.3.0 message', 'back b'],
    '421 4.3.0 message',
  ],
  ['closed at MAIL', { answers: { MAIL: ['close'] } }, ['a: 0 4.4.2 mail'], '0 4.4.2 mail'],
  ['silent at MAIL', { answers: { MAIL: ['stall'] } }, ['a: 0 4.4.2 mail'], '0 4.4.2 mail'],
  [
    'closed after the content: the peer may have it',
    { answers: { '.': ['close'] } },
    ['begins a', 'a: 0 4.4.2 message unsure', 'back b'],
    '0 4.4.2 message',
  ],
  [
    'silent after the content',
    { answers: { '.': ['stall'] } },
    ['begins a', 'a: 0 4.4.2 message unsure', 'back b'],
    '0 4.4.2 message',
  ],
  [
    'nonsense after the content',
    { answers: { '.': ['what\r\n'] } },
    ['begins a', 'a: 0 4.5.0 message unsure', 'back b'],
    '0 4.5.0 message',
  ],
  ['nonsense at RCPT', { answers: { RCPT: ['999 x\r\n'] } }, ['a: 0 4.5.0 mail'], '0 4.5.0 mail'],
  ['an endless reply', { answers: { RCPT: ['250-x\r\n'.repeat(300)] } }, ['a: 0 4.5.0 mail'], '0 4.5.0 mail'],
  ['a flood of replies', { answers: { MAIL: ['250 ok\r\n'.repeat(2000)] } }, ['a: 0 4.5.0 mail'], '0 4.5.0 mail'],
  [
    'an answer to the content before it was sent',
    { answers: { DATA: ['354 go\r\n250 2.0.0 taken\r\n'] } },
    ['a: 0 4.5.0 data'],
    '0 4.5.0 data',
  ],
  [
    'two answers to EHLO',
    { answers: { EHLO: ['250-a\r\n250 PIPELINING\r\n250 ok\r\n'] } },
    ['a: 0 4.5.0 mail'],
    '0 4.5.0 mail',
  ],
]
for (const [says, script, log, end] of ends)
  void test(`the session ends: ${says}`, async () => {
    const got = await carried(script, [parcel('a'), parcel('b')])
    assert.deepEqual([got.log, got.end], [log, end])
    assert.equal(got.left, log.includes('back b') || log.includes('begins a') ? 0 : 1)
  })

for (const answer of ['421 4.4.2 idle too long\r\n', 'close'] as const)
  void test(`a connection that has served and says ${answer.trim()} gives the parcel back untold`, async () => {
    const script = { offers: [], answers: { MAIL: ['250 ok\r\n', answer] } }
    assert.deepEqual((await carried(script, [parcel('a'), parcel('b')])).log, ['begins a', 'a: taken', 'back b'])
  })

const eight = Buffer.from('Subject: x\r\n\r\nh\xe9\r\n', 'latin1')
const utf8 = { recipients: [to('bért@there.example')] }
const unfit: readonly (readonly [says: string, parcel: Partial<Parcel>, offers: readonly string[], want: string])[] = [
  ['SIZE known beforehand', { size: 1001 }, ['SIZE 1000'], '0 5.3.4 mail'],
  ['SIZE 0 is no limit', {}, ['SIZE 0'], 'taken'],
  ['an address that needs SMTPUTF8', utf8, [], '0 5.6.7 mail'],
  ['an address that needs SMTPUTF8, and it is there', utf8, ['SMTPUTF8', '8BITMIME'], 'taken'],
  [
    'SMTPUTF8 asked for, and all is ASCII',
    { options: { smtpUtf8: true, body: '7bit', requireTls: false } },
    [],
    'taken',
  ],
  ['8 bits', { content: eight, size: eight.length }, [], '0 5.6.3 mail'],
  ['8 bits, and the server takes them', { content: eight, size: eight.length }, ['8BITMIME'], 'taken'],
  ['BINARYMIME', { options: { smtpUtf8: false, body: 'binarymime', requireTls: false } }, ['CHUNKING'], '0 5.6.1 mail'],
  [
    'BINARYMIME, and the server has it',
    { options: { smtpUtf8: false, body: 'binarymime', requireTls: false } },
    ['CHUNKING', 'BINARYMIME'],
    'taken',
  ],
  [
    'REQUIRETLS without TLS',
    { options: { smtpUtf8: false, body: '7bit', requireTls: true } },
    ['REQUIRETLS'],
    '0 5.7.30 policy',
  ],
  [
    'REQUIRETLS without the promise',
    { options: { smtpUtf8: false, body: '7bit', requireTls: true } },
    ['STARTTLS'],
    '0 5.7.30 policy',
  ],
  ['REQUIRETLS', { options: { smtpUtf8: false, body: '7bit', requireTls: true } }, ['STARTTLS', 'REQUIRETLS'], 'taken'],
  ['a bare LF', { content: Buffer.from('a\nb\r\n') }, [], '0 5.6.0 message'],
]
for (const [says, over, offers, want] of unfit)
  void test(`known before it is sent: ${says}`, async () => {
    const { log } = await carried({ offers: ['PIPELINING', ...offers] }, [parcel('z'), parcel('a', over), parcel('b')])
    assert.ok(log.includes(`a: ${want}`), log.join('; '))
    assert.equal(log.at(-1), 'b: taken')
  })

void test('parameters go to a server that has them, and to no other', async () => {
  const wished: Partial<Parcel> = {
    recipients: [{ address: 'b@x', notify: ['success', 'failure'], orcpt: 'rfc822;b+b@x' }],
    options: { smtpUtf8: false, body: '7bit', requireTls: false, ret: 'hdrs', envid: 'a=b' },
  }
  const lines = async (offers: readonly string[]): Promise<readonly string[]> =>
    (await carried({ offers }, [parcel('a', wished)])).said.slice(1, 3)
  assert.deepEqual(await lines(['DSN']), [
    'MAIL FROM:<anna@here.example> RET=HDRS ENVID=a+3Db',
    'RCPT TO:<b@x> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;b+2Bb@x',
  ])
  assert.deepEqual(await lines([]), ['MAIL FROM:<anna@here.example>', 'RCPT TO:<b@x>'])
  assert.equal((await carried({}, [parcel('a', wished)])).outcomes.get('a')?.dsn, true)
})

for (const chunk of [false, true])
  void test(`a large message goes in slices${chunk ? ' of one chunk' : ''}, and is not ended when it cannot be read`, async () => {
    const whole = Buffer.from(`A: b\r\n\r\n${'.line of text\r\n'.repeat(50_000)}`)
    const body = chunk ? 'binarymime' : '7bit'
    const large = (fails: boolean): Partial<Parcel> => ({
      ...{ size: whole.length, options: { smtpUtf8: false, body, requireTls: false } },
      content: async (from, end) => (fails && from > 300_000 ? undefined : whole.subarray(from, end)),
    })
    const offers = { offers: ['PIPELINING', 'CHUNKING', 'BINARYMIME'] }
    const good = await carried(offers, [parcel('a', large(false)), parcel('b')])
    assert.deepEqual(good.log, ['begins a', 'a: taken', 'begins b', 'b: taken'])
    assert.equal(good.messages[0], whole.toString('latin1'))
    const bad = await carried(offers, [parcel('a', large(true))])
    assert.deepEqual([bad.log, bad.messages, bad.end], [['begins a', 'a: 0 4.3.0 message'], [], '0 4.3.0 message'])
  })

const opening: readonly (readonly [says: string, script: Script, over: Partial<CourierOptions>, want: string])[] = [
  ['greeted with 554', { greeting: '554 5.7.1 go away\r\n' }, {}, '554 5.7.1 greeting'],
  ['not greeted', { greeting: 'stall' }, {}, '0 4.4.2 greeting'],
  ['greeted with nonsense', { greeting: 'SSH-2.0\r\n' }, {}, '0 4.5.0 greeting'],
  ['EHLO deferred', { answers: { EHLO: ['450 4.7.1 no reverse name\r\n'] } }, {}, '450 4.7.1 greeting'],
  [
    'EHLO and HELO refused',
    { answers: { EHLO: ['550 no\r\n'], HELO: ['550 5.7.1 no\r\n'] } },
    {},
    '550 5.7.1 greeting',
  ],
  ['TLS is a must and not offered', {}, { tls: 'required' }, '0 4.7.4 tls'],
  [
    'TLS is a must and refused',
    { offers: ['STARTTLS'], answers: { STARTTLS: ['454 4.7.0 no\r\n'] } },
    { tls: 'required' },
    '454 4.7.0 tls',
  ],
  ['the handshake fails', { offers: ['STARTTLS'], secure: 'tls' }, {}, '0 4.4.2 tls'],
  [
    'the server says more than its answer to STARTTLS',
    { offers: ['STARTTLS'], answers: { STARTTLS: ['220 go\r\n250 x\r\n'] } },
    {},
    '0 4.5.0 tls',
  ],
  ['a login without TLS', { offers: ['AUTH PLAIN'] }, { login: { user: 'u', password: 'p' } }, '0 4.7.0 policy'],
  [
    'a login that is refused',
    { offers: ['STARTTLS', 'AUTH PLAIN'], answers: { AUTH: ['535 5.7.8 wrong\r\n'] } },
    { login: { user: 'u', password: 'p' } },
    '0 4.7.8 policy',
  ],
  [
    'no mechanism of ours',
    { offers: ['STARTTLS', 'AUTH CRAM-MD5'] },
    { login: { user: 'u', password: 'p' } },
    '0 4.7.0 policy',
  ],
]
for (const [says, script, over, want] of opening)
  void test(`not opened: ${says}`, async () => {
    const server = scripted(script)
    const opened = await openCourier(server.link, { ...options, ...over })
    assert.equal(opened.ok ? 'opened' : told(opened.error.said), want)
    if (!server.said.includes('STARTTLS'))
      assert.ok(!server.writes.join('').includes('AHUAcA'), 'the password was said')
  })

void test('STARTTLS: EHLO again, and what was offered before is forgotten', async () => {
  const plain = '250-a\r\n250-SIZE 1\r\n250 STARTTLS\r\n'
  const { said, log } = await carried({ answers: { EHLO: [plain, '250 b\r\n'] } }, [parcel('a')])
  assert.deepEqual(said.slice(0, 4), [
    'EHLO mail.here.example',
    'STARTTLS',
    'EHLO mail.here.example',
    'MAIL FROM:<anna@here.example>',
  ])
  assert.deepEqual(log, ['begins a', 'a: taken'])
  const refused = { offers: ['STARTTLS'], answers: { STARTTLS: ['502 no\r\n'] } }
  assert.deepEqual((await carried(refused, [parcel('a')])).log, ['begins a', 'a: taken'])
})

const b64 = (text: string): string => Buffer.from(text).toString('base64')
const login = { user: 'user', password: 'pencil' }
const logins: readonly (readonly [mechanisms: string, answers: Script['answers'], said: readonly string[]])[] = [
  ['PLAIN LOGIN', { AUTH: ['235 ok\r\n'] }, [`AUTH PLAIN ${b64('\0user\0pencil')}`]],
  [
    'LOGIN',
    {
      AUTH: [`334 ${b64('Username:')}\r\n`],
      [b64('user')]: [`334 ${b64('Password:')}\r\n`],
      [b64('pencil')]: ['235 ok\r\n'],
    },
    ['AUTH LOGIN', b64('user'), b64('pencil')],
  ],
]
for (const [mechanisms, answers, want] of logins)
  void test(`AUTH by ${mechanisms}`, async () => {
    const script = { offers: [`AUTH ${mechanisms}`], ...(answers === undefined ? {} : { answers }) }
    const { said, log } = await carried(script, [parcel('a')], { login, isLocal: true })
    assert.deepEqual(said.slice(1, 1 + want.length), want)
    assert.deepEqual(log, ['begins a', 'a: taken'])
  })

/** The exchange of RFC 7677 section 3, with its own numbers. */
const scram = (signature: string): Script => ({
  offers: ['AUTH SCRAM-SHA-256 PLAIN'],
  answers: {
    AUTH: [`334 ${b64('r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096')}\r\n`],
    [b64('c=biws')]: [`334 ${b64(signature)}\r\n`],
    'an empty line': ['235 ok\r\n'],
  },
})
const scramOptions = { login, isLocal: true, nonce: () => 'rOprNGfwEbeRWgbNEkqO' }

void test('AUTH by SCRAM-SHA-256, the server showing that it knows the password too', async () => {
  const good = await carried(scram('v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='), [], scramOptions)
  assert.deepEqual(good.said.slice(1, 4), [
    `AUTH SCRAM-SHA-256 ${b64('n,,n=user,r=rOprNGfwEbeRWgbNEkqO')}`,
    b64('c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ='),
    '',
  ])
  for (const signature of ['v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=', 'v=', 'e=x']) {
    const opened = await openCourier(scripted(scram(signature)).link, { ...options, ...scramOptions })
    assert.equal(opened.ok ? 'opened' : told(opened.error.said), '0 4.7.0 policy', signature)
  }
})

void test('a reply that comes line by line, each just in time, has one deadline', async () => {
  let now = 0
  const server = scripted({ answers: { MAIL: [''] } })
  const opened = await openCourier(
    {
      ...server.link,
      some: async () => {
        const some = await server.link.some()
        if (some.ok) return some
        now += 60_000
        return { ok: true, value: Buffer.from('250-still here\r\n') }
      },
    },
    { ...options, now: () => now },
  )
  assert.ok(opened.ok)
  const end = await opened.value.run<Named>({
    ...{
      next: () => parcel('a'),
      more: async () => false,
      begins: () => undefined,
      done: () => undefined,
      back: () => undefined,
    },
  })
  assert.equal(end === undefined ? '' : told(end), '0 4.4.2 mail')
  assert.ok(now <= 360_000, `${now}`)
})
