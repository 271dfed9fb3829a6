/** The client against our own receiving session, in memory, and against servers that misbehave. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  actsOf,
  type House,
  type HouseOptions,
  smtpHouse,
  testPeer,
  testTls,
} from '../../../test/dialogues/smtp/house.ts'
import type { Act } from '../../base/act.ts'
import { fail, ok } from '../../base/result.ts'
import { type ClientMail, type ClientOptions, openSmtp } from './client.ts'
import type { Link } from './dialogue.ts'

/** A link to a session of the house; `packets` are what the client sent. */
const linkTo = (house: House): Link & { readonly packets: string[] } => {
  const packets: string[] = []
  let waiting: Uint8Array[] = []
  let ended = false
  let greeted = false
  const hear = (acts: readonly Act[]): void => {
    for (const act of acts) {
      if (act.act === 'write') waiting.push(Buffer.from(act.bytes))
      if (act.act === 'close') ended = true
    }
  }
  return {
    packets,
    some: async () => {
      if (!greeted) hear(await actsOf(house.session.greet(testPeer, async () => true)))
      greeted = true
      const bytes = Buffer.concat(waiting)
      waiting = []
      return bytes.length > 0 ? ok(bytes) : fail(ended ? 'closed' : 'timeout')
    },
    send: async (bytes) => {
      packets.push(Buffer.from(bytes).toString('latin1'))
      hear(await actsOf(house.session.octets(Buffer.from(bytes))))
      return ok(undefined)
    },
    secure: async () => {
      house.session.secured(testTls)
      return ok(undefined)
    },
  }
}

const mail: ClientMail = {
  from: 'carl@friend.example',
  to: ['alice@example.org'],
  message: Buffer.from('Subject: a\r\n\r\n.dot\r\n'),
}

const sent = async (
  mails: readonly ClientMail[],
  options: Partial<ClientOptions> = {},
  houseOptions: HouseOptions = {},
) => {
  const house = smtpHouse(houseOptions)
  const link = linkTo(house)
  const client = await openSmtp(link, { name: 'client.example', tls: 'if-offered', ...options })
  assert.ok(client.ok)
  const outcomes = []
  for (const one of mails) {
    const outcome = await client.value.send(one)
    assert.ok(outcome.ok)
    outcomes.push(outcome.value)
  }
  assert.ok((await client.value.quit()).ok)
  return { house, outcomes, packets: link.packets }
}

for (const options of [{}, { pipelining: false }, { chunking: true }, { tls: 'never' as const }])
  test(`two messages, ${JSON.stringify(options)}`, async () => {
    const { house, outcomes } = await sent([mail, { ...mail, from: '' }], options)
    assert.deepEqual(
      outcomes.map(({ accepted }) => accepted),
      [true, true],
    )
    assert.deepEqual(
      house.taken.map(({ bytes }) => bytes.toString()),
      ['Subject: a\r\n\r\n.dot\r\n', 'Subject: a\r\n\r\n.dot\r\n'],
    )
    assert.deepEqual(
      house.taken.map(({ envelope }) => envelope.mailFrom?.text),
      ['carl@friend.example', undefined],
    )
    assert.equal(house.taken[0]?.envelope.protocol, options.tls === 'never' ? 'ESMTP' : 'ESMTPS')
  })

test('the envelope is one packet', async () => {
  const { packets } = await sent([mail], { tls: 'never' })
  assert.equal(packets[1], 'MAIL FROM:<carl@friend.example> SIZE=20\r\nRCPT TO:<alice@example.org>\r\nDATA\r\n')
})

for (const pipelining of [true, false])
  test(`recipients are answered one by one, and the message goes to the good ones (pipelining ${pipelining})`, async () => {
    const to = ['nobody@example.org', 'alice@example.org', 'full@example.org']
    const { house, outcomes } = await sent([{ ...mail, to }, { ...mail, to: ['nobody@example.org'] }, mail], {
      pipelining,
    })
    assert.deepEqual(
      outcomes[0]?.recipients.map(({ code, enhanced }) => [code, enhanced]),
      [
        [550, '5.1.1'],
        [250, '2.1.5'],
        [452, '4.2.2'],
      ],
    )
    assert.deepEqual(
      outcomes.map(({ accepted }) => accepted),
      [true, false, true],
    )
    assert.equal(house.taken.length, 2)
  })

test('a message that is refused is not accepted, and the next one goes', async () => {
  const { outcomes } = await sent([{ ...mail, message: Buffer.from('X-Test: spam\r\n') }, mail])
  assert.deepEqual(
    outcomes.map(({ accepted, message }) => [accepted, message?.enhanced]),
    [
      [false, '5.7.1'],
      [true, '2.0.0'],
    ],
  )
})

