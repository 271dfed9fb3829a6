/** Functions over addresses at free mail providers. Mail::SpamAssassin::Plugin::FreeMail. Pure; bounded by MOST_FOUND addresses. */
import type { Eval, EvalContext } from './call.ts'
import { compiled } from './pattern.ts'

const MOST_LINKS = 20
const MOST_FOUND = 40
const atom = "[a-z0-9!#$%&'*+/=?^_`{|}~-]+"

const noPerson =
  /^(?:abuse|support|sales|info|helpdesk|contact|kontakt|(?:post|host|domain)master|undisclosed.*|request-[a-f0-9]{16}|bounced?-|[a-f0-9]{8}(?:\.[a-f0-9]{8}|-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12})|.+=.+=.+)@/i
const bulkSender =
  /(?:^(?:post|host|domain)master|^double-bounce|^(?:sentto|owner|return|(?:gr)?bounced?)-.+|-(?:request|bounces?|admin|owner)|\b(?:do[._-t]?)?no[._-t]?repl(?:y|ies)|.+=.+)@/i

const isFree = ({ lists }: EvalContext, address: string): boolean => {
  const { domains, globs, exempt } = lists.freemail
  const domain = address.slice(address.lastIndexOf('@') + 1)
  if (address === '' || exempt.has(address) || exempt.has(domain) || noPerson.test(address)) return false
  return domains.has(domain) || globs.some((glob) => glob.test(address))
}

const patterns = new WeakMap<object, string>()
const addressPattern = (context: EvalContext): string => {
  const { domains } = context.mail.reading
  const before = patterns.get(domains)
  if (before !== undefined) return before
  const made = `(?=[^\\n]{0,64}@)(?<![a-z0-9!#$%&'*+/=?^_\`{|}~-])(${atom}(?:\\.${atom})*@(?:[a-z0-9](?:[a-z0-9-]{0,59}[a-z0-9])?\\.){1,4}(?:${domains.tlds}))`
  patterns.set(domains, made)
  return made
}

const known = new WeakMap<object, ReadonlySet<string> | 'too-many'>()
/** Addresses of free providers in the text; undefined where there are too many to mean anything. */
const inBody = (context: EvalContext): ReadonlySet<string> | undefined => {
  const before = known.get(context.mail) ?? readBody(context)
  known.set(context.mail, before)
  return before === 'too-many' ? undefined : before
}

const readBody = (context: EvalContext): ReadonlySet<string> | 'too-many' => {
  const { mail, lists } = context
  const address = addressPattern(context)
  const found = new Set<string>()
  const linked = new RegExp(`^mailto:${address}`, 'i')
  for (const [uri, { types }] of mail.uriDetails()) {
    if (!types.has('a') || types.has('parsed') || found.size >= MOST_LINKS) continue
    const one = linked.exec(uri)?.[1]
    if (one !== undefined) found.add(one.toLowerCase())
  }
  const quoted = new RegExp(
    `<?(?<!mailto:)${address}(?:>|\\s{1,10}(?!(?:fa(?:x|csi)|tel|phone|e?-?mail))[a-z]{2,11}:)`,
    'gi',
  )
  const lines = mail.body().map((line) => {
    if (found.size >= MOST_FOUND || !/@|%40/.test(line)) return line
    const text = line.replaceAll(/<?https?:\/\/\S{0,255}(?:@|%40)\S{0,255}/gi, ' ').replaceAll(quoted, ' ')
    for (const match of text.matchAll(new RegExp(address, 'gi')))
      if (found.size < MOST_FOUND) found.add((match[1] ?? '').toLowerCase())
    return text
  })
  mail.replaceBody(lines)
  const { skipOverMost, mostEmails, mostFreemails } = lists.freemail
  if (skipOverMost && found.size >= mostEmails) return 'too-many'
  const free = new Set([...found].filter((one) => isFree(context, one)))
  return skipOverMost && free.size >= mostFreemails ? 'too-many' : free
}

const someFree = (context: EvalContext, addresses: readonly string[], pattern: string | undefined): boolean =>
  addresses.some((one) => isFree(context, one) && (pattern === undefined || compiled(pattern).test(one)))

const lower = (addresses: readonly string[]): readonly string[] => addresses.map((one) => one.toLowerCase())

const replyDiffers = (context: EvalContext, what: string): boolean => {
  const { mail, lists } = context
  if (lists.freemail.skipBulk && bulkSender.test(mail.get('EnvelopeFrom')[0] ?? '')) return false
  const from = lower(mail.get('From:addr'))
  const replyTo = lower(mail.get('Reply-To:addr'))
  const fromFree = someFree(context, from, undefined)
  const replyFree = someFree(context, replyTo, undefined)
  if (fromFree && replyFree && !from.some((one) => replyTo.includes(one))) return true
  if (what === 'replyto' ? !replyFree : (replyTo.length > 0 && !replyFree) || !fromFree) return false
  const body = inBody(context)
  if (body === undefined) return false
  const answers = what === 'replyto' || replyFree ? replyTo : from
  return [...body].some((one) => answers.some((answer) => answer !== one))
}

export const freemailEvals: Readonly<Record<string, Eval>> = {
  check_freemail_header: (context, [name = '', pattern]) =>
    someFree(context, lower(context.mail.get(`${name}:addr`)), pattern),
  check_freemail_body: (context, [pattern]) => {
    const body = inBody(context)
    return body !== undefined && [...body].some((one) => pattern === undefined || compiled(pattern).test(one))
  },
  check_freemail_from: (context, [pattern]) => someFree(context, lower(context.mail.senders()), pattern),
  check_freemail_replyto: (context, [what = 'replyto']) => replyDiffers(context, what),
}
