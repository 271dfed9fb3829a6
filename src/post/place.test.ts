import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accountId, mailboxId, modSeq, uid } from '../base/ids.ts'
import type { Mailbox, SpecialUse } from '../store/store.ts'
import { thresholdsOf } from './account-settings.ts'
import { choose } from './place.ts'
import { isSharedDomain, isSharedHost } from './providers.ts'

const box = (id: number, name: string, specialUse?: SpecialUse): Mailbox => ({
  id: mailboxId(id),
  account: accountId(1),
  name,
  uidValidity: 1,
  uidNext: uid(1),
  subscribed: true,
  highestModSeq: modSeq(1),
  messages: 0,
  unseen: 0,
  deleted: 0,
  size: 0,
  mailboxId: `${id}`,
  ...(specialUse === undefined ? {} : { specialUse }),
})
const boxes = [
  box(1, 'INBOX'),
  box(2, 'Spam', 'junk'),
  box(3, 'Shop'),
  box(4, 'Sent', 'sent'),
  box(5, 'Archive', 'archive'),
  box(6, 'Lists/Debian'),
]

for (const [flagged, detail, want] of [
  [false, '', 'INBOX'],
  [true, '', 'Spam'],
  [true, 'shop', 'Spam'],
  [false, 'shop', 'Shop'],
  [false, 'SHOP', 'Shop'],
  [false, 'archive', 'Archive'],
  [false, 'lists/debian', 'Lists/Debian'],
  [false, 'sent', 'INBOX'],
  [false, 'spam', 'INBOX'],
  [false, 'nothing', 'INBOX'],
  [false, '../etc', 'INBOX'],
] as const)
  test(`${flagged ? 'flagged' : 'good'} mail with "${detail}" goes to ${want}`, () =>
    assert.equal(choose(flagged, detail, boxes).name, want))

test('without a Junk one is made', () =>
  assert.deepEqual(choose(true, '', []), {
    mailbox: { name: 'Junk', specialUse: 'junk' },
    name: 'Junk',
    flags: ['$Junk'],
  }))

const server = { flag: 5, reject: 10 }
for (const [text, want] of [
  ['{}', server],
  ['', server],
  ['{', server],
  ['[]', server],
  ['null', server],
  ['{"spam":null}', server],
  ['{"spam":{"flag":"3"}}', server],
  ['{"spam":{"flag":3}}', { flag: 3, reject: 10 }],
  ['{"spam":{"flag":3,"reject":1e999}}', { flag: 3, reject: 10 }],
  ['{"__proto__":{"spam":{"flag":1}}}', server],
] as const)
  test(`account settings ${text} give the thresholds ${want.flag} and ${want.reject}`, () =>
    assert.deepEqual(thresholdsOf(text, server), want))

test('providers are known by what cannot be faked', () => {
  assert.ok(isSharedDomain('gmail.com') && !isSharedDomain('notgmail.com'))
  assert.ok(isSharedHost('mail-qt1-f169.Google.com') && isSharedHost('google.com') && !isSharedHost('notgoogle.com'))
})
