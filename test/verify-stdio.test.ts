/** `postern verify --stdio` as another program sees it: JSON lines in and out, real DNS packets on loopback. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { command } from '../src/app/cli/verify.ts'
import { readLines } from '../src/app/verify-stdio/lines.ts'
import { type DnsServerHandle, newZone, serveDns } from '../src/net/dns/server.ts'
import { addSet } from './verify-arc-sign.ts'
import { keys, rsaRecord, signed } from './verify-sign.ts'

const zone = newZone({
  'example.com': { TXT: ['v=spf1 exp=why.%{d} ip4:192.0.2.1 -all'] },
  'why.example.com': { TXT: ['%{i} is not one of %{d}'] },
  'plain.example': { TXT: ['v=spf1 -all'] },
  'down.example': 'servfail',
  'sel._domainkey.example.com': { TXT: [rsaRecord()] },
  '_dmarc.example.com': { TXT: ['v=DMARC1; p=reject'] },
  'odd.example': { TXT: ['v=spf1 exists:a%%b%-c.odd.example -all'] },
  'a%b%20c.odd.example': { A: ['127.0.0.2'] },
  'space.example': { TXT: ['v=spf1 exists:a%_b.odd.example -all'] },
  'a b.odd.example': { A: ['127.0.0.2'] },
})
let server: DnsServerHandle | undefined
before(async () => {
  const served = await serveDns({ host: '127.0.0.1', port: 0, zone })
  if (served.ok) server = served.value
})
after(async () => await server?.close())

type Answer = Readonly<Record<string, unknown>>
const ask = async (cases: readonly (object | string)[]): Promise<readonly Answer[]> => {
  const dns = `127.0.0.1:${server?.port ?? 0}`
  const lines = cases.map((one) => (typeof one === 'string' ? one : JSON.stringify({ dns, ...one })))
  const input = async function* (): AsyncGenerator<Uint8Array> {
    const bytes = Buffer.from(`${lines.join('\n')}\n`)
    for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000)
  }
  let text = ''
  const shell = {
    out: (more: string) => {
      text += more
    },
    ...{ err: () => undefined, input: input(), now: () => 1_700_000_000_000, isTerminal: false },
    onSignal: () => () => undefined,
  }
  assert.equal(await command.run({ words: [], values: { stdio: true } }, shell), 0)
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}

test('spf: result and explanation, DEFAULT where there is none', async () => {
  const spf = { op: 'spf', helo: 'h.example', mailfrom: 'a@example.com' }
  const answers = await ask([
    { ...spf, id: 1, ip: '192.0.2.1' },
    { ...spf, id: 'two', ip: '192.0.2.2' },
    { ...spf, id: 3, ip: '192.0.2.2', mailfrom: 'a@plain.example' },
    { ...spf, id: 4, ip: '192.0.2.2', mailfrom: 'a@down.example' },
    { ...spf, id: 5, ip: '192.0.2.2', mailfrom: '<>' },
    { ...spf, id: 6, ip: '192.0.2.2', mailfrom: 'a@odd.example' },
    { ...spf, id: 7, ip: '192.0.2.2', mailfrom: 'a@space.example' },
  ])
  assert.deepEqual(
    answers.map((one) => [one['id'], one['result'], one['explanation']]),
    [
      [1, 'pass', undefined],
      ['two', 'fail', '192.0.2.2 is not one of example.com'],
      [3, 'fail', 'DEFAULT'],
      [4, 'temperror', undefined],
      [5, 'none', undefined],
      [6, 'pass', undefined],
      [7, 'pass', undefined],
    ],
  )
})

test('dkim, dmarc, arc and all of it, as text and as base64', async () => {
  const message = signed('From: jack@example.com\r\nSubject: x\r\n\r\nHi\r\n')
  const envelope = { ip: '192.0.2.9', helo: 'h.example', mailfrom: 'a@plain.example' }
  const [dkim, encoded, dmarc, broken, arc, all] = await ask([
    { op: 'dkim', id: 1, message },
    { op: 'dkim', id: 2, message_base64: Buffer.from(message).toString('base64') },
    { op: 'dmarc', id: 3, message, ...envelope },
    { op: 'dmarc', id: 4, message: message.replace('Hi', 'Ho'), ...envelope },
    { op: 'arc-validate', id: 5, message },
    { op: 'all', id: 6, message, ...envelope },
  ])
  assert.equal(dkim?.['result'], 'pass')
  assert.equal(encoded?.['result'], 'pass')
  assert.deepEqual([dmarc?.['result'], dmarc?.['policy'], dmarc?.['domain']], ['pass', 'reject', 'example.com'])
  assert.deepEqual([broken?.['result'], broken?.['disposition']], ['fail', 'reject'])
  assert.deepEqual([arc?.['id'], arc?.['cv']], [5, 'none'])
  assert.match(String(all?.['field']), /^Authentication-Results: unknown;\r\n/)
})

const sealing = {
  op: 'arc-seal',
  privatekey: String(keys.rsa.privateKey.export({ type: 'pkcs1', format: 'pem' })),
  ...{ srvid: 'fwd.example', selector: 'sel', domain: 'example.com', headers: 'from:to:subject', t: 12345 },
}
const setOf = (answer: Answer | undefined): readonly string[] => {
  const found = answer?.['set']
  assert.ok(Array.isArray(found), JSON.stringify(answer))
  return found.map(String)
}
const onTop = (answer: Answer | undefined, message: string): string => [...setOf(answer), message].join('\r\n')

test('arc-seal: sets that arc-validate passes, one after another', async () => {
  const plain =
    'Authentication-Results: fwd.example; spf=pass\r\nFrom: j\u00f6rg@example.com\r\nSubject: x\r\n\r\nHi\r\n'
  const [one, folded] = await ask([
    { ...sealing, id: 1, message: plain },
    { ...sealing, id: 2, message: plain, form: 'folded', headers: '', t: '12345' },
  ])
  assert.deepEqual(Object.keys(one ?? {}), ['id', 'set'])
  const [seal = '', message = '', results = '', ...more] = setOf(one)
  assert.match(seal, /^ARC-Seal: a=rsa-sha256; b=[A-Za-z0-9+/=]+; cv=none; d=example\.com; i=1; s=sel; t=12345$/)
  assert.match(message, /^ARC-Message-Signature: a=rsa-sha256; b=.*; h=from:to:subject; i=1; s=sel; t=12345$/)
  assert.deepEqual([results, more], ['ARC-Authentication-Results: i=1; fwd.example; spf=pass', []])
  const text = onTop(one, plain)
  const again = `Authentication-Results: fwd.example; arc=pass\r\n${text}`
  const [valid, other, second, validated, lost] = await ask([
    { op: 'arc-validate', id: 1, message: text },
    { op: 'arc-validate', id: 2, message: onTop(folded, plain) },
    { ...sealing, id: 3, message: again },
    { ...sealing, id: 4, message: text },
    { ...sealing, id: 5, message: text.replace('Hi', 'Ho') },
  ])
  assert.deepEqual([valid?.['cv'], other?.['cv']], ['pass', 'pass'])
  assert.match(setOf(second)[0] ?? '', /cv=pass; d=example\.com; i=2;/)
  assert.match(setOf(validated)[0] ?? '', /cv=pass; d=example\.com; i=2;/)
  assert.deepEqual(lost, { id: 5, set: [], reason: 'chain-not-validated' })
  const [last] = await ask([{ op: 'arc-validate', id: 6, message: onTop(second, again) }])
  assert.deepEqual([last?.['cv'], last?.['sets']], ['pass', 2])
})

test('arc-seal: what the chain is said to be, and what is not sealed', async () => {
  const plain = 'From: jack@example.com\r\nTo: jill@example.net\r\nSubject: x\r\n\r\nHi\r\n'
  const ours = (text: string, message: string): string => `Authentication-Results: fwd.example; ${text}\r\n${message}`
  const one = addSet(plain, 1)
  const rows: readonly (readonly [string, object, string])[] = [
    [plain, {}, 'no-results'],
    [ours('spf=pass', plain), { srvid: 'other.example' }, 'no-results'],
    [ours('arc=none', plain), {}, 'none'],
    [ours('arc=pass', plain), {}, 'cv-and-chain-differ'],
    [ours('arc=none', one), {}, 'cv-and-chain-differ'],
    [ours('arc=pass', one), {}, 'pass'],
    [ours('arc=fail', one), {}, 'fail'],
    [ours('arc=pass', ours('arc=pass', one)), {}, 'fail'],
    [ours('arc=temperror', one), {}, 'chain-not-validated'],
    [ours('spf=pass', one), { cv: 'fail' }, 'fail'],
    [ours('spf=pass', addSet(one, 2, { cv: 'fail' })), { cv: 'fail' }, 'chain-ended'],
    [ours('spf=pass', plain), { headers: 'to' }, 'from-not-signed'],
    [ours('spf=pass', plain), { domain: 'example' }, 'domain'],
  ]
  const answers = await ask(rows.map(([message, more], id) => ({ ...sealing, id, message, ...more })))
  for (const [index, [, , want]] of rows.entries()) {
    const set = setOf(answers[index])
    assert.equal(
      set.length === 0 ? answers[index]?.['reason'] : /cv=(\w+)/.exec(set[0] ?? '')?.[1],
      want,
      `row ${index}`,
    )
  }
  const [keyless] = await ask([{ ...sealing, id: 1, message: plain, privatekey: 'x' }])
  assert.deepEqual(keyless, { id: 1, error: 'privatekey: key-unreadable' })
})

test('what cannot be read is answered, and the next case goes on', async () => {
  const answers = await ask([
    '{',
    '[]',
    'null',
    '{"id":4}',
    '{"id":5,"op":"__proto__"}',
    '',
    { op: 'spf', id: 6, dns: 'x:y' },
    { op: 'spf', id: 7 },
  ])
  assert.deepEqual(
    answers.map((one) => [one['id'], typeof one['error'], one['result']]),
    [
      [null, 'string', undefined],
      [null, 'string', undefined],
      [null, 'string', undefined],
      [4, 'string', undefined],
      [5, 'string', undefined],
      [6, 'string', undefined],
      [7, 'undefined', 'none'],
    ],
  )
})

test('answers keep the order of the cases, slow ones too', async () => {
  const cases = Array.from({ length: 40 }, (_, id) => ({
    ...{ op: 'spf', id, ip: '192.0.2.1', helo: 'h' },
    mailfrom: id % 3 === 0 ? 'a@down.example' : 'a@example.com',
  }))
  assert.deepEqual(
    (await ask(cases)).map((one) => one['id']),
    cases.map((one) => one.id),
  )
})

test('a line too long is passed over', async () => {
  const input = async function* (): AsyncGenerator<Uint8Array> {
    for (const piece of ['abc', 'def', 'ghi\nok\r\n', 'last']) yield Buffer.from(piece)
  }
  const lines: (string | undefined)[] = []
  for await (const line of readLines(input(), 8)) lines.push(line)
  assert.deepEqual(lines, [undefined, 'ok', 'last'])
})

test('without --stdio it says what it wants', async () => {
  let said = ''
  const shell = {
    err: (more: string) => {
      said += more
    },
    ...{ out: () => undefined, input: (async function* () {})(), now: () => 0, isTerminal: false },
    onSignal: () => () => undefined,
  }
  assert.equal(await command.run({ words: [], values: {} }, shell), 2)
  assert.match(said, /--stdio/)
})
