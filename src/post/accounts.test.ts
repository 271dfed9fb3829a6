import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openInline } from '../store/sqlite/inline.ts'
import type { Store } from '../store/store.ts'
import { type Accounts, openAccounts, readAddress } from './accounts.ts'

for (const [text, want] of [
  ['Anna@Example.ORG', 'anna@example.org'],
  [' anna@example.org. ', 'anna@example.org'],
  ['@example.org', '@example.org'],
  ['Zu\u0308rich@bücher.example', 'zürich@bücher.example'],
  ['anna', undefined],
  ['anna@', undefined],
  ['a b@example.org', undefined],
  ['a@b@example.org', undefined],
  ['<a@example.org>', undefined],
  ['a@-example.org', undefined],
  ['a@example..org', undefined],
  [`${'a'.repeat(65)}@example.org`, undefined],
  ['a@[192.0.2.1]', undefined],
] as const)
  test(`"${text}" is the address ${want}`, () => assert.equal(readAddress(text), want))

const open = async (): Promise<{ readonly accounts: Accounts; readonly store: Store }> => {
  const opened = openInline({ folder: ':memory:' })
  assert.ok(opened.ok)
  let fresh = 0
  const accounts = openAccounts({
    store: opened.value,
    now: () => 1000,
    fresh: (octets) => {
      fresh += 1
      return Buffer.alloc(octets, fresh)
    },
  })
  assert.ok((await accounts.addDomain({ name: 'Example.org' })).ok)
  return { accounts, store: opened.value }
}

test('a new account has its address, its mailboxes and a password that is not stored', async () => {
  const { accounts, store } = await open()
  const account = await accounts.addAccount({ name: 'Anna@example.org', password: 'correct horse', quotaBytes: 5 })
  assert.ok(account.ok)
  assert.equal(account.value.name, 'anna@example.org')
  assert.ok(!account.value.passwordHash.includes('correct'))
  const boxes = await store.mailboxes({ account: account.value.id })
  assert.ok(boxes.ok)
  assert.deepEqual(boxes.value.map(({ name, specialUse }) => `${name} ${specialUse ?? ''}`).sort(), [
    'Archive archive',
    'Drafts drafts',
    'INBOX ',
    'Junk junk',
    'Sent sent',
    'Trash trash',
  ])
  const address = await store.address({ address: 'anna@example.org' })
  assert.ok(address.ok)
  assert.equal(address.value?.account, account.value.id)
})

for (const [name, password, want] of [
  ['anna', 'correct horse', 'bad-address'],
  ['@example.org', 'correct horse', 'bad-address'],
  ['anna@example.org', 'short', 'weak-password'],
  ['anna@example.org', 'anna@example.org', 'weak-password'],
  ['anna@example.org', 'Anna@exam', 'weak-password'],
  ['anna@elsewhere.example', 'correct horse', 'no-such-domain'],
] as const)
  test(`an account ${name} with "${password}" is refused: ${want}`, async () => {
    const { accounts } = await open()
    assert.deepEqual(await accounts.addAccount({ name, password }), { ok: false, error: want })
  })

test('an account is there once; it is changed, frozen and dropped with its addresses', async () => {
  const { accounts, store } = await open()
  const words = { name: 'anna@example.org', password: 'correct horse' }
  const made = await accounts.addAccount(words)
  assert.ok(made.ok)
  assert.deepEqual(await accounts.addAccount(words), { ok: false, error: 'already-exists' })
  const changed = await accounts.changePassword({ ...words, password: 'battery staple' })
  assert.ok(changed.ok && changed.value.passwordHash !== made.value.passwordHash)
  const frozen = await accounts.setState({ name: 'ANNA@example.org', state: 'frozen' })
  assert.ok(frozen.ok && frozen.value.state === 'frozen')
  assert.ok((await accounts.setQuota({ name: words.name, quotaBytes: 7 })).ok)
  assert.ok((await accounts.dropAccount(words)).ok)
  const address = await store.address({ address: words.name })
  assert.ok(address.ok)
  assert.equal(address.value, null)
  assert.deepEqual(await accounts.dropAccount(words), { ok: false, error: 'no-such-account' })
})

for (const [row, want] of [
  [{ address: 'All@example.org', state: 'alias', targets: ['Anna@example.org'] }, undefined],
  [{ address: 'all@example.org', state: 'alias', targets: ['x@elsewhere.example'] }, undefined],
  [{ address: 'old@example.org', state: 'forward', targets: ['x@elsewhere.example'] }, undefined],
  [{ address: 'trap@example.org', state: 'spamtrap' }, undefined],
  [{ address: 'all@example.org', state: 'list', targets: ['anna@example.org'] }, 'no-list'],
  [{ address: 'all@elsewhere.example', state: 'spamtrap' }, 'no-such-domain'],
  [{ address: 'all', state: 'spamtrap' }, 'bad-address'],
  [{ address: 'all@example.org', state: 'alias', targets: ['x'] }, 'bad-address'],
] as const)
  test(`${row.state} ${row.address}: ${want ?? 'kept'}`, async () => {
    const { accounts } = await open()
    const put = await accounts.putAddress(row)
    assert.equal(put.ok ? undefined : put.error, want)
  })
