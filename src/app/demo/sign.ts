/** Signs the demo's wanted mail with DKIM, as its senders would. RFC 6376 (relaxed/relaxed), RFC 8463 (Ed25519). */
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { BodyHasher, canonField } from '../../verify/canon.ts'
import { readMessage } from '../../verify/fields.ts'

/** A signing key and what its record says. */
export type DemoKey = { readonly privateKey: KeyObject; readonly publicText: string }

const RAW_KEY_OCTETS = 32 // the end of the DER: RFC 8410 section 4

/** @returns a fresh key; `publicText` is the `p=` of its record. */
export const newDemoKey = (): DemoKey => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const der = publicKey.export({ type: 'spki', format: 'der' })
  return { privateKey, publicText: der.subarray(-RAW_KEY_OCTETS).toString('base64') }
}

const signed = ['from', 'to', 'subject', 'date', 'message-id'] as const

/** @returns the message with a DKIM-Signature on top. */
export const signDemo = (message: Uint8Array, domain: string, selector: string, key: DemoKey): Buffer => {
  const { fields, body } = readMessage(message)
  const hasher = new BodyHasher('relaxed', undefined)
  hasher.feed(body)
  const { digest: bodyHash } = hasher.finish()
  const last = signed.flatMap((name) => fields.findLast((field) => field.name === name) ?? [])
  const head = `DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed; d=${domain}; s=${selector};\r\n\th=${last
    .map((field) => field.name)
    .join(':')};\r\n\tbh=${bodyHash.toString('base64')};\r\n\tb=`
  const hashed = [...last.map((field) => `${canonField(field.text, 'relaxed')}\r\n`), canonField(head, 'relaxed')].join(
    '',
  )
  const digest = createHash('sha256').update(hashed, 'latin1').digest()
  const signature = sign(null, digest, key.privateKey).toString('base64')
  return Buffer.concat([Buffer.from(`${head}${signature}\r\n`, 'latin1'), message])
}
