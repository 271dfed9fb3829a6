import assert from 'node:assert/strict'
import { test } from 'node:test'
import { talkSentences } from '../ban/sentences.ts'
import { type AccountId, mailboxId } from '../base/ids.ts'
import { silentLog } from '../base/log.ts'
import { openInline } from '../store/sqlite/inline.ts'
import type { Mailbox, Store } from '../store/store.ts'
import { defaultMailboxes } from './accounts.ts'
import { openHistory } from './history.ts'
import { openJail } from './jail.ts'
import { openTeacher, opinionOf, senderOf, type Teacher } from './learn.ts'
import { REJECTED } from './rejected.ts'
import type { Lesson } from './scan-port.ts'
import { senderKeys } from './standing.ts'

for (const [from, to, want] of [
  [undefined, 'junk', 'spam'],
  ['archive', 'junk', 'spam'],
  ['trash', 'junk', 'spam'],
  ['sent', 'junk', undefined],
  ['junk', undefined, 'wanted'],
  ['junk', 'archive', 'wanted'],
  ['junk', 'trash', undefined],
  ['junk', 'junk', undefined],
  [undefined, 'trash', undefined],
  [undefined, undefined, undefined],
] as const)
  test(`from ${from ?? 'a mailbox'} to ${to ?? 'a mailbox'} says ${want}`, () =>
    assert.equal(opinionOf(from, to), want))

const prefix =
  'Return-Path: <carl@sender.example>\r\nReceived: from mail.sender.example (mail.sender.example [192.0.2.7])\r\n\tby mx.example.org with ESMTP id 1;\r\n\tx\r\n' +
  'Authentication-Results: mx.example.org;\r\n\tspf=pass smtp.mailfrom=carl@sender.example;\r\n\tdmarc=pass header.from=sender.example\r\n'
const body = Buffer.from('From: Carl <carl@sender.example>\r\n\r\nHi\r\n')

test('who brought a message is read from our own fields alone', () => {
  assert.deepEqual(
    senderOf(prefix, body, 'mx.example.org')?.keys,
    senderKeys('192.0.2.7', 'carl@sender.example', 'sender.example'),
  )
  assert.deepEqual(
    senderOf(prefix.replaceAll('=pass', '=fail'), body, 'h')?.keys,
    senderKeys('192.0.2.7', undefined, undefined),
  )
  assert.equal(senderOf(prefix.replace('[192.0.2.7]', '[IPv6:2001:db8::1]'), body, 'h')?.ip, '2001:db8::1')
  assert.equal(senderOf('', Buffer.from(`${prefix}x`), 'h'), undefined)
})

type School = {
  readonly store: Store
  readonly account: AccountId
  readonly teacher: Teacher
  readonly lessons: readonly Lesson[]
  readonly jail: ReturnType<typeof openJail>
  readonly history: ReturnType<typeof openHistory>
  /** Moves the messages of one mailbox to another and tells the teacher. */
  readonly move: (from: string, to: string) => Promise<void>
}

const openSchool = async (messages = 1, its = prefix): Promise<School> => {
  const opened = openInline({ folder: ':memory:' })
  assert.ok(opened.ok)
  const store = opened.value
  const account = await store.addAccount({
    name: 'anna@example.org',
    passwordHash: '',
    quotaBytes: 0,
    settings: '{}',
    now: 0,
  })
  assert.ok(account.ok)
  for (const row of [...defaultMailboxes, { name: REJECTED }])
    await store.addMailbox({ account: account.value.id, now: 0, ...row })
  for (let n = 0; n < messages; n += 1) {
    const done = await store.deliver({
      body: { bytes: Buffer.from(`Subject: ${n}\r\n${body.toString('latin1')}`) },
      now: 0,
      places: [
        {
          account: account.value.id,
          mailbox: { name: 'INBOX' },
          flags: [],
          prefix: its,
          internalDate: 0,
          enforceQuota: false,
        },
      ],
    })
    assert.ok(done.ok)
  }
  const lessons: Lesson[] = []
  const now = (): number => 1e12
  const jail = openJail({
    store,
    now,
    random: () => 0.5,
    log: silentLog,
    settings: () => ({ enabled: true, sentences: talkSentences, allow: [], banLoopback: false }),
  })
  const history = openHistory({ store, now, log: silentLog })
  const teacher = openTeacher({
    store,
    learn: async (lesson) => {
      lessons.push(lesson)
      return 'learned'
    },
    history,
    jail,
    now,
    log: silentLog,
    host: () => 'mx.example.org',
  })
  const named = async (name: string): Promise<Mailbox> => {
    const found = await store.mailbox({ account: account.value.id, name })
    assert.ok(found.ok)
    return found.value
  }
  return {
    store,
    account: account.value.id,
    teacher,
    lessons,
    jail,
    history,
    move: async (from, to) => {
      const [source, target] = [await named(from), await named(to)]
      const copied = await store.copy({ from: source.id, uids: [[1, 4294967295]], to: target.id, now: 0, move: true })
      assert.ok(copied.ok)
      teacher.moved({ account: account.value.id, from: source.id, to: target.id, newUids: copied.value.to })
      await teacher.settled()
    },
  }
}

