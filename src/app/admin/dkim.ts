/** What the administrator can ask of the signing keys. Private keys come in and never go out. */
import * as z from 'zod'
import { fail, type Result } from '../../base/result.ts'
import type { KeyRecord, KeysFault, Signing } from '../../post/signing.ts'
import type { StoreFault } from '../../store/store.ts'
import { type Row, row, told } from './row.ts'
import type { AdminAnswer } from './wire.ts'

const domain = z.string().max(253)

const importWords = {
  'key-unreadable':
    'that file holds no private key that can be read: PEM (PKCS#8 or PKCS#1) without a password is needed',
  'key-kind': 'only RSA and Ed25519 keys sign mail',
  'key-too-weak': 'an RSA key needs 2,048 bits at least; `postern dkim rotate` makes one',
  'bad-selector': 'a selector is made of letters, digits, hyphens and dots',
} as const satisfies Readonly<Record<Exclude<KeysFault, StoreFault>, string>>

const isImportFault = (fault: KeysFault): fault is keyof typeof importWords => Object.hasOwn(importWords, fault)

const records = (signing: Signing, of?: string): readonly KeyRecord[] =>
  signing.records(of).toSorted((a, b) => a.domain.localeCompare(b.domain) || a.since - b.since)

const afterwards = (done: Result<null, KeysFault>, signing: Signing, of: string): AdminAnswer => {
  if (done.ok) return { ok: true, value: records(signing, of) }
  return isImportFault(done.error) ? { ok: false, says: importWords[done.error] } : told(fail(done.error), () => null)
}

export const dkimRows: Readonly<Record<string, Row>> = {
  'dkim-list': row(z.object({}), async ({ signing }) => ({ ok: true, value: records(signing) })),
  'dkim-records': row(z.object({ domain }), async ({ signing }, words) =>
    afterwards(await signing.tendOne(words.domain), signing, words.domain),
  ),
  'dkim-rotate': row(z.object({ domain, now: z.boolean() }), async ({ signing }, words) =>
    afterwards(await signing.rotate(words.domain, words.now), signing, words.domain),
  ),
  'dkim-import': row(
    z.object({ domain, selector: z.string().max(63), key: z.string().max(65_536) }),
    async ({ signing }, words) =>
      afterwards(await signing.take(words.domain, words.selector.toLowerCase(), words.key), signing, words.domain),
  ),
}
