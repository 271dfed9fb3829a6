/** What the dialogues do not show: acts, faults of the store, large messages, order, cuts, and what is left behind. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type House, Line, openHouse } from '../../../test/dialogues/imap-house.ts'
import { smallMessage } from '../../../test/dialogues/imap-script.ts'
import { putMessage } from '../../../test/dialogues/play.ts'
import { openPop3, type Pop3Options, pop3Deps } from '../../../test/dialogues/pop3-house.ts'
import type { Act, Peer } from '../../base/act.ts'
import type { Fields } from '../../base/log.ts'
import { failingStore } from '../../store/failing.ts'
import type { Store, StoreFault } from '../../store/store.ts'
import type { Pop3Deps } from './deps.ts'
import { pop3Session } from './session.ts'
import { wordsFor } from './words.ts'

const peer: Peer = {
  session: 's',
  ip: '192.0.2.1',
  port: 1,
  localIp: '192.0.2.2',
  localPort: 995,
  tls: { version: 'TLSv1.3', cipher: 'x', bindings: {} },
  mayPlaintext: false,
}
const LOGIN = 'USER alice\r\nPASS secret\r\n'

const acts = async (source: AsyncIterable<Act>): Promise<readonly Act[]> => {
  const all: Act[] = []
  for await (const act of source) all.push(act)
  return all
}
const written = (all: readonly Act[]): string =>
  all.map((act) => (act.act === 'write' ? Buffer.from(act.bytes).toString('latin1') : '')).join('')

/** A house with messages, and what POP3 needs of it. */
const at = async (
  messages: readonly string[],
  run: (house: House, deps: Pop3Deps) => Promise<void>,
  options: (house: House) => Pop3Options = () => ({}),
): Promise<void> => {
  const house = await openHouse()
  try {
    for (const text of messages) await putMessage(house, text)
    await run(house, pop3Deps(house, options(house)))
  } finally {
    await house.close()
  }
}
/** Verbs of the store that do something more. */
const withStore =
  (change: (store: Store) => Partial<Store>) =>
  ({ store }: House): Pop3Options => ({ store: { ...store, ...change(store) } })
const three = [1, 2, 3].map(smallMessage)

test('patience before and after login', () =>
  at([], async (_, deps) => {
    const session = pop3Session(deps)
    const patience = async (source: AsyncIterable<Act>): Promise<readonly number[]> =>
      (await acts(source)).flatMap((act) => (act.act === 'patience' ? [act.ms] : []))
    assert.deepEqual(await patience(session.greet(peer, async () => true)), [60_000])
    assert.deepEqual(await patience(session.octets(Buffer.from('USER alice\r\n'))), [])
    assert.deepEqual(await patience(session.octets(Buffer.from('PASS secret\r\n'))), [600_000])
    assert.deepEqual(await patience(session.octets(Buffer.from('NOOP\r\n'))), [])
  }))

test('a failed login waits for its answer', () =>
  at([], async (house, deps) => {
    const line = new Line(house, true, pop3Session(deps))
    await line.say('USER alice')
    assert.deepEqual(line.waits, [])
    await line.say('PASS wrong')
    assert.deepEqual(line.waits, [2000])
    assert.deepEqual(house.logins, ['alice failed'])
  }))

test('a password before TLS is never looked at', () =>
  at([], async (house, deps) => {
    const line = new Line(house, false, pop3Session(deps))
    await line.say('USER alice\r\nPASS secret\r\nAUTH PLAIN AGFsaWNlAHNlY3JldA==\r\nAUTH LOGIN\r\nYWxpY2U=\r\nc2VjcmV0')
    assert.deepEqual(house.logins, [])
    const loopback = pop3Session(deps)
    await acts(loopback.greet({ ...peer, tls: null, mayPlaintext: true }, async () => true))
    assert.match(written(await acts(loopback.octets(Buffer.from(LOGIN)))), /\+OK 0 messages\r\n$/)
  }))

test('the answers to one packet are one write', () =>
  at(three, async (_, deps) => {
    const session = pop3Session(deps)
    await acts(session.greet(peer, async () => true))
    await acts(session.octets(Buffer.from(LOGIN)))
    const all = await acts(session.octets(Buffer.from('STAT\r\nRETR 1\r\nRETR 2\r\nNOOP\r\n')))
    assert.deepEqual(
      all.map(({ act }) => act),
      ['write'],
    )
  }))