test('into Junk is spam, out of it is a correction, and the trash says nothing', async () => {
  const { move, lessons } = await openSchool()
  await move('INBOX', 'Junk')
  await move('Junk', 'INBOX')
  await move('INBOX', 'Archive')
  await move('Archive', 'Junk')
  await move('Junk', 'Trash')
  assert.deepEqual(
    lessons.map(({ spam, corrects, account }) => [spam, corrects, account]),
    [
      [true, false, 'anna@example.org'],
      [false, true, 'anna@example.org'],
      [true, true, 'anna@example.org'],
    ],
  )
})

test('the lesson is the message as it was received, without our fields', async () => {
  const { move, lessons } = await openSchool()
  await move('INBOX', 'Junk')
  const [lesson] = lessons
  assert.ok(lesson !== undefined && 'message' in lesson)
  assert.equal(Buffer.from(lesson.message).toString(), `Subject: 0\r\n${body}`)
})

test('the same lesson twice is one', async () => {
  const { move, lessons } = await openSchool()
  await move('INBOX', 'Junk')
  await move('Junk', 'Trash')
  await move('Trash', 'Junk')
  assert.equal(lessons.length, 1)
})

test('a hundred messages moved at once are a hundred lessons', async () => {
  const { move, lessons } = await openSchool(100)
  await move('INBOX', 'Junk')
  assert.equal(lessons.length, 100)
})

test('a sender’s standing is corrected, and the jail lets go of what it held for spam', async () => {
  const { move, history, jail } = await openSchool()
  const keys = senderKeys('192.0.2.7', 'carl@sender.example', 'sender.example')
  await move('INBOX', 'Junk')
  assert.equal((await history.standings(keys)).address?.unwanted, 1)
  jail.offence({ kind: 'spam-rejected', ip: '192.0.2.7', service: 'mail' })
  jail.ban('@sender.example', 1000, '')
  await move('Junk', 'INBOX')
  const standing = (await history.standings(keys)).address
  assert.deepEqual([standing?.wanted, standing?.unwanted], [3, 0])
  assert.equal(jail.barredSender('carl@sender.example'), undefined)
  // The network's ban is the next to be found; it ends by itself.
  assert.notEqual(jail.barred('192.0.2.7', 'mail')?.subject, '192.0.2.7')
})

test('a message that did not come by mail teaches the filter alone', async () => {
  const { move, lessons, history } = await openSchool(1, '')
  await move('INBOX', 'Junk')
  assert.equal(lessons.length, 1)
  assert.equal((await history.standings(senderKeys('192.0.2.7', undefined, undefined))).host, undefined)
})

test('a note of refused mail that is taken out of Rejected frees its sender, and nothing is learned from our own words', async () => {
  const { move, lessons, history, jail, account } = await openSchool(1, `X-Postern-Rejected: note; id=0a\r\n${prefix}`)
  await move('INBOX', 'Rejected')
  jail.ban('@sender.example', 1000, '')
  await move('Rejected', 'Trash')
  assert.notEqual(jail.barredSender('carl@sender.example'), undefined)
  await move('Trash', 'Rejected')
  await move('Rejected', 'INBOX')
  assert.deepEqual(lessons, [])
  assert.equal(jail.barredSender('carl@sender.example'), undefined)
  const keys = senderKeys('192.0.2.7', 'carl@sender.example', 'sender.example')
  assert.equal((await history.standings(keys)).address?.wanted, 3)
  assert.ok(await history.knows(account, 'carl@sender.example'))
})

test('a refused message that was kept and is wanted is a lesson', async () => {
  const { move, lessons } = await openSchool(1, `X-Postern-Rejected: message; id=0a\r\n${prefix}`)
  await move('INBOX', 'Rejected')
  await move('Rejected', 'INBOX')
  assert.deepEqual(
    lessons.map(({ spam }) => spam),
    [false],
  )
  const own = await openSchool() // somebody's own folder of that name
  await own.move('INBOX', 'Rejected')
  await own.move('Rejected', 'Archive')
  assert.deepEqual(own.lessons, [])
})

test('a mailbox that is gone teaches nothing and breaks nothing', async () => {
  const { teacher, store, lessons } = await openSchool()
  const account = await store.account({ name: 'anna@example.org' })
  assert.ok(account.ok)
  for (let n = 0; n < 1000; n += 1)
    teacher.moved({ account: account.value.id, from: mailboxId(998), to: mailboxId(999), newUids: Uint32Array.of(1) })
  await teacher.settled()
  assert.equal(lessons.length, 0)
})

test('what another program tells is learned once, corrected, and taken back', async () => {
  const { teacher, lessons } = await openSchool(0)
  const message = Buffer.from('Subject: a\n\nb\n')
  const tell = (opinion: 'spam' | 'wanted' | 'none', account?: string) => teacher.told({ message, account, opinion })
  assert.equal(await tell('none'), 'known')
  assert.equal(await tell('spam'), 'learned')
  assert.equal(await tell('spam'), 'known')
  assert.equal(await tell('spam', 'alice@here.test'), 'learned', 'each user for itself')
  assert.equal(await tell('wanted'), 'learned')
  assert.equal(await tell('none'), 'learned')
  assert.equal(await tell('none'), 'known')
  assert.equal(await tell('wanted'), 'learned')
  assert.deepEqual(
    lessons.map(({ spam, corrects, forgets, account }) => [spam, corrects, forgets === true, account]),
    [
      [true, false, false, undefined],
      [true, false, false, 'alice@here.test'],
      [false, true, false, undefined],
      [false, false, true, undefined],
      [false, false, false, undefined],
    ],
  )
})
