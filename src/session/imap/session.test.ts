/** What the dialogues do not show: acts, faults of store and disk, large messages, cuts, what is left behind. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type House, Line, memorySpool, openHouse } from '../../../test/dialogues/imap-house.ts'
import { smallMessage } from '../../../test/dialogues/imap-script.ts'
import type { Act, Peer } from '../../base/act.ts'
import { fail } from '../../base/result.ts'
import { SpoolError } from '../../base/spool.ts'
import type { Store, StoreFault } from '../../store/store.ts'
import { imapSession } from './session.ts'

const put = async (house: House, text: string): Promise<void> => {
  const account = house.accounts.get('alice@example.org')
  assert.ok(account !== undefined)
  const mailbox = await house.store.mailbox({ account: account.id, name: 'INBOX' })
  assert.ok(mailbox.ok)
  const place = {
    account: account.id,
    mailbox: mailbox.value.id,
    flags: [],
    prefix: '',
    internalDate: 0,
    enforceQuota: false,
  }
  const placed = await house.store.deliver({ body: { bytes: Buffer.from(text, 'latin1') }, places: [place], now: 0 })
  assert.ok(placed.ok)
}

/** A house whose store counts its verbs, and fails in `faults`. */
const watched = (
  house: House,
  faults: Partial<Record<keyof Store, StoreFault | undefined>>,
): { house: House; verbs: string[] } => {
  const verbs: string[] = []
  const { store } = house
  const proxy = new Proxy(store, {
    get: (target, name: keyof Store) => {
      const verb: unknown = Reflect.get(target, name)
      if (typeof verb !== 'function') return verb
      return (...args: unknown[]): unknown => {
        verbs.push(name)
        const fault = faults[name]
        return fault === undefined ? Reflect.apply(verb, target, args) : Promise.resolve(fail(fault))
      }
    },
  })
  return { house: { ...house, deps: { ...house.deps, store: proxy } }, verbs }
}

const logged = async (house: House, ...commands: string[]): Promise<Line> => {
  const line = new Line(house, true)
  await line.say('login LOGIN alice secret')
  for (const [at, command] of commands.entries()) assert.match(await line.say(`open${at} ${command}`), /^open\d+ OK/m)
  return line
}

const peer: Peer = {
  session: 's',
  ip: '192.0.2.1',
  port: 1,
  localIp: '192.0.2.2',
  localPort: 993,
  tls: { version: 'TLSv1.3', cipher: 'x', bindings: {} },
  mayPlaintext: false,
}

const acts = async (source: AsyncIterable<Act>): Promise<Act[]> => {
  const out: Act[] = []
  for await (const act of source) out.push(act)
  return out
}

test('the patience is short before login, long after it', async () => {
  const house = await openHouse()
  const session = imapSession(house.deps)
  session.bell(() => undefined)
  const greeted = await acts(session.greet(peer, () => Promise.resolve(true)))
  assert.deepEqual(greeted[0], { act: 'patience', ms: house.deps.limits.patienceBeforeLoginMs })
  const login = await acts(session.octets(Buffer.from('a LOGIN alice secret\r\n')))
  assert.deepEqual(login[0], { act: 'patience', ms: house.deps.limits.patienceMs })
  const failed = await acts(imapSession(house.deps).octets(Buffer.from('x\r\n')))
  assert.deepEqual(failed, [])
  await house.close()
})

test('a failed login waits before its answer, and the jail hears of it', async () => {
  const house = await openHouse()
  const line = new Line(house, true)
  assert.match(await line.say('a LOGIN alice wrong'), /^a NO \[AUTHENTICATIONFAILED\]/m)
  assert.deepEqual(line.waits, [house.deps.limits.failedLoginMs])
  assert.deepEqual(house.logins, ['alice failed'])
  await house.close()
})

for (const [why, says] of [
  ['timeout', /^\* BYE /],
  ['slow', /^\* BYE /],
  ['shutdown', /^\* BYE \[UNAVAILABLE\]/],
  ['barred', /^\* BYE /],
] as const)
  test(`the last words on ${why}`, async () => {
    const house = await openHouse()
    const [said] = await acts(imapSession(house.deps).farewell(why))
    assert.ok(said?.act === 'write')
    assert.match(Buffer.from(said.bytes).toString(), says)
    await house.close()
  })

