/** Signs the demo's wanted mail with DKIM, as its senders would. RFC 6376, RFC 8463 (Ed25519). */
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { signDkim } from '../../verify/dkim-sign.ts'
import { readMessage } from '../../verify/fields.ts'
import { readSigningKey } from '../../verify/signing-key.ts'

/** A signing key and what its record says. */
export type DemoKey = { readonly privateKey: KeyObject; readonly publicText: string }

const RAW_KEY_OCTETS = 32 // the end of the DER: RFC 8410 section 4

/** @returns a fresh key; `publicText` is the `p=` of its record. */
export const newDemoKey = (): DemoKey => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const der = publicKey.export({ type: 'spki', format: 'der' })
  return { privateKey, publicText: der.subarray(-RAW_KEY_OCTETS).toString('base64') }
}

/** @returns the message with a DKIM-Signature on top; as it was, where it cannot be signed: some of the corpus have no From. */
export const signDemo = (message: Uint8Array, domain: string, selector: string, from: DemoKey): Uint8Array => {
  const key = readSigningKey(from.privateKey)
  const field = key.ok ? signDkim(readMessage(message), { domain, selector, key: key.value }, Date.now()) : key
  return field.ok ? Buffer.concat([Buffer.from(field.value, 'latin1'), message]) : message
}
