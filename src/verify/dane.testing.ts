/** For tests: authorities and servers with real certificates, by @peculiar/x509 (which the code under test does not use). */
import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const DAY = 86_400_000

export type Made = { readonly name: string; readonly der: Uint8Array; readonly keys: webcrypto.CryptoKeyPair }
type How = {
  /** Who signs; itself when left out. */
  readonly by?: Made
  readonly keys?: webcrypto.CryptoKeyPair
  readonly pathLength?: number
  readonly nameConstraints?: boolean
  /** Extended key usage. */
  readonly usage?: string
}

let serial = 0
const make = async (name: string, now: number, how: How, extensions: x509.Extension[]): Promise<Made> => {
  serial += 1
  const keys = how.keys ?? (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']))
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial.toString(16).padStart(4, '0'),
    subject: `CN=${name}`,
    issuer: `CN=${how.by?.name ?? name}`,
    notBefore: new Date(now - DAY),
    notAfter: new Date(now + 365 * DAY),
    publicKey: keys.publicKey,
    signingKey: (how.by?.keys ?? keys).privateKey,
    signingAlgorithm: algorithm,
    extensions,
  })
  return { name, der: new Uint8Array(certificate.rawData), keys }
}

/** @param now its year begins a day before. */
export const authority = (name: string, now: number, how: How = {}): Promise<Made> =>
  make(name, now, how, [
    new x509.BasicConstraintsExtension(true, how.pathLength, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    // permittedSubtrees: dNSName "example.org"
    ...(how.nameConstraints === true
      ? [new x509.Extension('2.5.29.30', true, Buffer.from('3011a00f300d820b6578616d706c652e6f7267', 'hex'))]
      : []),
  ])

/** @param hosts of which the first is the subject. */
export const server = (hosts: readonly [string, ...string[]], now: number, how: How = {}): Promise<Made> =>
  make(hosts[0], now, how, [
    new x509.BasicConstraintsExtension(false),
    new x509.ExtendedKeyUsageExtension([how.usage ?? x509.ExtendedKeyUsage.serverAuth]),
    new x509.SubjectAlternativeNameExtension(hosts.map((value) => ({ type: 'dns', value }))),
  ])
