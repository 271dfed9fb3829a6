/** What signing costs: the house's own signing (src/post/signing.ts) with an RSA-2048 and an Ed25519 key that a zone in memory publishes, four messages at a time. */
import { generateKeyPairSync } from 'node:crypto'
import * as files from 'node:fs/promises'
import { silentLog } from '../../src/base/log.ts'
import { openSigning } from '../../src/post/signing.ts'
import { piecesOver } from '../../src/post/spool-files.ts'
import { openInline } from '../../src/store/sqlite/inline.ts'

const DOMAIN = 'bench.example'
const AT_ONCE = 4

/** @returns messages a second and CPU seconds for a thousand. */
export const measureSigning = async (
  messages: number,
  size: number,
): Promise<{ readonly perSecond: number; readonly cpuPerThousand: number }> => {
  const opened = openInline({ folder: ':memory:' })
  if (!opened.ok) throw new Error(`no store in memory: ${opened.error}`)
  await opened.value.putDomain({ name: DOMAIN, settings: '{}' })
  const published = new Map<string, string>()
  const pair = (algorithm: string) =>
    algorithm === 'rsa-sha256' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ed25519')
  const signing = openSigning({
    ...{ store: opened.value, now: Date.now, log: silentLog, on: () => true, publish: () => undefined },
    makeKey: async (algorithm) => String(pair(algorithm).privateKey.export({ type: 'pkcs8', format: 'pem' })),
    resolve: async (name) => {
      const text = published.get(name)
      return text === undefined
        ? { kind: 'none', why: 'nxdomain', secure: false }
        : // Only TXT is asked for.
          { kind: 'found', records: [text] as never, secure: false }
    },
    rules: () => ({ everyMs: 0, settleMs: 0, overlapMs: 0, revokedMs: 0, patienceMs: 1 }),
    pieces: piecesOver(files),
  })
  await signing.tend()
  for (const { name, value } of signing.records()) published.set(name, value)
  await signing.tend()
  const head = `From: a@${DOMAIN}\r\nTo: b@elsewhere.example\r\nSubject: signed\r\nDate: Mon, 2 Mar 2026 10:00:00 +0000\r\nMessage-ID: <1@${DOMAIN}>\r\n\r\n`
  const bytes = Buffer.from(head + `${'x'.repeat(70)}\r\n`.repeat(Math.ceil((size - head.length) / 72)), 'latin1')
  const one = async (): Promise<void> => {
    const fields = await signing.sign({ domain: DOMAIN, message: { bytes, size: bytes.length }, prefix: '' })
    if (fields.split('DKIM-Signature:').length !== 3) throw new Error('the message was not signed with both keys')
  }
  for (let index = 0; index < 50; index += 1) await one()
  const [since, before] = [performance.now(), process.cpuUsage()]
  for (let done = 0; done < messages; done += AT_ONCE) await Promise.all(Array.from({ length: AT_ONCE }, one))
  const { user, system } = process.cpuUsage(before)
  const seconds = (performance.now() - since) / 1000
  return { perSecond: messages / seconds, cpuPerThousand: ((user + system) / 1e6 / messages) * 1000 }
}
