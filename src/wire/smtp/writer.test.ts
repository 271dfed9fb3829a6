/** A message written in pieces is the message written whole. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ContentWriter, writeBdat, writeChunk, writeContent } from './writer.ts'

const pieces = fc.array(fc.constantFrom('.', '..', '\r\n', 'a', '\r\n.', 'text\r\n', '\r', '\n', 'x.y'), {
  maxLength: 30,
})

void test('however a message is cut, the same octets go, or the same is wrong with it', () => {
  fc.assert(
    fc.property(pieces, fc.array(fc.nat(4)), (words, cuts) => {
      const whole = Buffer.from(words.join(''))
      const want = writeContent(whole)
      const writer = new ContentWriter()
      const got: Uint8Array[] = []
      let fault: string | undefined
      let from = 0
      for (const cut of [...cuts, whole.length]) {
        const written = writer.feed(whole.subarray(from, from + cut))
        if (written.ok) got.push(written.value)
        else fault ??= written.error
        from += cut
      }
      const end = writer.end()
      if (end.ok) got.push(end.value)
      else fault ??= end.error
      if (!want.ok) assert.equal(fault, want.error)
      else assert.deepEqual([fault, Buffer.concat(got).toString()], [undefined, Buffer.from(want.value).toString()])
    }),
  )
})

void test('a chunk is its command and the octets as they are', () => {
  assert.equal(Buffer.from(writeChunk(Buffer.from('.\r\n'))).toString(), `${writeBdat(3)}.\r\n`)
})