test('8BITMIME, SMTPUTF8 and DSN are asked for when they are needed', async () => {
  const { house, packets } = await sent(
    [
      {
        from: 'jürgen@bücher.example',
        to: [{ address: 'alice@example.org', notify: ['failure'], orcpt: 'rfc822;a b@old.example' }],
        message: Buffer.from('caf\xe9\r\n', 'latin1'),
        ret: 'hdrs',
        envid: 'x=1',
      },
    ],
    { tls: 'never' },
  )
  assert.match(
    packets[1] ?? '',
    /BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=x\+3D1\r\n.* NOTIFY=FAILURE ORCPT=rfc822;a\+20b@old\.example\r\n/,
  )
  const envelope = house.taken[0]?.envelope
  assert.deepEqual(
    [envelope?.envid, envelope?.recipients[0]?.orcpt, envelope?.body],
    ['x=1', 'rfc822;a b@old.example', '8bitmime'],
  )
})

/** A server that says these, one for each thing that it is told, the greeting first. */
const scripted = (replies: readonly string[]): Link & { readonly packets: string[] } => {
  const packets: string[] = []
  const left = [...replies]
  return {
    packets,
    some: async () => {
      const next = left.shift()
      return next === undefined ? fail('closed') : ok(Buffer.from(next))
    },
    send: async (bytes) => {
      packets.push(Buffer.from(bytes).toString())
      return ok(undefined)
    },
    secure: async () => fail('tls'),
  }
}

for (const [name, replies, tls, want] of [
  [
    'a server that is not welcoming',
    ['554 go away\r\n'],
    'never',
    { kind: 'refused', reply: { code: 554, lines: ['go away'] } },
  ],
  ['a server that ends', ['220 a\r\n'], 'never', { kind: 'link', why: 'closed' }],
  ['a server that babbles', ['hello\r\n'], 'never', { kind: 'bad-reply' }],
  ['no TLS where it is required', ['220 a\r\n', '250 a\r\n'], 'required', { kind: 'no-tls' }],
  [
    'TLS that fails',
    ['220 a\r\n', '250-a\r\n250 STARTTLS\r\n', '220 go\r\n'],
    'if-offered',
    { kind: 'link', why: 'tls' },
  ],
  [
    'neither EHLO nor HELO',
    ['220 a\r\n', '502 no\r\n', '502 no\r\n'],
    'never',
    { kind: 'refused', reply: { code: 502, lines: ['no'] } },
  ],
] as const)
  test(`opening: ${name}`, async () => {
    const client = await openSmtp(scripted(replies), { name: 'c', tls })
    assert.deepEqual(client, { ok: false, error: want })
  })

test('an old server: HELO, nothing offered, a command at a time', async () => {
  const link = scripted([
    '220 a\r\n',
    '502 no\r\n',
    '250 a\r\n',
    '250 ok\r\n',
    '250 ok\r\n',
    '354 go\r\n',
    '250 ok\r\n',
  ])
  const client = await openSmtp(link, { name: 'c', tls: 'if-offered' })
  assert.ok(client.ok)
  const outcome = await client.value.send({ ...mail, envid: 'x' })
  assert.ok(outcome.ok && outcome.value.accepted)
  assert.deepEqual(link.packets.slice(2, 5), [
    'MAIL FROM:<carl@friend.example>\r\n',
    'RCPT TO:<alice@example.org>\r\n',
    'DATA\r\n',
  ])
  const untried = await client.value.send({ ...mail, to: ['ü@example.org'] })
  assert.equal(untried.ok && untried.value.untried, 'needs-utf8')
  const bare = await client.value.send({ ...mail, message: Buffer.from('a\n.\nb') })
  assert.equal(bare.ok && bare.value.untried, 'bare-lf')
})

test('a server that says 354 although it took nobody gets an empty message', async () => {
  const link = scripted([
    '220 a\r\n',
    '250-a\r\n250 PIPELINING\r\n',
    '250 ok\r\n550 no\r\n354 go\r\n',
    '554 none\r\n',
    '250 ok\r\n',
  ])
  const client = await openSmtp(link, { name: 'c', tls: 'never' })
  assert.ok(client.ok)
  const outcome = await client.value.send(mail)
  assert.ok(outcome.ok && !outcome.value.accepted)
  assert.deepEqual(link.packets.slice(2), ['.\r\n', 'RSET\r\n'])
})

test('what goes in comes out, by DATA and by BDAT', async () => {
  const lines = fc.array(fc.constantFrom('', '.', '..', '.a', 'text', '\xe9'.repeat(1200)), { maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(lines, fc.boolean(), async (texts, chunking) => {
      const message = Buffer.from(texts.map((text) => `${text}\r\n`).join(''), 'latin1')
      const { house } = await sent([{ ...mail, message }], { chunking })
      assert.deepEqual(house.taken[0]?.bytes, message)
    }),
    { numRuns: 50 },
  )
})
