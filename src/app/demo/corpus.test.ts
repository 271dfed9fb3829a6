import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asReceived, asSubmitted, openCorpus } from './corpus.ts'

test('the corpus is all there', () => {
  const corpus = openCorpus()
  assert.ok(corpus.ok)
  assert.equal(corpus.value.names.length, 6046)
  assert.equal(corpus.value.names.filter((name) => name.startsWith('spam')).length, 1896)
})

test('a message is read as SMTP would have brought it', () => {
  assert.equal(asReceived(Buffer.from('From x@y Mon\nA: b\n\nc\r\nd\re\n')).toString(), 'A: b\r\n\r\nc\r\nd\r\ne\r\n')
})

test('a message is submitted with nothing of where it came from', () => {
  const received =
    'Received: from x\r\n\tby y\r\nFrom: a@b\r\nSubject: hi\r\n there\r\nContent-Type: text/html\r\n\r\nbody\r\n'
  assert.equal(
    asSubmitted(Buffer.from(received), 'me@x.example', 'you@y.example').toString(),
    'From: me@x.example\r\nTo: you@y.example\r\nSubject: hi\r\n there\r\nContent-Type: text/html\r\n\r\nbody\r\n',
  )
})
