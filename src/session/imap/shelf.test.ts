import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mailboxId } from '../../base/ids.ts'
import { EnvelopeShelves } from './shelf.ts'

const [one, two, three] = [mailboxId(1), mailboxId(2), mailboxId(3)]

test('what was put is there, once', () => {
  const shelves = new EnvelopeShelves(1000)
  assert.equal(shelves.of(one).size, 0)
  shelves.put(one, 7, '(NIL)')
  shelves.put(one, 7, '(NIL)')
  assert.equal(shelves.of(one).get(7), '(NIL)')
  assert.equal(shelves.octets, 69)
  shelves.put(two, 7, 'never asked for')
  assert.equal(shelves.octets, 69)
})

test('the mailbox that was asked for longest ago makes room', () => {
  const shelves = new EnvelopeShelves(230)
  for (const mailbox of [one, two, three]) {
    shelves.of(mailbox)
    shelves.put(mailbox, 1, '(NIL)')
  }
  shelves.of(one)
  shelves.put(one, 2, '(NIL)')
  assert.deepEqual([shelves.of(one).size, shelves.of(three).size, shelves.of(two).size], [2, 1, 0])
})

test('one mailbox alone is never larger than the bound', () => {
  const shelves = new EnvelopeShelves(200)
  shelves.of(one)
  for (let uid = 1; uid <= 10; uid += 1) shelves.put(one, uid, '(NIL)')
  assert.ok(shelves.octets <= 200)
  assert.equal(shelves.of(one).size, 2)
  shelves.drop(one)
  assert.equal(shelves.octets, 0)
})
