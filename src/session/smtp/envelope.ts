/**
 * MAIL and RCPT: the envelope, asked of the post office as it grows. RFC 5321 sections 3.3, 4.1.1.2 and 4.1.1.3; SIZE: RFC 1870 section 6;
 * SMTPUTF8: RFC 6531 section 3.5; DSN: RFC 3461 section 5; the protocol's word: RFC 3848, RFC 6531 section 4.3. On a submission port nobody
 * sends before a login (RFC 6409 section 4.3); FUTURERELEASE: RFC 4865 section 4; REQUIRETLS: RFC 8689 section 4.
 */
import { fail, ok, type Result } from '../../base/result.ts'
import type { EnvelopeAddress, RcptOutcome, RcptReason, Recipient, Sender } from '../../post/ports.ts'
import type { SmtpCommand } from '../../wire/smtp/command.ts'
import { type MailParameters, readMailParameters, readRcptParameters } from '../../wire/smtp/parameters.ts'
import { mayLogin } from '../login.ts'
import { type Mail, offersRequireTls, type SmtpState } from './state.ts'
import { authWords, misreadWords, rcptWords, smtpWords } from './words.ts'

type MailCommand = Extract<SmtpCommand, { readonly verb: 'MAIL' | 'RCPT' }>

const noOffers: ReadonlySet<string> = new Set()
const mailOffers = ['SIZE', 'BODY', 'SMTPUTF8', 'RET', 'ENVID']
const submitOffers = ['AUTH', 'HOLDFOR', 'HOLDUNTIL']
const offersOf = (state: SmtpState): ReadonlySet<string> => {
  if (state.hello?.extended !== true) return noOffers
  return new Set([
    ...mailOffers,
    ...(offersRequireTls(state) ? ['REQUIRETLS'] : []),
    ...(state.deps.submission === undefined ? [] : submitOffers),
  ])
}
const rcptOffers: ReadonlySet<string> = new Set(['NOTIFY', 'ORCPT'])

/** The word after `with` in Received. RFC 3848 has none for HELO within TLS. */
const protocolOf = (state: SmtpState, smtpUtf8: boolean): string => {
  if (state.hello?.extended !== true) return 'SMTP'
  const secured = state.peer.tls === null ? '' : 'S'
  return `${smtpUtf8 ? 'UTF8SMTP' : 'ESMTP'}${secured}${state.account === undefined ? '' : 'A'}`
}

/** When the message is to leave, if it says; undefined for now. RFC 4865 section 4: further ahead than we told is an error, the past is now. */
const holdOf = (state: SmtpState, parameters: MailParameters): Result<number | undefined, 'bad-parameter'> => {
  const { holdFor, holdUntil } = parameters
  if (holdFor === undefined && holdUntil === undefined) return ok(undefined)
  const now = state.deps.now()
  const at = holdFor === undefined ? Date.parse(holdUntil ?? '') : now + holdFor * 1000
  const most = state.deps.submission?.limits.holdMs ?? 0
  if (!Number.isFinite(at) || at > now + most) return fail('bad-parameter')
  return ok(at > now ? at : undefined)
}

const senderOf = (
  state: SmtpState,
  address: EnvelopeAddress | null,
  parameters: MailParameters,
  holdUntil: number | undefined,
): Sender => {
  const { session, ip, port, tls } = state.peer
  const { body, smtpUtf8, requireTls, ret, envid } = parameters
  return {
    session,
    at: state.deps.now(),
    ip,
    port,
    helo: state.hello?.name ?? '',
    protocol: protocolOf(state, smtpUtf8),
    tls: tls === null ? null : { version: tls.version, cipher: tls.cipher },
    mailFrom: address,
    body,
    smtpUtf8,
    requireTls,
    ...(ret === undefined ? {} : { ret }),
    ...(envid === undefined ? {} : { envid }),
    ...(state.account === undefined ? {} : { account: state.account.name }),
    ...(holdUntil === undefined ? {} : { holdUntil }),
  }
}

/** What the office says; that it cannot say anything is an answer too. */
const asked = async (state: SmtpState, what: string, question: () => Promise<RcptOutcome>): Promise<RcptOutcome> => {
  try {
    return await question()
  } catch (error) {
    state.failed(what, error)
    return { kind: 'refuse', reason: 'unavailable' }
  }
}

/** No error of the peer, but no mail either. */
const notNow = (state: SmtpState, words: string, text?: string): undefined =>
  state.idle() ? undefined : state.say(words, text)