// ---- The lock ---------------------------------------------------------------------------------------------------------

test('a client that comes back before its old connection ended waits a little, and gets in', () =>
  at(three, async (house, deps) => {
    const old = await openPop3(house, deps)
    const session = pop3Session(deps)
    await acts(session.greet(peer, async () => true))
    const seen: Act[] = []
    for await (const act of session.octets(Buffer.from(LOGIN))) {
      seen.push(act)
      if (seen.filter((one) => one.act === 'wait').length === 3) old.gone()
    }
    assert.deepEqual(
      seen.map((one) => (one.act === 'wait' ? one.ms : one.act)),
      ['write', 100, 100, 100, 'patience', 'write'],
    )
    assert.match(written(seen), /\+OK 3 messages\r\n$/)
  }))

test('it waits no longer than the limit says', () =>
  at(
    [],
    async (house, deps) => {
      await openPop3(house, deps)
      const line = new Line(house, true, pop3Session(deps))
      assert.match(await line.say('USER alice\r\nPASS secret'), /IN-USE/)
      assert.deepEqual(line.waits, [100, 100, 100])
    },
    () => ({ limits: { lockWaitMs: 250 } }),
  ))

test('a connection that is lost while it waits holds nothing', () =>
  at([], async (house, deps) => {
    const old = await openPop3(house, deps)
    const session = pop3Session(deps)
    await acts(session.greet(peer, async () => true))
    const steps = session.octets(Buffer.from(LOGIN))[Symbol.asyncIterator]()
    for (let step = await steps.next(); step.done !== true && step.value.act !== 'wait'; ) step = await steps.next()
    await steps.return?.()
    session.gone()
    old.gone()
    await openPop3(house, deps)
  }))

test('who hears the answer to QUIT may come again at once', () =>
  at(three, async (house, deps) => {
    const line = await openPop3(house, deps)
    const session = pop3Session(deps)
    await acts(session.greet(peer, async () => true))
    line.send('DELE 1\r\nQUIT\r\n')
    assert.match(await line.heard(), /Good bye/)
    const back = await acts(session.octets(Buffer.from(LOGIN)))
    assert.match(written(back), /\+OK 2 messages\r\n$/)
    assert.ok(!back.some(({ act }) => act === 'wait'))
  }))

// ---- Messages ---------------------------------------------------------------------------------------------------------

const body = (lines: number): string =>
  Array.from({ length: lines }, (_, n) => `${n % 7 === 0 ? '.' : ''}line ${n} ${'x'.repeat(n % 80)}\r\n`).join('')
const unstuffed = (response: string): string => {
  assert.ok(response.endsWith('\r\n.\r\n'))
  return response.slice(response.indexOf('\r\n') + 2, -3).replaceAll(/^\./gm, '')
}

test('a large message goes out whole, slice by slice, in bounded writes', () => {
  const text = `Subject: large\r\n\r\n${body(20_000)}`
  return at([text], async (house, deps) => {
    const line = await openPop3(house, deps)
    const heard = await line.say('RETR 1')
    assert.ok(heard.startsWith(`+OK ${text.length} octets\r\n`))
    assert.equal(unstuffed(heard), text)
    line.gone()
    const session = pop3Session(deps)
    await acts(session.greet(peer, async () => true))
    await acts(session.octets(Buffer.from(LOGIN)))
    const sizes = (await acts(session.octets(Buffer.from('RETR 1\r\n')))).map((act) =>
      act.act === 'write' ? act.bytes.length : 0,
    )
    assert.ok(sizes.length >= 3 && Math.max(...sizes) < 400_000, String(sizes))
  })
})

test('TOP of a large message reads no more of it than it shows', () => {
  const text = `Subject: large\r\n\r\n${body(20_000)}`
  const slices: number[] = []
  return at(
    [text],
    async (house, deps) => {
      const line = await openPop3(house, deps)
      assert.equal(unstuffed(await line.say('TOP 1 2')), `Subject: large\r\n\r\n${body(2)}`)
      assert.equal(slices.length, 1)
    },
    withStore((store) => ({
      readMessage: (a) => {
        slices.push(a.from)
        return store.readMessage(a)
      },
    })),
  )
})