test('capabilities by state', async () => {
  const house = await openHouse()
  const capabilities = async (line: Line): Promise<string> =>
    /^\* CAPABILITY (.*)\r/m.exec(await line.say('c CAPABILITY'))?.[1] ?? ''
  const plain = await capabilities(new Line(house, false))
  assert.match(plain, /STARTTLS LOGINDISABLED/)
  assert.doesNotMatch(plain, /AUTH=/)
  const secure = await capabilities(new Line(house, true))
  assert.match(secure, /AUTH=SCRAM-SHA-256-PLUS AUTH=SCRAM-SHA-256 AUTH=PLAIN/)
  assert.doesNotMatch(secure, /STARTTLS|LOGINDISABLED|IDLE/)
  const line = await logged(house)
  const after = await capabilities(line)
  for (const word of ['IMAP4rev1', 'IMAP4rev2', 'IDLE', 'QRESYNC', 'APPENDLIMIT=52428800', 'COMPRESS=DEFLATE'])
    assert.ok(after.split(' ').includes(word), word)
  assert.doesNotMatch(after, /URLAUTH|AUTH=/)
  await line.say('d COMPRESS DEFLATE')
  assert.doesNotMatch(await capabilities(line), /COMPRESS/)
  await house.close()
})

test('SCRAM-SHA-256 with and without a channel binding', async () => {
  const { createHash, createHmac, pbkdf2Sync } = await import('node:crypto')
  const house = await openHouse()
  for (const [mechanism, gs2, bound] of [
    ['SCRAM-SHA-256', 'n,,', ''],
    ['SCRAM-SHA-256-PLUS', 'p=tls-exporter,,', 'exported'],
  ] as const) {
    const line = new Line(house, true)
    await line.heard()
    const bare = 'n=alice,r=clientnonce'
    const first = await line.say(`a AUTHENTICATE ${mechanism} ${Buffer.from(gs2 + bare).toString('base64')}`)
    const challenge = Buffer.from(/^\+ (\S+)/.exec(first)?.[1] ?? '', 'base64').toString()
    const [, nonce = '', salt = '', rounds = ''] = /^r=([^,]+),s=([^,]+),i=(\d+)$/.exec(challenge) ?? []
    const salted = pbkdf2Sync('secret', Buffer.from(salt, 'base64'), Number(rounds), 32, 'sha256')
    const hmac = (key: Uint8Array, text: string): Buffer => createHmac('sha256', key).update(text).digest()
    const clientKey = hmac(salted, 'Client Key')
    const unproven = `c=${Buffer.from(gs2 + bound).toString('base64')},r=${nonce}`
    const signature = hmac(createHash('sha256').update(clientKey).digest(), `${bare},${challenge},${unproven}`)
    const proof = Buffer.from(clientKey.map((octet, at) => octet ^ (signature[at] ?? 0)))
    const second = await line.say(Buffer.from(`${unproven},p=${proof.toString('base64')}`).toString('base64'))
    assert.match(second, /^\+ dj/)
    assert.match(await line.say(''), /^a OK /m)
  }
  assert.deepEqual(house.logins, ['alice ok', 'alice ok'])
  await house.close()
})

