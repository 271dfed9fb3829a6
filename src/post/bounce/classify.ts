/**
 * What a peer's refusal means, from its code, its enhanced code and its words. RFC 5321 section 4.2.1 (the first digit decides whether it is for
 * good), RFC 3463, RFC 5248 (enhanced codes). The knowledge is in replies.ts and status.ts; this is the engine, and knows no row by name. Pure.
 *
 * A refusal at the greeting is not taken as final even with 5xx: it says something of our address, which can be mended while the message waits,
 * and another server of the domain may think better of us (so does Postfix, smtp_skip_5xx_greeting). 521 and 556 alone are meant for good (RFC 7504).
 */
import { type Meaning, meanings, providers, type ReplyRow, sureRows, vagueRows } from './replies.ts'
import type { Classified, Said } from './said.ts'
import { codeRows, statusRows } from './status.ts'

const MOST_TEXT = 1_500 // characters that are looked at
const SERVICE_CLOSED = 421

/** Whether the reply alone says that it is for good. */
const isPermanent = ({ code, enhanced, stage }: Said): boolean => {
  if (stage === 'greeting' && code !== 521 && code !== 556) return false
  return code === 0 ? enhanced.startsWith('5.') : code >= 500
}

type Asked = { readonly said: Said; readonly text: string; readonly from: ReadonlySet<string> }

const fits = (row: ReplyRow, { said, text, from }: Asked): boolean =>
  (row.from === undefined || from.has(row.from)) &&
  (row.stage === undefined || row.stage.includes(said.stage)) &&
  (row.code === undefined || row.code.includes(said.code)) &&
  (row.enhanced === undefined || row.enhanced.test(said.enhanced)) &&
  (row.text === undefined || row.text.test(text))

const byRows = (rows: readonly ReplyRow[], asked: Asked): Meaning | undefined =>
  rows.find((row) => fits(row, asked))?.is

const byCode = ({ code, stage }: Said): Meaning | undefined =>
  codeRows.find((row) => row.code === code && (row.stage === undefined || row.stage.includes(stage)))?.is

const meaningOf = (said: Said): Meaning => {
  const text = said.text.slice(0, MOST_TEXT).toLowerCase()
  const host = said.host.toLowerCase().replace(/\.$/, '')
  const from = new Set<string>(
    providers.filter((one) => one.host.test(host) || one.text?.test(text) === true).map(({ name }) => name),
  )
  const asked = { said, text, from }
  const status = statusRows[said.enhanced.slice(2)]
  return (
    byRows(sureRows, asked) ??
    (status?.vague === true ? undefined : status?.is) ??
    byRows(vagueRows, asked) ??
    (said.enhanced.slice(2) === '0.0' ? undefined : status?.is) ??
    byCode(said) ??
    meanings.other
  )
}

/** @param said what a peer said, or why there was nobody to say it. @returns what it comes to; never throws, whatever the text. */
export const classify = (said: Said): Classified => {
  const { class: kind, blame, destination = false, permanent, detail } = meaningOf(said)
  return {
    class: kind,
    permanent: permanent ?? isPermanent(said),
    blame,
    destination: destination || said.code === SERVICE_CLOSED || said.stage === 'greeting',
    ...(detail === undefined ? {} : { detail }),
  }
}