/** Why nobody may send here yet; undefined where they may. */
const notYet = (state: SmtpState): string | undefined => {
  if (state.hello === undefined) return smtpWords['say-ehlo']
  if (state.deps.submission === undefined || state.account !== undefined) return undefined
  return mayLogin(state.peer) ? authWords['login-first'] : authWords['tls-first']
}

/** MAIL FROM. */
export const mail = async (state: SmtpState, command: MailCommand): Promise<void> => {
  const { limits, office } = state.deps
  const early = notYet(state)
  if (early !== undefined) return state.wrong(early)
  if (state.mail !== undefined) return state.wrong(smtpWords['mail-open'])
  if (state.messages >= limits.messages) return state.cut(smtpWords['too-many-messages'])
  state.mailRefused = true // until it is taken
  const { address, utf8 } = command.path
  const read = readMailParameters(command.parameters, offersOf(state))
  if (!read.ok) return state.wrong(misreadWords[read.error])
  if (utf8 && !read.value.smtpUtf8) return state.wrong(smtpWords['needs-utf8'])
  if (read.value.size > limits.messageSize) return notNow(state, smtpWords['too-large'])
  const hold = holdOf(state, read.value)
  if (!hold.ok) return state.wrong(misreadWords[hold.error])
  const sender = senderOf(state, address, read.value, hold.value)
  const outcome = await asked(state, 'sender', () => office.sender(sender))
  if (outcome.kind === 'refuse') return notNow(state, rcptWords[outcome.reason], outcome.text)
  const intake = state.newIntake()
  state.mail = {
    sender,
    declaredSize: read.value.size,
    recipients: [],
    intake,
    over: 0,
    refused: 0,
    chunks: false,
    since: 0,
  }
  state.mailRefused = false
  state.say(smtpWords['sender-ok'])
}

/** The refusals that an honest peer seldom gets, and one that tries addresses gets all the time. */
const telling: ReadonlySet<RcptReason> = new Set<RcptReason>(['unknown-user', 'relay-denied', 'disabled'])

const refuse = (
  state: SmtpState,
  mail: Mail,
  rcpt: string,
  reason: RcptReason,
  text: string | undefined,
): undefined => {
  mail.refused += 1
  state.deps.log.event('smtp-rcpt-refused', { session: state.peer.session, ip: state.peer.ip, rcpt, why: reason })
  if (mail.refused > state.deps.limits.recipientsOver) state.cut(smtpWords['too-many-recipients-cut'], 'protocol-abuse')
  else if (telling.has(reason)) state.refusal(rcptWords[reason], text)
  else state.say(rcptWords[reason], text)
}

const overMany = (state: SmtpState, mail: Mail): undefined => {
  mail.over += 1
  if (mail.over > state.deps.limits.recipientsOver) state.cut(smtpWords['too-many-recipients-cut'], 'protocol-abuse')
  else state.say(smtpWords['too-many-recipients'])
}

/** RCPT TO. */
export const rcpt = async (state: SmtpState, command: MailCommand): Promise<void> => {
  const { mail } = state
  if (state.hello === undefined) return state.wrong(smtpWords['say-ehlo'])
  if (mail === undefined) return state.orphan(smtpWords['mail-first'])
  if (mail.chunks) return state.wrong(smtpWords['chunks-open'])
  const { address, utf8 } = command.path
  const read = readRcptParameters(command.parameters, state.hello.extended ? rcptOffers : noOffers)
  if (!read.ok) return state.wrong(misreadWords[read.error])
  if (address === null) return state.refusal(misreadWords['bad-recipient'])
  if (utf8 && !mail.sender.smtpUtf8) return state.refusal(smtpWords['needs-utf8'])
  if (mail.recipients.length >= state.deps.limits.recipients) return overMany(state, mail)
  const recipient: Recipient = { address, ...read.value }
  const so = { accepted: mail.recipients.length, declaredSize: mail.declaredSize }
  const outcome = await asked(state, 'route', () => state.deps.office.route(mail.sender, recipient, so))
  if (outcome.kind === 'refuse') return refuse(state, mail, recipient.address.text, outcome.reason, outcome.text)
  // Named twice is served once.
  if (!mail.recipients.some((one) => one.address.text === recipient.address.text)) mail.recipients.push(recipient)
  state.recipients += 1
  state.say(smtpWords['recipient-ok'])
}
