/**
 * A certificate authority of one's own, for the demo and for the first hours of a server that has no certificate yet.
 * RFC 5280 (profile), RFC 6125 section 6.4 (names in subjectAltName). X.509 is written by @peculiar/x509.
 */
import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'

export type Issued = { readonly certificatePem: string; readonly keyPem: string }

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const DAY = 86_400_000
const LIFE_DAYS = 365

const pem = (label: string, der: ArrayBuffer): string =>
  `-----BEGIN ${label}-----\n${(
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  ).join('\n')}\n-----END ${label}-----\n`

const keyPem = async (key: webcrypto.CryptoKey): Promise<string> =>
  pem('PRIVATE KEY', await webcrypto.subtle.exportKey('pkcs8', key))
const newKeys = async (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
const serial = (): string =>
  Buffer.from(webcrypto.getRandomValues(new Uint8Array(15)))
    .toString('hex')
    .replace(/^/, '01')

const subjectNames = (names: readonly string[]): x509.SubjectAlternativeNameExtension =>
  new x509.SubjectAlternativeNameExtension(
    names.map((name) => (/^[\d.]+$|:/.test(name) ? { type: 'ip', value: name } : { type: 'dns', value: name })),
  )

/** @returns a new authority and a server certificate of it for `names` (host names and IP addresses; the first is the subject). */
export const issue = async (
  names: readonly string[],
  now: number,
): Promise<{ readonly authority: Issued; readonly server: Issued }> => {
  const times = { notBefore: new Date(now - DAY), notAfter: new Date(now + LIFE_DAYS * DAY) }
  const rootKeys = await newKeys()
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: 'CN=Postern own authority',
    ...times,
    keys: rootKeys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(rootKeys.publicKey),
    ],
  })
  const keys = await newKeys()
  const server = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: `CN=${names[0] ?? 'localhost'}`,
    issuer: root.subject,
    ...times,
    publicKey: keys.publicKey,
    signingKey: rootKeys.privateKey,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
      subjectNames(names),
      await x509.AuthorityKeyIdentifierExtension.create(rootKeys.publicKey),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return {
    authority: { certificatePem: `${root.toString('pem')}\n`, keyPem: await keyPem(rootKeys.privateKey) },
    server: {
      certificatePem: `${server.toString('pem')}\n${root.toString('pem')}\n`,
      keyPem: await keyPem(keys.privateKey),
    },
  }
}
