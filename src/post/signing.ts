/**
 * Mail that leaves is signed with DKIM: with every key of the author's domain that signs now (RSA and Ed25519 both, RFC 8463 section 5.1), the fields that a
 * reader believes signed once more than they occur. RFC 6376 section 5. The body is hashed once, a large one in pieces out of its spool file; RSA is done in
 * the thread pool. Spool files, keys and clock are parameters.
 *
 * A message that cannot be signed goes out unsigned: '' is the answer, and the log says why. Nothing here rejects.
 */
import type { Log } from '../base/log.ts'
import type { Body } from '../base/spool.ts'
import { type Sealing, sealHashed } from '../verify/arc-seal.ts'
import { BodyHasher } from '../verify/canon.ts'
import { endDkim, planDkim } from '../verify/dkim-sign.ts'
import { type ReadMessage, readMessage } from '../verify/fields.ts'
import { type SigningKey, signDataSoon } from '../verify/signing-key.ts'
import { type KeyRecord, type KeysFault, SigningKeys, type SigningKeysDeps } from './signing-keys.ts'

const MOST_HEAD = 1_048_576 // octets of header, of a message in a file: what `readMessage` looks at

export type SigningDeps = SigningKeysDeps & {
  /** Whether mail is signed at all. */
  readonly on: () => boolean
  /** The octets of a spool file in pieces; rejects where the disk refuses. `piecesOver(node:fs/promises)`. */
  readonly pieces: (file: string) => AsyncIterable<Uint8Array>
  readonly log: Log
}

type ToSign = {
  /** The domain of the From field, lower-case A-labels. */
  readonly domain: string
  readonly message: Body & { readonly size: number }
  /** Fields that go before the message's own, as latin1 text of the octets. */
  readonly prefix: string
}

export type Signing = Pick<SigningKeys, 'load' | 'tend' | 'tendOne' | 'records' | 'rotate' | 'take'> & {
  /** @returns DKIM-Signature fields to put in front, each ending in CRLF; '' where nothing signs for the domain. */
  readonly sign: (a: ToSign) => Promise<string>
  /** @returns the fields of one more set of the ARC chain, to put in front; '' where nothing signs for the domain, or nothing may follow. */
  readonly seal: (a: ToSeal) => Promise<string>
}
/** A message that is sent on: `prefix` holds our own results, and `results` repeats them (RFC 8617 section 4.1.1). */
type ToSeal = ToSign & Pick<Sealing, 'cv' | 'results'> & { readonly authserv: string }

export type { KeyRecord, KeysFault }

type Hashed = { readonly fields: ReadMessage['fields']; readonly cut: boolean; readonly bodyHash: string }

const hashOf = (hasher: BodyHasher): string => hasher.finish().digest.toString('base64')

const readBytes = (bytes: Uint8Array, prefix: string): Hashed => {
  const { fields, body, cut } = readMessage(Buffer.concat([Buffer.from(prefix, 'latin1'), bytes]))
  const hasher = new BodyHasher('relaxed', undefined)
  if (!cut) hasher.feed(body)
  return { fields, cut, bodyHash: hashOf(hasher) }
}

/** The header is gathered until its end, then everything else goes by. */
const readPieces = async (pieces: AsyncIterable<Uint8Array>, prefix: string): Promise<Hashed> => {
  const hasher = new BodyHasher('relaxed', undefined)
  let head = Buffer.from(prefix, 'latin1')
  let read: ReadMessage | undefined
  for await (const piece of pieces) {
    if (read !== undefined) {
      hasher.feed(piece)
      continue
    }
    head = Buffer.concat([head, piece])
    // The empty line may have come; a header that is longer than is looked at is read as one that is cut.
    if (head.includes('\r\n\r\n') || head.length > MOST_HEAD) {
      read = readMessage(head)
      hasher.feed(read.body)
    }
  }
  read ??= readMessage(head)
  return { fields: read.fields, cut: read.cut, bodyHash: hashOf(hasher) }
}

/** @returns the signing, with no keys until `load`; keys are made by `tend`. */
export const openSigning = (deps: SigningDeps): Signing => {
  const keys = new SigningKeys(deps)
  const unsigned = (domain: string, error: unknown): string => {
    deps.log.event('dkim-unsigned', { domain, why: error instanceof Error ? error.message : String(error) })
    return ''
  }
  const signature = async (
    { fields, cut, bodyHash }: Hashed,
    { domain, selector, signing }: { readonly domain: string; readonly selector: string; readonly signing: SigningKey },
  ): Promise<string> => {
    const planned = planDkim({ fields, cut }, bodyHash, { domain, selector, key: signing }, deps.now())
    if (planned.ok) return endDkim(planned.value, await signDataSoon(planned.value.data, signing))
    deps.log.event('dkim-unsigned', { domain, selector, why: planned.error })
    return ''
  }
  const hashed = ({ message, prefix }: ToSign): Promise<Hashed> | Hashed =>
    'bytes' in message ? readBytes(message.bytes, prefix) : readPieces(deps.pieces(message.file), prefix)
  return {
    load: () => keys.load(),
    tend: () => keys.tend(),
    tendOne: (domain) => keys.tendOne(domain),
    records: (domain) => keys.records(domain),
    rotate: (domain, urgent) => keys.rotate(domain, urgent),
    take: (domain, selector, pem) => keys.take(domain, selector, pem),
    sign: async ({ domain, message, prefix }) => {
      const signers = deps.on() ? keys.signers(domain) : []
      if (signers.length === 0) return ''
      try {
        const read = await hashed({ domain, message, prefix })
        return (await Promise.all(signers.map((signer) => signature(read, signer)))).join('')
      } catch (error) {
        return unsigned(domain, error)
      }
    },
    seal: async (a) => {
      const signers = deps.on() ? keys.signers(a.domain) : []
      // One key signs a set, and RSA is the one that every verifier of ARC knows (RFC 8617 section 4.1.2).
      const signer = signers.find(({ signing }) => signing.algorithm === 'rsa-sha256') ?? signers[0]
      if (signer === undefined) return ''
      const { domain, selector, signing: key } = signer
      try {
        const sealer = { domain, selector, key, authserv: a.authserv }
        const sealed = sealHashed(await hashed(a), sealer, { cv: a.cv, results: a.results, now: deps.now() })
        if (!sealed.ok) return unsigned(a.domain, `arc: ${sealed.error}`)
        const { seal, messageSignature, results } = sealed.value
        return seal + messageSignature + results
      } catch (error) {
        return unsigned(a.domain, error)
      }
    },
  }
}