const faultTable: readonly (readonly [StoreFault, keyof Store, string, RegExp])[] = [
  ['busy', 'mailbox', 'SELECT INBOX', /NO \[UNAVAILABLE\]/],
  ['damaged', 'mailboxes', 'LIST "" "*"', /NO \[CORRUPTION\]/],
  ['too-many', 'addMailbox', 'CREATE x', /NO \[LIMIT\]/],
  ['disk-full', 'deliver', 'APPEND INBOX {1+}\r\nx', /NO \[UNAVAILABLE\]/],
  ['over-quota', 'deliver', 'APPEND INBOX {1+}\r\nx', /NO \[OVERQUOTA\]/],
  ['no-such-mailbox', 'deliver', 'APPEND INBOX {1+}\r\nx', /NO \[TRYCREATE\]/],
  ['busy', 'changeFlags', 'STORE 1 +FLAGS (\\Seen)', /NO \[UNAVAILABLE\]/],
  ['over-quota', 'copy', 'COPY 1 INBOX', /NO \[OVERQUOTA\]/],
  ['no-such-mailbox', 'copy', 'COPY 1 INBOX', /NO \[/],
  ['damaged', 'messages', 'FETCH 1 BODY.PEEK[]', /NO \[CORRUPTION\]/],
  ['damaged', 'envelopes', 'FETCH 1 ENVELOPE', /NO \[CORRUPTION\]/],
  ['busy', 'search', 'SEARCH TEXT x', /NO \[UNAVAILABLE\]/],
  ['busy', 'sort', 'SORT (DATE) UTF-8 ALL', /NO \[UNAVAILABLE\]/],
  ['busy', 'thread', 'THREAD REFS UTF-8 ALL', /NO \[UNAVAILABLE\]/],
  ['busy', 'expunge', 'EXPUNGE', /NO \[UNAVAILABLE\]/],
  ['busy', 'replace', 'REPLACE 1 INBOX {1+}\r\nx', /NO \[UNAVAILABLE\]/],
  ['too-many', 'setMetadata', 'SETMETADATA INBOX (/private/x "y")', /NO \[LIMIT\]/],
  ['busy', 'setRights', 'SETACL INBOX bob lr', /NO \[UNAVAILABLE\]/],
  ['busy', 'subscribe', 'SUBSCRIBE INBOX', /NO \[UNAVAILABLE\]/],
]
for (const [fault, verb, command, wanted] of faultTable)
  test(`${verb}: ${fault} becomes ${wanted.source} in ${command.slice(0, 20)}`, async () => {
    const faults: Partial<Record<keyof Store, StoreFault | undefined>> = {}
    const sound = await openHouse()
    await put(sound, smallMessage(1))
    const { house } = watched(sound, faults)
    const line = await logged(house, 'SELECT INBOX')
    faults[verb] = fault
    assert.match(await line.say(`a ${command}`), new RegExp(`^a ${wanted.source}`, 'm'))
    faults[verb] = undefined
    assert.match(await line.say('b NOOP'), /^b OK/m)
    await house.close()
  })

for (const [when, fails] of [
  ['written', 'write'],
  ['ended', 'finish'],
] as const)
  test(`a disk that is full while an APPEND is ${when}`, async () => {
    let discarded = 0
    const house = await openHouse({
      newSpool: () => ({
        ...memorySpool(),
        [fails]: () => Promise.reject(new SpoolError('disk-full')),
        discard: () => {
          discarded += 1
        },
      }),
    })
    const line = await logged(house)
    assert.match(await line.say('a APPEND INBOX {3+}\r\nabc {3+}\r\nabc'), /^a NO \[UNAVAILABLE\]/m)
    assert.ok(discarded >= 1)
    assert.match(await line.say('b STATUS INBOX (MESSAGES)'), /MESSAGES 0/)
    await house.close()
  })

test('a client that goes in the middle of an APPEND leaves no spool behind', async () => {
  let open = 0
  const house = await openHouse({
    newSpool: () => {
      open += 1
      const spool = memorySpool()
      return {
        ...spool,
        discard: () => {
          open -= 1
        },
      }
    },
  })
  const line = await logged(house)
  line.send('a APPEND INBOX {3+}\r\nabc {5+}\r\nab')
  await line.heard()
  assert.equal(open, 2)
  line.gone()
  await line.heard()
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(open, 0)
  await house.close()
})

test('all messages of a MULTIAPPEND, or none', async () => {
  const sound = await openHouse()
  let calls = 0
  const store: Store = {
    ...sound.store,
    deliver: (a) => {
      calls += 1
      return calls === 2 ? Promise.resolve(fail('over-quota')) : sound.store.deliver(a)
    },
  }
  const house = { ...sound, deps: { ...sound.deps, store } }
  const line = await logged(house)
  assert.match(await line.say('a APPEND INBOX {1+}\r\n1 {1+}\r\n2 {1+}\r\n3'), /^a NO \[OVERQUOTA\]/m)
  assert.match(await line.say('b STATUS INBOX (MESSAGES)'), /MESSAGES 0/)
  assert.match(await line.say('c APPEND INBOX {1+}\r\n1 {1+}\r\n2'), /^c OK \[APPENDUID \d+ \d+:\d+\]/m)
  await house.close()
})

test('one STORE, EXPUNGE or MOVE is one verb', async () => {
  const sound = await openHouse()
  for (let n = 1; n <= 4; n += 1) await put(sound, smallMessage(n))
  const { house, verbs } = watched(sound, {})
  const views = await logged(house, 'CREATE box', 'SELECT INBOX')
  verbs.length = 0
  await views.say('a STORE 1 +FLAGS (\\Deleted)')
  assert.match(await views.say('b EXPUNGE'), /^\* 1 EXPUNGE\r\nb OK/m)
  assert.match(await views.say('c MOVE 1 box'), /^\* 1 EXPUNGE\r\nc OK/m)
  await views.say('d FETCH 1:* (FLAGS UID)')
  assert.deepEqual(verbs, ['changeFlags', 'expunge', 'mailbox', 'copy'])
  await house.close()
})

test('what another changes in the moment of a silent STORE is told', async () => {
  const sound = await openHouse()
  await put(sound, smallMessage(1))
  const store: Store = {
    ...sound.store,
    changeFlags: async (a) => {
      const answer = await sound.store.changeFlags(a)
      await sound.store.changeFlags({ mailbox: a.mailbox, uids: a.uids, how: 'add', flags: ['\\Flagged'] })
      return answer
    },
  }
  const line = await logged({ ...sound, deps: { ...sound.deps, store } }, 'SELECT INBOX')
  assert.equal(
    await line.say('a STORE 1 +FLAGS.SILENT (\\Seen)'),
    '* 1 FETCH (FLAGS (\\Flagged \\Seen))\r\na OK Stored\r\n',
  )
  await sound.close()
})

test('a large message is read in slices, and says what a small one says', async () => {
  const house = await openHouse()
  const lines = Array.from(
    { length: 30_000 },
    (_, at) => `Line ${at} of a message that is far too long to be read at once.\r\n`,
  ).join('')
  const head = 'Subject: large\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n'
  const base64 = Buffer.from(lines).toString('base64').replaceAll(/.{76}/g, '$&\r\n')
  const text = `${head}--b\r\nContent-Type: text/plain\r\n\r\n${lines}\r\n--b\r\nContent-Transfer-Encoding: base64\r\n\r\n${base64}\r\n--b--\r\n`
  await put(house, text)
  const { house: counted, verbs } = watched(house, {})
  const line = await logged(counted, 'SELECT INBOX')
  const literal = async (item: string): Promise<string> => {
    const said = await line.say(`f FETCH 1 ${item}`)
    const found = /\{(\d+)\}\r\n/.exec(said)
    assert.ok(found !== null, said.slice(0, 200))
    const from = found.index + found[0].length
    return said.slice(from, from + Number(found[1]))
  }
  assert.equal(await literal('BODY.PEEK[]'), text)
  assert.ok(verbs.filter((verb) => verb === 'readMessage').length > 3)
  assert.equal(await literal('BODY.PEEK[HEADER]'), head)
  assert.equal(await literal('BODY.PEEK[TEXT]'), text.slice(head.length))
  assert.equal(await literal('BODY.PEEK[1]'), lines)
  assert.equal(await literal('BODY.PEEK[1.MIME]'), 'Content-Type: text/plain\r\n\r\n')
  assert.equal(await literal('BODY.PEEK[1]<1000000.70>'), lines.slice(1_000_000, 1_000_070))
  assert.equal(await literal('BODY.PEEK[1]<99999999.70>'), '')
  assert.equal(await literal('BODY.PEEK[HEADER.FIELDS (Subject)]'), 'Subject: large\r\n\r\n')
  assert.equal(await literal('BINARY.PEEK[2]'), lines)
  assert.equal(await literal('BINARY.PEEK[2]<5.10>'), lines.slice(5, 15))
  assert.match(
    await line.say('g FETCH 1 (BODY.PEEK[3] BINARY.SIZE[2])'),
    new RegExp(`BODY\\[3\\] \\{0\\}\r\n BINARY\\.SIZE\\[2\\] ${lines.length}\\)`),
  )
  assert.match(
    await line.say('h FETCH 1 (BODY[1]<0.4> FLAGS)'),
    /BODY\[1\]<0> \{4\}\r\nLine FLAGS \(\\Seen\)\)\r\nh OK/,
  )
  await house.close()
})

