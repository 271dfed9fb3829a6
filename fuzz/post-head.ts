/** Header fields that the post office reads by itself, and its own fields read back when a message is moved. */
import { readAddress } from '../src/post/accounts.ts'
import { readHead, without } from '../src/post/head.ts'
import { senderOf } from '../src/post/learn.ts'
import type { FuzzTarget } from './target.ts'

const host = 'mx.example.org'

export const target: FuzzTarget = {
  name: 'post-head',
  seeds: () =>
    [
      'From: "A, B" (x) <a@b.example>\r\nSubject: x\r\n\ty\r\nReceived: a\r\nAuthentication-Results: (c) mx.example.org 1; spf=pass\r\n\r\nbody',
      'Received: from a (b [192.0.2.1])\r\n\tby c;\r\nAuthentication-Results: mx.example.org; dmarc=pass header.from=a.example\r\n\r\n',
      'anna+detail@bücher.example',
    ].map((text) => Buffer.from(text)),
  run: (input) => {
    const { forged } = readHead(input, host)
    const cut = without(input, forged)
    const gone = forged.reduce((sum, [from, to]) => sum + to - from, 0)
    if (cut.length !== input.length - gone) throw new Error('more was cut than was forged')
    if (readHead(cut, host).forged.length > 0 && forged.length === 0)
      throw new Error('cutting nothing forged something')
    const text = Buffer.from(input).toString('latin1')
    senderOf(text, input, host)
    const address = readAddress(text)
    if (address !== undefined && readAddress(address) !== address)
      throw new Error('an address is not read as it was written')
  },
}
