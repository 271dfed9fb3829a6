/**
 * What was refused stays visible to whom it was for: a short note in the mailbox Rejected (who wrote, the subject, why), or the message itself where
 * `[spam] keep-rejected` says so. A note is read already, rings no bell by itself, and goes after `[keep] rejected`. Its keyword tells it from what people file
 * there themselves, which stays.
 *
 * Moving one out of Rejected releases it: learn.ts hears of the move. The sender was told 5xx in any case, so that nobody believes it arrived.
 *
 * Bounds: NOTES_A_DAY an account, so that a flood of refused mail fills no disk; above that the receipt alone tells of it. What a disk cannot take is only
 * logged: nothing was promised. Refused on purpose: notes of mail to spamtraps, and of loops.
 */
import { ok, type Result } from '../base/result.ts'
import { encodeWords, plainText, wrapText, writeField } from '../mime/report.ts'
import type { Place, Receipt, StoreFault } from '../store/store.ts'
import { deliver, prefixes } from './deliver.ts'
import type { OfficeDeps } from './deps.ts'
import type { Decision, Known, Mail } from './mail.ts'
import { REJECTED, REJECTED_KEYWORD, refusalField } from './rejected.ts'
import type { ScanOutcome } from './scan-port.ts'
import type { PostSettings } from './settings.ts'
import { hitsOf } from './story.ts'
import { writeDate } from './trace.ts'
import type { Reason } from './verdict.ts'

const MOST_HITS = 12
const MOST_TEXT = 300

const reasons: Readonly<Record<Reason, string>> = {
  spamtrap: 'it also went to an address that only spammers know',
  score: 'it looks like spam',
  dmarc: 'the domain in its From field asks that mail which it did not send be refused',
  'sender-banned': 'its sender is kept out for spam',
}

/** A field's text again as a field: what came in ASCII stays as it is, encoded words and all. */
const again = (text: string): string => {
  const plain = plainText(text, MOST_TEXT)
  return /^[\x20-\x7e]*$/.test(plain) ? plain : encodeWords(plain)
}
const fromAgain = ({ from, fromAddress }: Mail['head']): string => {
  if (/^[\x20-\x7e]+$/.test(from)) return plainText(from, MOST_TEXT)
  const name = encodeWords(plainText(from.replace(/<[^<>]*>\s*$/, '').replaceAll('"', ''), MOST_TEXT))
  return `${name} <${fromAddress !== undefined && /^[\x21-\x7e]+$/.test(fromAddress) ? fromAddress : 'unknown@invalid'}>`.trim()
}

/** @returns the note: a message whose From and Subject are those of the one that was refused. Pure. */
export const writeNote = (
  settings: Pick<PostSettings, 'host' | 'spam'>,
  mail: Pick<Mail, 'id' | 'at' | 'head' | 'envelope' | 'body'>,
  known: Pick<Known, 'output'>,
  decision: Pick<Decision, 'answer'>,
): Uint8Array => {
  const { head, envelope, id, at } = mail
  const line = (text: string): string => plainText(text, MOST_TEXT)
  const why = decision.answer.reasons.map((reason) => reasons[reason]).join('; ')
  const hits = hitsOf(known.output)
    .toSorted(([, a], [, b]) => Math.abs(b) - Math.abs(a))
    .slice(0, MOST_HITS)
  const text = [
    wrapText(`This message was refused: ${why}. Its sender was told so. Only this note of it was kept.`),
    '',
    `  from      ${line(head.from)}`,
    `  sender    <${line(envelope.mailFrom?.text ?? '')}>, by ${envelope.ip}`,
    `  subject   ${line(head.subject)}`,
    `  size      ${mail.body.size} octets`,
    `  points    ${(known.output?.score ?? 0).toFixed(1)}; from ${settings.spam.reject} on mail is refused`,
    ...hits.map(
      ([name, score, says]) =>
        `  ${(score > 0 ? `+${score.toFixed(1)}` : score.toFixed(1)).padStart(8)}  ${line(`${name}: ${says}`)}`,
    ),
    '',
    wrapText(
      `Was it wanted? Move this note to your INBOX: the sender counts as known to you from then on, and may write again. Your administrator sees more with: postern why ${id}`,
    ),
  ]
    .map((piece) => (piece.endsWith('\r\n') ? piece : `${piece}\r\n`))
    .join('')
  return Buffer.from(
    [
      writeField('From', fromAgain(head)),
      writeField('Subject', again(head.subject)),
      writeField('Date', writeDate(at)),
      writeField('Message-ID', `<rejected.${id}@${settings.host}>`),
      'Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n',
      text,
    ].join(''),
    'utf8',
  )
}

/** What was found and decided of a message. `scanned` is missing where it is not ours to show: another server asked. */
export type Judged = {
  readonly known: Known
  readonly decision: Decision
  readonly scanned?: ScanOutcome | undefined
}

/**
 * Writes the receipt of a refusal, and shows it to whom it was for in the same transaction.
 * @returns the store's fault where not even the receipt was taken.
 */
export const keepRefused = async (
  deps: OfficeDeps,
  settings: PostSettings,
  mail: Mail,
  receipt: Receipt,
  judged: Judged | undefined,
): Promise<Result<null, StoreFault>> => {
  const now = deps.now()
  const takers =
    judged?.scanned === undefined || settings.keepRejectedMs === 0
      ? []
      : mail.takers.filter((one) => deps.rejected.take(one, now))
  if (judged?.scanned === undefined || takers.length === 0) return deps.store.addReceipt(receipt)
  const { known, decision, scanned } = judged
  const whole = settings.spam.keepRejected
  const places = takers.map(
    ({ account }): Place => ({
      account: account.id,
      mailbox: { name: REJECTED },
      flags: ['\\Seen', REJECTED_KEYWORD],
      prefix: refusalField(whole ? 'message' : 'note', mail.id) + prefixes(settings, mail, known).flagged,
      internalDate: mail.at,
      enforceQuota: true,
    }),
  )
  const stored = whole
    ? await deliver(deps, mail, places, scanned, receipt)
    : await deps.store.deliver({ body: { bytes: writeNote(settings, mail, known, decision) }, places, receipt, now })
  if (stored.ok) return ok(null)
  deps.log.event('store-fault', { verb: 'deliver', fault: stored.error, session: mail.envelope.session })
  return deps.store.addReceipt(receipt)
}