test('a large message that goes while it is sent ends the connection, because its length was said', async () => {
  const sound = await openHouse()
  await put(sound, `Subject: x\r\n\r\n${'x'.repeat(2_000_000)}`)
  const faults: Partial<Record<keyof Store, StoreFault | undefined>> = {}
  const { house } = watched(sound, faults)
  const line = await logged(house, 'SELECT INBOX')
  faults.readMessage = 'no-such-message'
  assert.match(await line.say('a FETCH 1 BODY.PEEK[]'), /\{2000014\}\r\n\[close\]\r\n$/)
  await house.close()
})

test('a session that goes hears no bell any more', async () => {
  const house = await openHouse()
  const line = await logged(house, 'SELECT INBOX', 'NOTIFY SET (personal (MailboxName))')
  await line.say('i IDLE')
  line.gone()
  await put(house, smallMessage(1))
  assert.equal(await line.heard(), '')
  await house.close()
})

const script = [
  'a1 LOGIN alice {6}\r\nsecret\r\n',
  'a2 SELECT INBOX\r\n',
  'a3 FETCH 1:* (UID FLAGS BODY.PEEK[HEADER.FIELDS (Subject)])\r\n',
  'a4 STORE 1 +FLAGS (\\Seen $Label)\r\n',
  'a5 APPEND INBOX (\\Draft) {12+}\r\nSubject: x\r\n {3+}\r\nabc\r\n',
  'a6 SEARCH OR SEEN SUBJECT {1}\r\nx\r\n',
  'a7 IDLE\r\nDONE\r\n',
  'a8 AUTHENTICATE PLAIN\r\n',
  'a9 FOO {3}\r\nb1 LIST "" {2000000}\r\n',
  'b2 FETCH 3 BODY[]<1.5>\r\n',
  'b3 LOGOUT\r\n',
].join('')