test('one message after another is read ahead: one question for many, and none is given twice', () => {
  let asked = 0
  return at(
    Array.from({ length: 40 }, (_, n) => smallMessage(n + 1)),
    async (house, deps) => {
      const line = await openPop3(house, deps)
      for (let n = 1; n <= 40; n += 1) assert.equal(unstuffed(await line.say(`RETR ${n}`)), smallMessage(n))
      assert.equal(asked, 2)
      for (const n of [5, 3, 40, 1]) assert.equal(unstuffed(await line.say(`RETR ${n}`)), smallMessage(n))
      assert.equal(asked, 6, 'out of order each is asked for')
    },
    withStore((store) => ({
      messages: (a) => {
        asked += 1
        return store.messages(a)
      },
    })),
  )
})

test('what is read ahead is bounded in octets', () => {
  const most: number[] = []
  return at(
    three,
    async (house, deps) => {
      const line = await openPop3(house, deps)
      for (const n of [1, 2, 3]) assert.equal(unstuffed(await line.say(`RETR ${n}`)), smallMessage(n))
      assert.ok(most.every((octets) => octets <= 200))
      assert.equal(most.length, 3)
    },
    ({ store }) => ({
      limits: { ahead: 200 },
      store: {
        ...store,
        messages: (a) => {
          most.push(a.mostBytes)
          return store.messages(a)
        },
      },
    }),
  )
})

test('a long list goes out in pieces, and others have their turn between them', () => {
  let turns = 0
  return at(
    Array.from({ length: 1200 }, () => 'a\r\n'),
    async (house, deps) => {
      const line = await openPop3(house, {
        ...deps,
        breathe: () => {
          turns += 1
          return Promise.resolve()
        },
      })
      const list = (await line.say('UIDL')).split('\r\n')
      assert.equal(list.length, 1203)
      assert.ok(turns > 0)
    },
  )
})

// ---- Faults -----------------------------------------------------------------------------------------------------------

const failing =
  (fault: StoreFault, on: 'mailbox' | 'messages' | 'expunge' | 'changeFlags' | 'readMessage' | 'columns') =>
  (house: House): Pop3Options => ({ store: failingStore(house.store, fault, [on]) })

test('a store that fails at login: the answer says so, and the maildrop is free', () =>
  at(
    three,
    async (house, deps) => {
      const line = new Line(house, true, pop3Session(deps))
      assert.match(await line.say('USER alice\r\nPASS secret'), /-ERR \[SYS\/TEMP\] The server is busy/)
      assert.equal(await line.say('STAT'), '-ERR Log in first\r\n')
      await openPop3(house, { ...deps, store: house.store })
    },
    failing('busy', 'mailbox'),
  ))

test('a store that fails at RETR: nothing is marked as read', () =>
  at(
    three,
    async (house, deps) => {
      const line = await openPop3(house, deps)
      assert.match(await line.say('RETR 1'), /^-ERR \[SYS\/PERM\]/)
      assert.match(await line.say('QUIT'), /^\+OK/)
      const imap = new Line(house, true)
      await imap.say('a LOGIN alice secret\r\nb EXAMINE INBOX')
      assert.match(await imap.say('c SEARCH SEEN'), /^\* SEARCH\r\n/)
    },
    failing('damaged', 'messages'),
  ))

test('a store that fails in the middle of a message: the connection ends without the dot', () => {
  let asked = 0
  return at(
    [`Subject: large\r\n\r\n${body(20_000)}`],
    async (house, deps) => {
      const line = await openPop3(house, deps)
      const heard = await line.say('RETR 1')
      assert.ok(heard.startsWith('+OK '))
      assert.ok(heard.endsWith('[close]\r\n') && !heard.includes('\r\n.\r\n'))
    },
    withStore((store) => ({
      readMessage: (a) => {
        asked += 1
        return asked > 1 ? Promise.resolve({ ok: false, error: 'closed' }) : store.readMessage(a)
      },
    })),
  )
})

