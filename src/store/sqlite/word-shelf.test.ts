import assert from 'node:assert/strict'
import { test } from 'node:test'
import { summarize } from '../../mime/summary.ts'
import { makeDigest, readText } from './digest.ts'
import { Digest, needleOf } from './digest-read.ts'
import { WordShelf } from './word-shelf.ts'

/** A digest of one message, and which of its frames were fetched. */
const digestOf = (blob: number, body: string): { readonly digest: Digest; readonly fetched: string[] } => {
  const summary = summarize(Buffer.from('Subject: one\r\n\r\n'))
  const texts = { body: readText(body), header: readText(''), prefixes: [] }
  const row = makeDigest([{ blob, summary, texts }], { first: blob, last: blob, count: 1 })
  const fetched: string[] = []
  const digest = new Digest(row, (frame) => {
    fetched.push(frame)
    return row[frame]
  })
  return { digest, fetched }
}

const holds = (digest: Digest, text: string): boolean => {
  const needle = needleOf(text)
  assert.ok(needle !== null)
  return digest.find(needle).inBody(0)
}

test('words that were unpacked once are there for the next search; texts and fields are not', () => {
  const shelf = new WordShelf()
  const { digest, fetched } = digestOf(7, 'a porcupine is here')
  assert.ok(holds(digest, 'cupin'))
  assert.ok(holds(digest, 'pine is'))
  assert.equal(digest.field(7, 'subject'), 'ONE')
  shelf.keep(digest)
  const before = fetched.length
  const again = shelf.get(7, 7)
  assert.ok(again !== undefined && holds(again, 'cupin') && !holds(again, 'hedgehog'))
  assert.deepEqual(fetched.slice(before), [])
  assert.ok(holds(again, 'pine is'))
  assert.equal(again.field(7, 'subject'), 'ONE')
  assert.deepEqual(fetched.slice(before), ['texts', 'fields'])
})

test('a shelf is bounded, a digest of another span is another, and one that was asked for no words is not kept', () => {
  const one = digestOf(1, 'porcupine').digest
  const two = digestOf(2, 'hedgehog').digest
  const none = digestOf(3, 'badger').digest
  for (const [digest, word] of [
    [one, 'cup'],
    [two, 'dgeh'],
  ] as const)
    assert.ok(holds(digest, word))
  const shelf = new WordShelf(one.held + two.held - 1)
  for (const digest of [one, one, two, none]) shelf.keep(digest)
  assert.equal(shelf.octets, one.held)
  assert.equal(shelf.get(1, 1), one)
  assert.equal(shelf.get(1, 2), undefined)
  assert.equal(shelf.get(2, 2), undefined)
  assert.equal(shelf.get(3, 3), undefined)
  shelf.clear()
  assert.deepEqual([shelf.octets, shelf.get(1, 1)], [0, undefined])
  shelf.keep(two)
  assert.equal(shelf.get(2, 2), two)
})
