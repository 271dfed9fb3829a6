import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'
import type { Act, Peer } from '../../base/act.ts'
import type { Consulted, Question } from '../../post/consult.ts'
import { type SpamdDeps, spamdLimits } from './deps.ts'
import { spamdSession } from './session.ts'

const peer: Peer = {
  session: 's',
  ip: '127.0.0.1',
  port: 1,
  localIp: '127.0.0.1',
  localPort: 783,
  tls: null,
  mayPlaintext: true,
}
const hits = [
  { name: 'SMALL', says: 'a sender’s little', score: 0.5 },
  { name: 'LARGE', says: 'much', score: 6 },
]
const done = (score: number): Consulted => ({
  kind: 'judged',
  verdict: { kind: score >= 10 ? 'reject' : score >= 5 ? 'flag' : 'accept', reasons: [] },
  score,
  hits,
  flagAt: 5,
  rejectAt: 10,
  authResults: undefined,
})

type House = { readonly jobs: Question[]; readonly told: Parameters<SpamdDeps['tell']>[0][]; readonly deps: SpamdDeps }
const houseOf = (outcome: Consulted, so: Partial<SpamdDeps> = {}): House => {
  const jobs: Question[] = []
  const told: House['told'] = []
  const deps: SpamdDeps = {
    consult: async (job) => {
      jobs.push(job)
      return outcome
    },
    tell: async (one) => {
      told.push(one)
      return 'learned'
    },
    who: async (user) => (user === 'alice@here.test' ? user : undefined),
    mayAsk: () => true,
    mayTell: true,
    counts: true,
    room: { held: 0 },
    limits: spamdLimits,
    host: 'mx.here.test',
    ...so,
  }
  return { jobs, told, deps }
}
/** @returns what is written, and that the connection ends after it. */
const ask = async (deps: SpamdDeps, text: string): Promise<string> => {
  const session = spamdSession(deps)
  const acts: Act[] = []
  for await (const act of session.greet(peer, async () => true)) acts.push(act)
  for await (const act of session.octets(Buffer.from(text, 'latin1'))) acts.push(act)
  assert.equal(deps.room.held, 0, 'the room is given back')
  assert.equal(acts.at(-1)?.act, 'close')
  return acts.map((act) => (act.act === 'write' ? Buffer.from(act.bytes).toString('latin1') : '')).join('')
}
const asking = (method: string, message: string, headers = '', version = '1.5'): string =>
  `${method} SPAMC/${version}\r\n${headers}Content-length: ${message.length}\r\n\r\n${message}`
const squeezed = (method: string, message: string): string =>
  asking(method, deflateSync(message).toString('latin1'), 'Compress: zlib\r\n')
const MAIL = 'Subject: a\n\nb\n'

test('each method has its answer', async () => {
  const { deps, jobs } = houseOf(done(6.5))
  assert.equal(
    await ask(deps, asking('CHECK', MAIL)),
    'SPAMD/1.1 0 EX_OK\r\nContent-length: 0\r\nSpam: True ; 6.5 / 5.0\r\n\r\n',
  )
  assert.match(await ask(deps, asking('SYMBOLS', MAIL)), /\r\n\r\nLARGE,SMALL$/)
  assert.match(await ask(deps, asking('SYMBOLS', MAIL, '', '1.2')), /\r\n\r\nLARGE,SMALL\r\n$/)
  assert.match(await ask(deps, asking('REPORT', MAIL)), /6\.0 {2}LARGE +much\n/)
  assert.match(await ask(deps, asking('REPORT_IFSPAM', MAIL)), /Spam: Yes .*LARGE/s)
  assert.match(await ask(deps, asking('HEADERS', MAIL)), /X-Spam-Flag: YES\n.*\nSubject: a\n\n$/s)
  const processed = await ask(deps, asking('PROCESS', `X-Spam-Flag: NO\n${MAIL}`))
  const [, length, message = ''] =
    /^SPAMD\/1\.1 0 EX_OK\r\nContent-length: (\d+)\r\nSpam: True ; 6\.5 \/ 5\.0\r\n\r\n(.*)$/s.exec(processed) ?? []
  assert.equal(Number(length), message.length)
  assert.match(
    message,
    /^X-Spam-Flag: YES\nX-Spam-Score: 6\.5\nX-Spam-Level: \*{6}\nX-Spam-Status: Yes, score=6\.5 required=5\.0/,
  )
  assert.ok(!message.includes('\r') && !message.includes('NO\n') && message.endsWith(MAIL))
  assert.ok(jobs.every((job) => job.ip === undefined && job.account === undefined && 'bytes' in job.body))
})

test('wanted mail is not reported as spam', async () => {
  const { deps } = houseOf(done(1))
  assert.match(await ask(deps, asking('REPORT_IFSPAM', MAIL)), /Content-length: 0\r\nSpam: No ; 1\.0 \/ 5\.0\r\n\r\n$/)
  assert.ok(!(await ask(deps, asking('PROCESS', MAIL))).includes('X-Spam-Flag'))
})

test('no verdict is EX_TEMPFAIL', async () =>
  assert.match(await ask(houseOf({ kind: 'unjudged' }).deps, asking('PROCESS', MAIL)), /^SPAMD\/1\.1 75 /))

