/**
 * Private keys for DKIM and ARC, and what is done with them. RFC 8301 section 3 (rsa-sha256; 2048 bits for signers, never under 1024),
 * RFC 8463 section 3 (Ed25519 over the SHA-256 digest), RFC 8017 section A.1.2 and RFC 5208 (the two dresses of an RSA key). Pure;
 * node:crypto reads the keys.
 *
 * Refused on purpose: rsa-sha1, and RSA under 2048 bits unless the caller asks for less by name.
 */
import { createHash, createPrivateKey, KeyObject, sign } from 'node:crypto'
import { fail, ok, type Result } from '../base/result.ts'

/** A key that may sign; read it once and keep it: reading costs about as much as a signature. */
export type SigningKey = {
  readonly algorithm: 'rsa-sha256' | 'ed25519-sha256'
  readonly key: KeyObject
  /** RSA modulus; 256 for Ed25519. */
  readonly bits: number
}
export type SigningKeyFault = 'key-unreadable' | 'key-kind' | 'key-too-weak'

/** What a key of ours must have. */
const LEAST_SIGNING_BITS = 2_048
const LONGEST_PEM = 65_536
const LEAST_BITS_EVER = 1_024 // RFC 8301 section 3.2

/** White space around the lines of a PEM, as a YAML or JSON file leaves it; base64 without its frame is read as DER. */
const importKey = (text: string): KeyObject | undefined => {
  const lines = text.split(/\r?\n|\r/).map((line) => line.trim())
  const pem = lines.filter((line) => line !== '').join('\n')
  const framed = pem.startsWith('-----BEGIN ')
  const der = framed ? Buffer.alloc(0) : Buffer.from(pem, 'base64')
  for (const type of framed ? (['pkcs8'] as const) : (['pkcs8', 'pkcs1'] as const)) {
    try {
      return framed ? createPrivateKey(`${pem}\n`) : createPrivateKey({ key: der, format: 'der', type })
    } catch (cause) {
      if (!(cause instanceof Error)) throw cause // OpenSSL's way to say that it is no such key
    }
  }
  return undefined
}

/**
 * @param given a private KeyObject, a PEM (PKCS#8 or PKCS#1), or its base64 alone. @param leastBits of an RSA key; under 1024 is never taken.
 * @returns the key, or why it cannot sign.
 */
export const readSigningKey = (
  given: KeyObject | string,
  leastBits: number = LEAST_SIGNING_BITS,
): Result<SigningKey, SigningKeyFault> => {
  const key = given instanceof KeyObject ? given : given.length > LONGEST_PEM ? undefined : importKey(given)
  if (key === undefined || key.type !== 'private') return fail('key-unreadable')
  if (key.asymmetricKeyType === 'ed25519') return ok({ algorithm: 'ed25519-sha256', key, bits: 256 })
  if (key.asymmetricKeyType !== 'rsa') return fail('key-kind')
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
  return bits < Math.max(leastBits, LEAST_BITS_EVER) ? fail('key-too-weak') : ok({ algorithm: 'rsa-sha256', key, bits })
}

/** @param data latin1, an octet a character. @returns the signature in base64, in one piece. */
export const signData = (data: string, { algorithm, key }: SigningKey): string => {
  const octets = Buffer.from(data, 'latin1')
  const signature =
    algorithm === 'rsa-sha256'
      ? sign('sha256', octets, key)
      : sign(null, createHash('sha256').update(octets).digest(), key)
  return signature.toString('base64')
}

/**
 * As `signData`, with RSA in the thread pool: it costs about a millisecond, in which the event loop serves others. Ed25519 costs less than the way there
 * and back.
 */
export const signDataSoon = (data: string, signer: SigningKey): Promise<string> => {
  const { algorithm, key } = signer
  if (algorithm !== 'rsa-sha256') return Promise.resolve(signData(data, signer))
  return new Promise((resolve, reject) => {
    sign('sha256', Buffer.from(data, 'latin1'), key, (error, signature) => {
      if (error === null) resolve(signature.toString('base64'))
      else reject(error)
    })
  })
}
