/** What went wrong with TLS, for the sender of a message and for the owner. The reasons are those of RFC 8460 section 4.3. Pure. */
import type { TlsFailure } from '../../base/tls.ts'

const tlsWords: Readonly<Record<TlsFailure, string>> = {
  'starttls-not-supported': 'the server has no encryption, and its domain asks for it',
  'certificate-host-mismatch': "the server's certificate is for another name",
  'certificate-expired': "the server's certificate has run out, or is not valid yet",
  'certificate-not-trusted': "the server's certificate is of an authority that is not trusted",
  'validation-failure': "the server's certificate does not hold",
  'tlsa-invalid': "the server's certificate is not the one that its TLSA record (DANE) names",
  'dnssec-invalid': "the server's TLSA record (DANE) cannot be had",
  'dane-required': 'DANE is asked for, and the server has no TLSA record',
  'sts-policy-fetch-error': "the domain's MTA-STS policy cannot be fetched",
  'sts-policy-invalid': "the domain's MTA-STS policy cannot be read",
  'sts-webpki-invalid': "the certificate of the domain's MTA-STS policy does not hold",
}

/** Whether a word is one of the reasons. */
export const isTlsFailure = (word: string): word is TlsFailure => Object.hasOwn(tlsWords, word)

/** @returns a sentence without its dot; undefined for a word that is no reason of TLS. */
export const tlsSentence = (word: string): string | undefined => (isTlsFailure(word) ? tlsWords[word] : undefined)
