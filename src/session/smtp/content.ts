/**
 * DATA and BDAT: from the command to the answer that says whether the message is ours now. RFC 5321 sections 4.1.1.4 and 6.1, RFC 3030
 * section 2. 250 is said only when the post office has it on disk; whatever fails is 4xx, and the session goes on.
 */
import type { SmtpCommand } from '../../wire/smtp/command.ts'
import type { ContentFault } from '../../wire/smtp/content.ts'
import type { SmtpEvent } from '../../wire/smtp/reader.ts'
import type { IntakeFault } from './intake.ts'
import type { Done, Mail, SmtpState } from './state.ts'
import { contentWords, deferWords, rejectWords, saying, smtpWords } from './words.ts'

/** What is read over of a message that is too large, as a multiple of what would be allowed. */
const READ_OVER = 2

const intakeWords = {
  'too-large': smtpWords['too-large'],
  'disk-full': deferWords['disk-full'],
  internal: deferWords.internal,
} as const satisfies Readonly<Record<IntakeFault, string>>

/** Why there can be no message now; undefined when there can. */
const notReady = (state: SmtpState): string | undefined => {
  if (state.hello === undefined) return smtpWords['say-ehlo']
  if (state.mail === undefined) return smtpWords['mail-first']
  if (state.mail.recipients.length > 0) return undefined
  return state.mail.refused + state.mail.over > 0 ? smtpWords['no-recipient'] : smtpWords['rcpt-first']
}

/** DATA. */
export const beginData = (state: SmtpState): undefined => {
  const { mail, deps } = state
  const why = notReady(state)
  // Not an error of the peer when its recipients were refused while it pipelined.
  if (why === smtpWords['no-recipient']) return state.say(why)
  if (mail === undefined || why !== undefined) return state.orphan(why ?? smtpWords['mail-first'])
  if (mail.chunks) return state.wrong(smtpWords['chunks-open'])
  if (mail.sender.body === 'binarymime') return state.wrong(smtpWords['binary-by-bdat'])
  if (state.early()) return undefined
  mail.since = deps.now()
  state.reader.data(deps.limits.messageSize * READ_OVER)
  state.talk.patience(deps.limits.dataMs)
  state.say(smtpWords['send-data'])
}

/** BDAT. Its octets come in any case; when they are not wanted they are read over. */
export const beginChunk = (state: SmtpState, command: Extract<SmtpCommand, { readonly verb: 'BDAT' }>): undefined => {
  const { limits } = state.deps
  const { size, last } = command
  const { mail } = state
  state.chunk = { size, last, refused: notReady(state) }
  if (size > limits.messageSize * READ_OVER) return state.cut(smtpWords['too-large'])
  if (size === 0 && !last && state.idle()) return undefined
  if (mail === undefined || state.chunk.refused !== undefined) {
    state.reader.chunk(size, 'ignored', last)
    return undefined
  }
  if (!mail.chunks) mail.since = state.deps.now()
  mail.chunks = true
  state.talk.patience(limits.dataMs)
  mail.intake.expect(size)
  const failed = mail.intake.fault !== undefined
  state.reader.chunk(size, failed ? 'ignored' : mail.sender.body === 'binarymime' ? 'binary' : 'text', last)
  return undefined
}

/** Octets of the message. */
export const take = (state: SmtpState, bytes: Uint8Array): Done => {
  const { mail, deps } = state
  if (mail === undefined) return undefined
  if (deps.now() - mail.since > deps.limits.messageMs) return state.cut(smtpWords['too-slow'], 'too-slow')
  return mail.intake.write(bytes)
}

/** The dot, or the last octet of a chunk. */
export const end = (state: SmtpState, event: Extract<SmtpEvent, { readonly event: 'end' }>): Done => {
  const { chunk, mail } = state
  state.chunk = undefined
  state.talk.patience(state.deps.limits.commandMs)
  if (chunk?.refused !== undefined || mail === undefined) {
    const words = chunk?.refused ?? smtpWords['mail-first']
    return words === smtpWords['no-recipient'] ? state.say(words) : state.orphan(words)
  }
  if (chunk !== undefined && !chunk.last) return chunkTaken(state, mail, chunk.size, event.fault)
  return complete(state, mail, event)
}

const chunkTaken = (state: SmtpState, mail: Mail, size: number, fault: ContentFault | undefined): undefined => {
  if (fault !== undefined) state.say(contentWords[fault])
  else if (mail.intake.fault !== undefined) state.say(intakeWords[mail.intake.fault])
  else state.say(smtpWords.ok, `${size} octets taken`)
}

const complete = async (
  state: SmtpState,
  mail: Mail,
  { fault, smuggling }: Extract<SmtpEvent, { readonly event: 'end' }>,
): Promise<void> => {
  state.mail = undefined
  state.messages += 1
  state.busy()
  if (fault !== undefined || smuggling) {
    await mail.intake.discard()
    if (smuggling) state.offence('smuggling')
    return state.say(contentWords[fault ?? 'bare-lf'])
  }
  const finished = await mail.intake.finish()
  if (!finished.ok) return state.say(intakeWords[finished.error])
  const { body, size } = finished.value
  state.talk.say(await received(state, mail, { ...body, size }))
}

type Received = Parameters<SmtpState['deps']['office']['receive']>[1]

/** @returns the reply. */
const received = async (state: SmtpState, mail: Mail, body: Received): Promise<string> => {
  try {
    const outcome = await state.deps.office.receive({ ...mail.sender, recipients: mail.recipients }, body)
    switch (outcome.kind) {
      case 'accepted':
        state.accepted += 1
        return saying(smtpWords.ok, `Taken as ${outcome.id}`)
      case 'rejected':
        return saying(rejectWords[outcome.reason], outcome.text)
      case 'deferred':
        return saying(deferWords[outcome.reason])
    }
  } catch (error) {
    state.failed('receive', error)
    return saying(deferWords.internal)
  }
}
