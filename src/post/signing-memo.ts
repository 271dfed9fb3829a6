/**
 * A signing key as it is kept: one memo a key, in the space `dkim`, so that whoever has a copy of the store has the keys, and a key and its state change
 * together. The private half is there only while the key may sign. Never logged, never told. Pure.
 */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { isRecord, readJson } from '../base/json.ts'
import { keyAlgorithms, keyStates, type RotatingKey } from '../verify/dkim-rotation.ts'
import type { SigningKey } from '../verify/signing-key.ts'

export const SIGNING_SPACE = 'dkim'

export type KeptKey = RotatingKey & {
  readonly domain: string
  readonly createdAt: number
  readonly publicKey: KeyObject
  /** undefined once it is revoked: nobody needs it any longer. */
  readonly signing: SigningKey | undefined
}

export const keyMemoName = ({ domain, selector }: Pick<KeptKey, 'domain' | 'selector'>): string =>
  `${domain}/${selector}`

/** @returns the octets that are kept. */
export const writeKeyMemo = (key: KeptKey): Uint8Array => {
  const { publicKey, signing, ...plain } = key
  const pair = {
    publicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
    privateKey: signing?.key.export({ type: 'pkcs8', format: 'der' }).toString('base64') ?? '',
  }
  return Buffer.from(JSON.stringify({ v: 1, ...plain, ...pair }), 'utf8')
}

const readPublic = (base64: string): KeyObject | undefined => {
  try {
    return createPublicKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'spki' })
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause // OpenSSL's way to say that it is no such key
    return undefined
  }
}

const readPrivate = (base64: string, algorithm: SigningKey['algorithm']): SigningKey | undefined => {
  if (base64 === '') return undefined
  try {
    const key = createPrivateKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'pkcs8' })
    const bits = algorithm === 'rsa-sha256' ? (key.asymmetricKeyDetails?.modulusLength ?? 0) : 256
    return { algorithm, key, bits }
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause
    return undefined
  }
}

const timeOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined
const wordOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** @returns the key of a memo; undefined where it is none that this version can read. */
export const readKeyMemo = (octets: Uint8Array): KeptKey | undefined => {
  const memo = readJson(Buffer.from(octets).toString('utf8'))
  if (!isRecord(memo) || memo['v'] !== 1) return undefined
  const algorithm = keyAlgorithms.find((one) => one === memo['algorithm'])
  const state = keyStates.find((one) => one === memo['state'])
  const publicKey = readPublic(wordOf(memo['publicKey']))
  const [since, createdAt] = [timeOf(memo['since']), timeOf(memo['createdAt'])]
  if (algorithm === undefined || state === undefined || publicKey === undefined) return undefined
  if (since === undefined || createdAt === undefined) return undefined
  return {
    ...{ domain: wordOf(memo['domain']), selector: wordOf(memo['selector']), algorithm, state, since, createdAt },
    seenSince: timeOf(memo['seenSince']) ?? null,
    missingSince: timeOf(memo['missingSince']) ?? null,
    urgent: memo['urgent'] === true,
    publicKey,
    signing: readPrivate(wordOf(memo['privateKey']), algorithm),
  }
}
