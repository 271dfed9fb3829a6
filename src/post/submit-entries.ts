/**
 * What of a submission goes into the queue: an entry for each recipient elsewhere, and for all of them where the message waits (held by the guard, or to be
 * sent later: RFC 4865). RFC 3461 section 5.2.7 (ORCPT of an alias), RFC 6531 section 3.2, RFC 6152 (8BITMIME). Pure.
 */
import type { NewQueueEntry } from '../store/store.ts'
import { toAscii } from '../verify/lookup.ts'
import type { Forward, Mail } from './mail.ts'
import { type QueueOptions, writeOptions } from './queue/options.ts'
import type { PostSettings } from './settings.ts'
import type { Draft } from './submit-draft.ts'
import type { GuardAnswer } from './submit-ports.ts'

/** @returns the domain of an address as the queue knows it: lower-case A-labels, or a literal. */
export const domainOf = (address: string): string => {
  const domain = address.slice(address.lastIndexOf('@') + 1)
  return domain.startsWith('[') ? domain : toAscii(domain)
}

const hasEightBits = (bytes: Uint8Array): boolean => {
  for (const octet of bytes) if (octet > 127) return true
  return false
}

/** What the body is, whatever the program said of it. A file is not looked through: 8BITMIME is what nearly every server takes. */
export const bodyKind = ({ envelope, body }: Pick<Mail, 'envelope' | 'body'>): QueueOptions['body'] => {
  if (envelope.body !== '7bit') return envelope.body
  return 'bytes' in body && !hasEightBits(body.bytes) ? '7bit' : '8bitmime'
}

/** @returns how a message may leave for one recipient. */
export const optionsFor = (
  { envelope, head }: Pick<Mail, 'envelope' | 'head'>,
  { recipient, to }: Forward,
  body: QueueOptions['body'],
  smtpUtf8: boolean,
): QueueOptions => {
  const { address, notify } = recipient
  const orcpt = recipient.orcpt ?? (to === address.text ? undefined : `rfc822;${address.text}`)
  return {
    notify,
    ...(orcpt === undefined ? {} : { orcpt }),
    ...(envelope.ret === undefined ? {} : { ret: envelope.ret }),
    ...(envelope.envid === undefined ? {} : { envid: envelope.envid }),
    smtpUtf8,
    body,
    requireTls: envelope.requireTls,
    subject: head.subject,
  }
}

/** @param waits whether recipients here wait as well. @returns the entries, one a recipient. */
export const entriesFor = (
  settings: PostSettings,
  draft: Draft,
  answer: GuardAnswer,
  waits: boolean,
): readonly NewQueueEntry[] => {
  const { mail, account, leaving, local } = draft
  const { envelope, id, at } = mail
  const nextAt = envelope.holdUntil ?? at
  const body = bodyKind(mail)
  const here = waits ? local.map((recipient): Forward => ({ recipient, to: recipient.address.text })) : []
  return [...leaving, ...here].map((target) => ({
    message: id,
    account: account.id,
    sender: envelope.mailFrom?.text ?? '',
    recipient: target.to,
    domain: domainOf(target.to),
    state: answer.kind === 'hold' ? 'held' : 'waiting',
    why: answer.kind === 'hold' ? answer.why : envelope.holdUntil === undefined ? '' : 'later',
    queuedAt: at,
    nextAt,
    expiresAt: nextAt + settings.submission.triesMs,
    options: writeOptions({
      ...optionsFor(mail, target, body, draft.utf8),
      ...(here.includes(target) ? { here: true } : {}),
    }),
  }))
}