test('a store that cannot remove: QUIT says so, and they are still there', () =>
  at(
    three,
    async (house, deps) => {
      const line = await openPop3(house, deps)
      await line.say('DELE 1')
      assert.match(await line.say('QUIT'), /^-ERR \[SYS\/TEMP\].*\r\n\[close\]\r\n$/)
      const again = await openPop3(house, deps)
      assert.match(await again.say('STAT'), /^\+OK 3 /)
    },
    failing('disk-full', 'expunge'),
  ))

for (const verb of ['changeFlags', 'columns'] as const)
  test(`what the client did not ask for (${verb}) may fail without an error`, () =>
    at(
      three,
      async (house, deps) => {
        const line = await openPop3(house, { ...deps, expireMs: 0 })
        await line.say('RETR 1')
        assert.match(await line.say('DELE 2\r\nQUIT'), /\+OK Good bye/)
        assert.match(await (await openPop3(house, { ...deps, store: house.store })).say('STAT'), /^\+OK 2 /)
      },
      failing('busy', verb),
    ))

test('every fault has words: what may pass is SYS/TEMP', () => {
  for (const fault of ['busy', 'disk-full', 'closed'] as const) assert.match(wordsFor(fault), /^-ERR \[SYS\/TEMP\] /)
  assert.match(wordsFor('damaged'), /^-ERR \[SYS\/PERM\] /)
})

test('QUIT is told to the log, with numbers only', () => {
  const seen: Fields[] = []
  return at(
    three,
    async (house, deps) => {
      const line = await openPop3(house, deps)
      await line.say('RETR 1\r\nRETR 2\r\nDELE 1\r\nQUIT')
      assert.deepEqual(seen, [{ session: 's1', user: 'alice@example.org', retrieved: 2, deleted: 1 }])
    },
    () => ({ log: { event: (_, fields) => void seen.push(fields) } }),
  )
})

// ---- Any octets -------------------------------------------------------------------------------------------------------

const pieces = fc.oneof(
  fc.constantFrom(
    ...[
      'STAT\r\n',
      'LIST\r\n',
      'UIDL\r\n',
      'RETR 1\r\n',
      'RETR 3\r\n',
      'TOP 2 1\r\n',
      'DELE 1\r\n',
      'DELE 2\n',
      'RSET\r\n',
    ],
    ...[
      'NOOP\r\n',
      'CAPA\r\n',
      'QUIT\r\n',
      'AUTH PLAIN\r\n',
      'AUTH LOGIN\r\n',
      '*\r\n',
      'AGFsaWNlAHNlY3JldA==\r\n',
      LOGIN,
    ],
    ...[
      'USER bob\r\n',
      'PASS secret\r\n',
      'APOP\r\n',
      'UTF8\r\n',
      'WHAT\r\n',
      '\r\n',
      'RETR\r\n',
      '\0\r\n',
      'TOP 1\r\n',
    ],
  ),
  fc.string({ maxLength: 9 }),
)

test('any octets, cut anywhere: the same is said, in whole lines, and the lock is free afterwards', async () => {
  const house = await openHouse()
  for (const text of three) await putMessage(house, text)
  // Nothing is removed, so that each run finds the same.
  const store = { ...house.store, expunge: failingStore(house.store, 'busy', ['expunge']).expunge }
  const run = async (wire: Buffer, step: number): Promise<string> => {
    const deps = pop3Deps(house, { store, limits: { bad: 6, lockWaitMs: 0 } })
    const session = pop3Session(deps)
    let said = written(await acts(session.greet(peer, async () => true)))
    for (let from = 0; from < wire.length; from += step) {
      const piece = Buffer.from(wire.subarray(from, from + step))
      said += written(await acts(session.octets(piece)))
      piece.fill(0)
    }
    session.gone()
    for (const account of house.accounts.values()) assert.ok(deps.maildrops.take(account.id) !== undefined)
    return said
  }
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(pieces, { maxLength: 14 }), fc.integer({ min: 2, max: 30 }), async (texts, step) => {
        const wire = Buffer.from(texts.join(''))
        const whole = await run(wire, Math.max(1, wire.length))
        assert.equal(await run(wire, step), whole)
        assert.equal(await run(wire, 1), whole)
        assert.match(whole, /\r\n$/)
      }),
      { numRuns: 60 },
    )
  } finally {
    await house.close()
  }
})
