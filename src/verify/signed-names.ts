/**
 * Which header fields a signature of ours covers. RFC 6376 section 5.4.1 (what to sign), section 5.4.2 (a name once more than its field occurs:
 * then none can be added), RFC 8058 section 4 (List-Unsubscribe-Post must be signed), RFC 8617 section 4.1.2 (ARC signs DKIM-Signature too).
 * Pure.
 */
import type { Field } from './fields.ts'

/** Signed once more than they occur, absent ones too: a reader would believe a second or a new one of these. */
export const overSignedNames = [
  'from',
  'reply-to',
  'subject',
  'date',
  'message-id',
  'to',
  'cc',
  'mime-version',
  'content-type',
  'content-transfer-encoding',
  'in-reply-to',
  'references',
] as const

/**
 * Signed as often as they occur and no more: forwarders, lists and list servers add these rightly, and must not break the signature by it.
 * Not signed at all: what changes on the way (Received, Return-Path, Authentication-Results, Bcc, DKIM-Signature).
 */
export const plainlySignedNames = [
  'sender',
  'content-id',
  'content-description',
  'content-language',
  'resent-date',
  'resent-from',
  'resent-sender',
  'resent-to',
  'resent-cc',
  'resent-message-id',
  'list-id',
  'list-help',
  'list-unsubscribe',
  'list-unsubscribe-post',
  'list-subscribe',
  'list-post',
  'list-owner',
  'list-archive',
  'feedback-id',
  'autocrypt',
] as const

/** What `h=` may hold: `verifyDkim` and `verifyArc` take no more, and a header with so many signed fields is an attack. */
export const MOST_SIGNED_NAMES = 500

/** @returns the default `h=`: lower case, in the order of the two lists, each name as often as it is signed. @param more names of the second kind. */
export const defaultNames = (fields: readonly Field[], more: readonly string[] = []): readonly string[] => {
  const counts = new Map<string, number>()
  for (const { name } of fields) counts.set(name, (counts.get(name) ?? 0) + 1)
  const times = (name: string, extra: number): readonly string[] =>
    Array.from({ length: Math.min((counts.get(name) ?? 0) + extra, MOST_SIGNED_NAMES + 1) }, () => name)
  return [
    ...overSignedNames.flatMap((name) => times(name, 1)),
    ...[...plainlySignedNames, ...more].flatMap((name) => times(name, 0)),
  ]
}

/** RFC 5322 section 3.6.8 without the colon, and without the semicolon that would end the tag (RFC 6376 section 3.5, `h=`); short enough for a line. */
export const isFieldName = (name: string): boolean => /^[!-9<-~]{1,64}$/.test(name)
