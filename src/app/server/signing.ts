/** Signing, tied to what it needs of the machine: fresh keys (made in the thread pool), spool files, and the owner's publishing program. Composition. */
import { execFile } from 'node:child_process'
import { generateKeyPair } from 'node:crypto'
import * as files from 'node:fs/promises'
import type { Resolve } from '../../base/dns.ts'
import type { Log } from '../../base/log.ts'
import { openSigning, type Signing } from '../../post/signing.ts'
import type { Publish, SigningKeysDeps } from '../../post/signing-keys.ts'
import { piecesOver } from '../../post/spool-files.ts'
import type { Store } from '../../store/store.ts'
import type { RotationRules } from '../../verify/dkim-rotation.ts'
import type { Settings } from '../settings/schema.ts'

const RSA_BITS = 2_048 // RFC 8301 section 3.2; a record of 4,096 does not fit a DNS answer of 512 octets, and takes five times as long
const HOUR = 3_600_000
const DAY = 24 * HOUR
const QUEUE_LIFETIME = 5 * DAY
const PUBLISH_MS = 60_000

const rulesOf = (settings: Settings): RotationRules => ({
  everyMs: settings.dkim.rotate ?? 0,
  settleMs: HOUR,
  overlapMs: QUEUE_LIFETIME + 7 * DAY,
  revokedMs: 30 * DAY,
  patienceMs: 6 * HOUR,
})

const makeKey: SigningKeysDeps['makeKey'] = (algorithm) =>
  new Promise((resolve, reject) => {
    const publicKeyEncoding = { type: 'spki', format: 'pem' } as const
    const privateKeyEncoding = { type: 'pkcs8', format: 'pem' } as const
    const made = (error: Error | null, _public: string, secret: string): void =>
      error === null ? resolve(secret) : reject(error)
    if (algorithm === 'ed25519-sha256') generateKeyPair('ed25519', { publicKeyEncoding, privateKeyEncoding }, made)
    else generateKeyPair('rsa', { modulusLength: RSA_BITS, publicKeyEncoding, privateKeyEncoding }, made)
  })

/** @param program of the settings. @returns a publisher that runs it. */
const publisher =
  (program: string): Publish =>
  ({ act, name, value }) =>
    new Promise((resolve) => {
      execFile(program, [act, name, value], { timeout: PUBLISH_MS, windowsHide: true }, (error) =>
        resolve(error === null),
      )
    })

export type SigningHouse = {
  readonly store: Store
  readonly settings: () => Settings
  readonly now: () => number
  readonly log: Log
  /** undefined where no DNS is asked: a command beside a server that does not run. */
  readonly resolve?: Resolve
}

/** @returns the signing over the store, its keys read; they are tended by whoever runs the clock. */
export const openSigningHere = async (house: SigningHouse): Promise<Signing> => {
  const { store, settings, now, log, resolve } = house
  const signing = openSigning({
    ...{ store, now, log, makeKey },
    resolve: resolve ?? (() => Promise.resolve({ kind: 'failed', why: 'refused' })),
    publish: () =>
      resolve === undefined || settings().dkim.publish === '' ? undefined : publisher(settings().dkim.publish),
    rules: () => rulesOf(settings()),
    on: () => settings().dkim.sign,
    pieces: piecesOver(files),
  })
  const loaded = await signing.load()
  if (!loaded.ok) log.event('store-fault', { verb: 'dkim', fault: loaded.error })
  return signing
}
