/** Prints a receipt for people: who brought the message, what was found, what fired, what came of it. Pure. */
import * as z from 'zod'
import type { receiptShape } from './shapes.ts'

const text = z.string().optional()
const storyShape = z.object({
  peer: z.object({ ip: z.string(), helo: z.string(), reverse: text, iprev: text, tls: text }),
  lists: z.array(z.string()),
  auth: z.object({ spf: text, dkim: z.array(z.string()).optional(), dmarc: text, policy: text, vouched: text }),
  trust: z.record(z.string(), z.boolean()),
  scan: z.string(),
  hits: z.array(z.tuple([z.string(), z.number(), z.string()])),
  reasons: z.array(z.string()),
  places: z.array(z.tuple([z.string(), z.string(), z.string()])),
  onward: z.array(z.string()).optional(),
})

/** Peers' words cannot move the cursor. */
const clean = (words: string): string => words.replaceAll(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/g, '?')
const points = (score: number): string => (score > 0 ? `+${score.toFixed(1)}` : score.toFixed(1)).padStart(6)

const storyLines = (json: string): readonly string[] => {
  let raw: unknown
  try {
    raw = JSON.parse(json)
  } catch (error) {
    if (error instanceof SyntaxError) return ['  (its story cannot be read)']
    throw error
  }
  const read = storyShape.safeParse(raw)
  if (!read.success) return ['  (its story is of another version)']
  const { peer, lists, auth, trust, scan, hits, reasons, places, onward } = read.data
  const trusted = Object.entries(trust).flatMap(([name, yes]) => (yes ? [name] : []))
  const dkim = auth.dkim === undefined || auth.dkim.length === 0 ? 'none' : auth.dkim.join(' ')
  return [
    `  peer      ${peer.ip}  HELO ${peer.helo}  reverse ${peer.reverse ?? peer.iprev ?? 'not asked'}${peer.tls === undefined ? '  no TLS' : `  ${peer.tls}`}`,
    `  lists     ${lists.length === 0 ? 'on none' : lists.join(' ')}`,
    `  verified  spf ${auth.spf ?? 'not asked'}  dkim ${dkim}  dmarc ${auth.dmarc ?? 'not asked'}${auth.vouched === undefined ? '' : `  vouched for: ${auth.vouched}`}`,
    ...(trusted.length === 0 ? [] : [`  trusted   ${trusted.join(' ')}`]),
    ...(scan === 'done' ? [] : [`  scan      ${scan}: judged without it`]),
    ...hits.map(([name, score, says]) => `  ${points(score)}  ${name.padEnd(28)} ${says}`),
    ...(reasons.length === 0 ? [] : [`  because   ${reasons.join(', ')}`]),
    ...places.map(
      ([account, verdict, folder]) => `  for       ${account}: ${verdict}${folder === '' ? '' : `, in ${folder}`}`,
    ),
    ...(onward === undefined ? [] : [`  onward    ${onward.length === 0 ? 'to nobody' : onward.join(' ')}`]),
  ]
}

/** @returns the receipt, some ten lines. */
export const writeStory = (receipt: z.infer<typeof receiptShape>): string =>
  [
    `${new Date(receipt.at).toISOString()}  ${receipt.verdict.toUpperCase()}  ${receipt.score.toFixed(1)} points  ${receipt.size} octets  session ${receipt.session}`,
    `  from      <${receipt.mailFrom}>  ${receipt.fromHeader}`,
    `  to        ${receipt.recipients.join(' ')}`,
    `  subject   ${receipt.subject}`,
    `  id        ${receipt.messageId}`,
    ...storyLines(receipt.story),
  ]
    .map((line) => `${clean(line)}\n`)
    .join('')
