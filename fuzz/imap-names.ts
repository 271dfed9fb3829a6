/** Mailbox names: what is read is well-formed and stays the same when it is written and read again; a pattern is matched in bounded time. */
import assert from 'node:assert/strict'
import { listMatcher, readMailboxName, readUtf7, writeUtf7 } from '../src/wire/imap/mailbox-name.ts'
import type { FuzzTarget } from './target.ts'

export const target: FuzzTarget = {
  name: 'imap-names',
  seeds: () => ['INBOX', '&U,BTFw-/&ZeVnLIqe-', 'a&-b', '&', '*%a/%', 'inbox/x'].map((text) => Buffer.from(text)),
  run: (input) => {
    const octets = Buffer.from(input.subarray(0, 500)).toString('latin1')
    for (const unicode of [true, false]) {
      const name = readMailboxName(octets, unicode)
      if (name === undefined) continue
      assert.ok(name.isWellFormed())
      if (!/[\x00-\x1f\x7f-\x9f]/.test(name)) assert.equal(readUtf7(writeUtf7(name)), name)
      assert.equal(typeof listMatcher('', name)(name), 'boolean')
    }
  },
}