const played = async (cuts: readonly number[]): Promise<string> => {
  const house = await openHouse()
  await put(house, smallMessage(1))
  const line = new Line(house, true)
  const places = [0, ...cuts.map((cut) => cut % script.length).sort((x, y) => x - y), script.length]
  for (const [at, to] of places.slice(1).entries()) line.send(script.slice(places[at], to))
  const said = await line.heard()
  await house.close()
  return said.replaceAll(/UIDVALIDITY \d+|APPENDUID \d+|MAILBOXID \([^)]*\)/g, '')
}

test('cutting what a client says differently changes no answer', async () => {
  const whole = await played([])
  assert.match(whole, /^b3 OK/m)
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(2000), { maxLength: 40 }), async (cuts) =>
      assert.equal(await played(cuts), whole),
    ),
    { numRuns: 8 },
  )
})

test('whatever a client says, the session answers or ends, and the next one is served', async () => {
  const words = [
    'a ',
    'b ',
    'UID ',
    'FETCH ',
    'STORE ',
    '1:* ',
    'FLAGS ',
    '(',
    ')',
    '{3+}\r\n',
    'abc',
    '\r\n',
    'SEARCH ',
    '$ ',
    'IDLE',
    'DONE',
    'APPEND INBOX ',
    'SELECT INBOX',
    'AUTHENTICATE PLAIN',
    'EXPUNGE',
    'COPY 1 INBOX',
    'CLOSE',
    '"',
    '\0',
    '\xff',
    'NOTIFY SET (selected NONE)',
    'LIST "" *',
    'ENABLE QRESYNC',
    'RETURN (SAVE) ',
  ]
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...words), { maxLength: 60 }), async (said) => {
      const house = await openHouse()
      await put(house, smallMessage(1))
      const line = await logged(house, 'SELECT INBOX')
      line.send(said.join(''))
      const heard = await line.heard()
      assert.ok(heard === '' || heard.endsWith('\r\n'))
      assert.doesNotMatch(heard, /undefined|NaN|\[object/)
      const next = await logged(house, 'SELECT INBOX')
      assert.match(await next.say('n NOOP'), /^n OK/m)
      await house.close()
    }),
    { numRuns: 40 },
  )
})

test('a command that is long at work says so before its answer, and again', async () => {
  const { house } = watched(await openHouse(), {})
  await put(house, 'Subject: one\r\n\r\none\r\n')
  const looks = [false, false, true]
  const slow: House = {
    ...house,
    deps: { ...house.deps, within: async (work) => looks.shift() ?? work.then(() => true) },
  }
  const line = await logged(slow, 'SELECT INBOX')
  const still = '* OK [INPROGRESS ("s" NIL NIL)] Still at work\r\n'
  assert.equal(await line.say('s SEARCH TEXT one'), `${still}${still}* SEARCH 1\r\ns OK Searched\r\n`)
  assert.deepEqual(line.waits, [0, 0])
  looks.push(false)
  assert.match(await line.say('c COPY 1 INBOX'), /^\* OK \[INPROGRESS \("c" NIL NIL\)\] Still at work\r\n/)
  looks.push(false)
  assert.match(
    await line.say('m ESEARCH IN (personal) TEXT one'),
    /^\* OK \[INPROGRESS \("m" 0 1\)\] Still at work\r\n\* ESEARCH \(TAG "m" /,
  )
})
