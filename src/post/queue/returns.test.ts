/** Mail that we sent on and that fails: its true sender is told by mail, under the address that they wrote to, and nobody else is. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openInline } from '../../store/sqlite/inline.ts'
import { must } from '../../store/testing.ts'
import { readDeliveryReport } from '../bounce/read.ts'
import type { Said } from '../bounce/said.ts'
import { writeOptions } from './options.ts'
import { queueWorld } from './testing.ts'

const said: Said = {
  ...{ code: 550, enhanced: '5.1.1', stage: 'rcpt', host: 'mx.a.example' },
  text: '<secret@a.example>: no such user',
}
const options = { smtpUtf8: false, body: '7bit', requireTls: false, subject: 'Hello' } as const

for (const [says, sender, notify, told] of [
  ['its sender is told', 'SRS0=x@here.example', [], true],
  ['who wants to hear nothing hears nothing', 'SRS0=x@here.example', ['never'], false],
  ['an address that leads back to nobody', 'SRS0=y@here.example', [], false],
  ['the null sender', '', [], false],
] as const)
  test(`forwarded mail that fails: ${says}`, async () => {
    const opened = await must(openInline({ folder: ':memory:', digestBlobs: 0 }))
    const world = queueWorld(opened, { '192.0.2.1': { answer: () => ({ said }) }, '192.0.2.2': {} })
    try {
      world.runner.start()
      await world.queue('Message-ID: <1@b.example>\r\nSubject: Hello\r\n\r\nHi', [
        {
          recipient: 'secret@a.example',
          sender,
          options: writeOptions({ ...options, notify, orcpt: 'rfc822;moved@here.example' }),
        },
      ])
      await world.clock.settle()
      assert.deepEqual(await must(opened.queue({ most: 10 })), [])
      assert.equal(world.sent.length, told ? 1 : 0)
      const [text = ''] = world.sent
      if (!told) return
      assert.ok(text.startsWith('192.0.2.2: carl@b.example: From: Mail Delivery'))
      assert.doesNotMatch(text, /secret/)
      const report = readDeliveryReport(Buffer.from(text.slice(text.indexOf('From: ')), 'latin1'))
      assert.deepEqual(
        report?.recipients.map(({ finalRecipient, status, diagnostic }) => [finalRecipient, status, diagnostic]),
        [['moved@here.example', '5.1.1', '550 5.1.1 <moved@here.example>: no such user']],
      )
      assert.equal(report?.messageId, '<1@b.example>')
      const stopped = world.runner.stop(1000)
      await world.clock.turn(2000)
      await stopped
      assert.deepEqual(await must(opened.check()), [])
    } finally {
      await opened.close()
    }
  })
