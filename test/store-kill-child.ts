/**
 * The process that test/store-kill.test.ts kills: it delivers (small, large and to several), changes flags and expunges, in many loops at
 * once, and says on standard output what was answered. Arguments: the folder, the round.
 */
import { writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { openStore } from '../src/app/threads/store-client.ts'
import type { MailboxId } from '../src/base/ids.ts'
import { silentLog } from '../src/base/log.ts'
import { must, NOW, octets, worldOf } from '../src/store/testing.ts'

const [folder = '', round = '0'] = process.argv.slice(2)
const LOOPS = 12
const store = await must(openStore({ folder, log: silentLog }))
const known = await store.account({ name: 'anna@example.org' })
const account = known.ok ? known.value.id : (await worldOf(store)).account
const inbox: MailboxId = (await must(store.mailbox({ account, name: 'INBOX' }))).id
const place = { account, mailbox: inbox, flags: [], prefix: 'X-Prefix: 1\r\n', internalDate: NOW, enforceQuota: true }

const loop = async (number: number): Promise<never> => {
  for (let i = 0; ; i++) {
    const name = `${round}-${number}-${i}`
    const text = `Message-ID: <${name}@example.net>\r\nSubject: ${name}\r\n\r\n${'text '.repeat((i % 7) * 200)}`
    const spool = join(folder, `spool-${name}`)
    const large = i % 5 === 4
    if (large) writeFileSync(spool, text)
    const body = large ? { file: spool, size: text.length } : { bytes: octets(text) }
    const places =
      i % 3 === 0 ? [place, { ...place, mailbox: { name: `Copies/${number}` }, prefix: 'X-Other: 2\r\n' }] : [place]
    const placed = await must(store.deliver({ body, places, now: NOW }))
    for (const one of placed) await must(one)
    writeSync(1, `${name}\n`)
    if (i % 4 === 0)
      await must(
        store.changeFlags({
          mailbox: inbox,
          uids: [[1, 3]],
          how: i % 8 === 0 ? 'add' : 'remove',
          flags: ['\\Seen', 'k'],
        }),
      )
    if (i % 6 === 5) {
      const copies = await store.mailbox({ account, name: `Copies/${number}` })
      if (copies.ok)
        await must(store.expunge({ mailbox: copies.value.id, uids: [[1, 0xffff_ffff]], evenUndeleted: true, now: NOW }))
      await must(store.tidy({ now: NOW }))
    }
  }
}
await Promise.all(Array.from({ length: LOOPS }, (_, number) => loop(number)))
