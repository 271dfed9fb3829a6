/** A queue that is full: messages put into a store before its server starts. */
import { openStore } from '../../src/app/threads/store-client.ts'
import { silentLog } from '../../src/base/log.ts'
import type { NewQueueEntry } from '../../src/store/store.ts'

const DAY = 86_400_000
const AT_ONCE = 200 // deliveries that are asked for before the first is waited for

/** @param folder the data folder of a server that does not run. Each message has its number as Message-ID: `7@bench.example`. */
export const fillQueue = async (
  folder: string,
  so: { readonly messages: number; readonly size: number; readonly state: NewQueueEntry['state'] },
): Promise<void> => {
  const store = await openStore({ folder, log: silentLog })
  if (!store.ok) throw new Error(store.error)
  const now = Date.now()
  const line = `${'x'.repeat(70)}\r\n`
  const options = '{"notify":[],"smtpUtf8":false,"body":"7bit","requireTls":false,"subject":"bench"}'
  const put = async (number: number): Promise<void> => {
    const head = `Message-ID: <${number}@bench.example>\r\nSubject: bench\r\n\r\n`
    const entry: NewQueueEntry = {
      ...{ message: number.toString(16).padStart(32, '0'), account: null, sender: 'user0@bench.example' },
      ...{ recipient: `user${number}@sink.example`, domain: 'sink.example', state: so.state, why: 'by-hand' },
      ...{ queuedAt: now, nextAt: now, expiresAt: now + DAY, options },
    }
    const body = { bytes: Buffer.from(head + line.repeat(Math.ceil((so.size - head.length) / line.length))) }
    const done = await store.value.deliver({ body, places: [], queue: { prefix: '', entries: [entry] }, now })
    if (!done.ok) throw new Error(done.error)
  }
  for (let from = 0; from < so.messages; from += AT_ONCE)
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, so.messages - from) }, (_, i) => put(from + i)))
  await store.value.close()
}