test('rspamd’s dialect tells the envelope, and hears the action', async () => {
  const { deps, jobs } = houseOf(done(12.5))
  const headers = [
    'Queue-Id: 1abc',
    'From: <a@b.test>',
    'Recipient-Number: 2',
    'Rcpt: <x@here.test>',
    'Rcpt: y@here.test',
    'Helo: mx.b.test',
    'IP: 192.0.2.7',
    'User: me',
    '',
  ].join('\r\n')
  assert.equal(
    await ask(deps, asking('CHECK', MAIL, headers, '1.3').replace('SPAMC', 'RSPAMC')),
    'RSPAMD/1.3 0 EX_OK\r\nMetric: default; True; 12.50 / 5.00 / 10.00\r\nAction: reject\r\nSymbol: LARGE(6.00)\r\nSymbol: SMALL(0.50)\r\n',
  )
  const [{ body, recipients, mailFrom, ...rest } = assert.fail('nobody was asked')] = jobs
  assert.deepEqual([mailFrom?.text, ...recipients.map(({ text }) => text)], ['a@b.test', 'x@here.test', 'y@here.test'])
  assert.deepEqual(rest, {
    session: '1abc',
    ip: '192.0.2.7',
    port: 0,
    helo: 'mx.b.test',
    tls: null,
    login: 'me',
    account: undefined,
    counts: true,
  })
  assert.equal(body.size, MAIL.length)
  assert.equal(await ask(deps, 'PING RSPAMC/1.3\r\n\r\n'), 'RSPAMD/1.3 0 PONG\r\n')
})

test('ping and skip', async () => {
  const { deps } = houseOf(done(0))
  assert.equal(await ask(deps, 'PING SPAMC/1.5\r\n\r\n'), 'SPAMD/1.5 0 PONG\r\n')
  assert.equal(await ask(deps, 'SKIP SPAMC/1.5\r\n\r\n'), '')
})

test('a lesson is for the account that is named, without our own fields', async () => {
  const { deps, told } = houseOf(done(0))
  const spam = asking(
    'TELL',
    `X-Spam-Flag: YES\n${MAIL}`,
    'Message-class: spam\r\nSet: local\r\nUser: alice@here.test\r\n',
  )
  assert.match(await ask(deps, spam), /DidSet: local/)
  assert.match(await ask(deps, asking('TELL', MAIL, 'Remove: local\r\nUser: root\r\n')), /DidRemove: local/)
  assert.deepEqual(
    told.map(({ account, opinion, message }) => [account, opinion, Buffer.from(message).toString()]),
    [
      ['alice@here.test', 'spam', MAIL],
      [undefined, 'none', MAIL],
    ],
  )
})

test('a report and its revocation are lessons, and are answered as told to both', async () => {
  const { deps, told } = houseOf(done(0))
  const report = asking('TELL', MAIL, 'Message-class: spam\r\nSet: local,remote\r\n')
  assert.match(await ask(deps, report), /DidSet: local,remote\r\n/)
  const revoke = asking('TELL', MAIL, 'Message-class: ham\r\nSet: local\r\nRemove: remote\r\n')
  assert.match(await ask(deps, revoke), /DidSet: local\r\nDidRemove: remote\r\n/)
  assert.deepEqual(
    told.map(({ opinion }) => opinion),
    ['spam', 'wanted'],
  )
})

test('a compressed message is inflated first', async () => {
  const { deps, jobs } = houseOf(done(6.5))
  assert.match(await ask(deps, squeezed('PROCESS', MAIL)), /Spam: True.*X-Spam-Flag: YES\n.*Subject: a\n\nb\n$/s)
  const [job] = jobs
  assert.equal(job?.body.size, MAIL.length)
})

for (const [name, request, so, want] of [
  [
    'TELL where it is not allowed',
    asking('TELL', MAIL, 'Message-class: spam\r\nSet: local\r\n'),
    { mayTell: false },
    /^SPAMD\/1\.1 69 .*tell = true/,
  ],
  ['TELL without a class', asking('TELL', MAIL, 'Set: local\r\n'), {}, /^SPAMD\/1\.1 76 /],
  ['TELL both ways', asking('TELL', MAIL, 'Set: local\r\nRemove: local\r\n'), {}, /^SPAMD\/1\.1 76 /],
  ['another compression', asking('CHECK', MAIL, 'Compress: zstd\r\n'), {}, /^SPAMD\/1\.1 76 .*zlib/],
  ['compressed rubbish', asking('CHECK', MAIL, 'Compress: zlib\r\n'), {}, /^SPAMD\/1\.1 76 .*zlib/],
  [
    'a small message that inflates over the limit',
    squeezed('CHECK', 'a'.repeat(2000)),
    { limits: { ...spamdLimits, message: 1000 } },
    /^SPAMD\/1\.1 69 .*1000/,
  ],
  ['no room to inflate', squeezed('CHECK', MAIL), { limits: { ...spamdLimits, held: 3000 } }, /^SPAMD\/1\.1 75 /],
  ['a message over the limit', 'CHECK SPAMC/1.5\r\nContent-length: 52428801\r\n\r\n', {}, /^SPAMD\/1\.1 69 .*52428800/],
  ['no room', asking('CHECK', MAIL), { limits: { ...spamdLimits, held: 3 } }, /^SPAMD\/1\.1 75 /],
  ['a stranger', asking('CHECK', MAIL), { mayAsk: () => false }, /^SPAMD\/1\.1 69 /],
  ['no request', 'HELO\r\n', {}, /^SPAMD\/1\.1 76 /],
] as const)
  test(`${name} is refused, and nothing is scanned or learned`, async () => {
    const { deps, jobs, told } = houseOf(done(0), so)
    assert.match(await ask(deps, request), want)
    assert.equal(jobs.length + told.length, 0)
  })

test('a client that goes away gives its room back', async () => {
  const { deps } = houseOf(done(0))
  const session = spamdSession(deps)
  for await (const _ of session.greet(peer, async () => true));
  for await (const _ of session.octets(Buffer.from('CHECK SPAMC/1.5\r\nContent-length: 99\r\n\r\nabc')));
  assert.equal(deps.room.held, 99)
  session.gone()
  assert.equal(deps.room.held, 0)
})
