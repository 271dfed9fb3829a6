/**
 * The certificate in use: the files that the settings name, or one of an authority of our own, kept in the data folder. Read again at SIGHUP; what cannot be
 * read leaves the old one in force. RFC 5280; own authority: src/app/tls/authority.ts.
 */
import { X509Certificate } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { SecureContext } from 'node:tls'
import { fail, ok, type Result } from '../../base/result.ts'
import { type Contexts, newSecureContext } from '../../net/secure.ts'

const WEEK = 7 * 86_400_000

export type CertificateFiles = { readonly certificate: string; readonly key: string }
/** What is wrong, in a sentence for the operator. */
export type CertificateFault = string

const read = (files: CertificateFiles): Result<SecureContext, CertificateFault> => {
  let doing = `read ${files.certificate}`
  try {
    const certificate = readFileSync(files.certificate, 'utf8')
    doing = `read ${files.key}`
    const key = readFileSync(files.key, 'utf8')
    doing = `use the certificate ${files.certificate} with the key ${files.key}`
    return ok(newSecureContext({ certificate, key }))
  } catch (error) {
    return fail(`cannot ${doing}: ${error instanceof Error ? error.message : 'it cannot be read'}`)
  }
}

/** Whether our own certificate is there, names the host, and lasts a week more. */
const isGood = (file: string, host: string, now: number): boolean => {
  if (!existsSync(file)) return false
  try {
    const certificate = new X509Certificate(readFileSync(file))
    return certificate.checkHost(host) !== undefined && Date.parse(certificate.validTo) > now + WEEK
  } catch (error) {
    if (error instanceof Error) return false // damaged: it is made anew
    throw error
  }
}

/** Where our own certificate is, once it is made. */
export const ownFiles = (folder: string): CertificateFiles & { readonly authority: string } => {
  const home = join(folder, 'tls')
  return { certificate: join(home, 'certificate.pem'), key: join(home, 'key.pem'), authority: join(home, 'ca.pem') }
}

/** @returns the files of our own certificate, made where there is none for these names; `ca.pem` beside them is the authority. */
export const ownCertificate = async (
  folder: string,
  names: readonly [string, ...string[]],
  now: number,
): Promise<CertificateFiles & { readonly authority: string }> => {
  const files = ownFiles(folder)
  if (isGood(files.certificate, names[0], now) && existsSync(files.key) && existsSync(files.authority)) return files
  const { issue } = await import('../tls/authority.ts') // its libraries take 10 MB, and it is done once a year
  const made = await issue(names, now)
  mkdirSync(dirname(files.key), { recursive: true, mode: 0o700 })
  writeFileSync(files.key, made.server.keyPem, { mode: 0o600 })
  writeFileSync(files.certificate, made.server.certificatePem)
  writeFileSync(files.authority, made.authority.certificatePem)
  return files
}

export type Certificates = {
  readonly contexts: Contexts
  /** Reads the files again. */
  readonly reload: (files: CertificateFiles) => Result<null, CertificateFault>
}

/** @returns the certificate in use, or why there is none. */
export const openCertificates = (files: CertificateFiles): Result<Certificates, CertificateFault> => {
  const first = read(files)
  if (!first.ok) return first
  let current = first.value
  return ok({
    contexts: () => current,
    reload: (anew) => {
      const next = read(anew)
      if (!next.ok) return next
      current = next.value
      return ok(null)
    },
  })
}
