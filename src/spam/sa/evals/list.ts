/** Functions over the lists of the rule files: welcome and blocked addresses and subjects, relays of bounces. Mail::SpamAssassin::Plugin::WLBLEval, VBounce. Pure. */
import { readIp, readPrefix, within } from '../../../base/ip.ts'
import type { Eval, EvalContext } from './call.ts'

const inRelay = (context: EvalContext, domain: string): boolean => {
  const { trusted, untrusted } = context.mail.relays()
  const relays = untrusted.length > 0 ? untrusted.slice(0, 1) : trusted
  const bracket = /^\[(.*)\](\/\d{1,3})?$/s.exec(domain)
  return relays.some((relay) => {
    if (bracket === null) {
      const name = relay.rdns.toLowerCase()
      return name === domain || name.endsWith(`.${domain}`)
    }
    const said = (bracket[1] ?? '') + (bracket[2] ?? '')
    if (/^[\d.]+$/.test(said) && said.split('.').filter((one) => one !== '').length < 4)
      return relay.ip.startsWith(`${said.replace(/\.*$/, '')}.`)
    const [ip, prefix] = [readIp(relay.ip), readPrefix(said)]
    return ip.ok && prefix.ok && within(ip.value, prefix.value)
  })
}

/** 1: welcome, and came from where it should; −1: from elsewhere; 0: not on the list. */
const received = (context: EvalContext, list: string): number => {
  let found = 0
  for (const sender of context.mail.senders())
    for (const entry of context.lists.received(list)) {
      if (!entry.has(sender)) continue
      if (inRelay(context, entry.domain)) return 1
      found = context.lists.addresses('welcomelist_allows_relays').has(sender) ? found : -1
    }
  return found
}

const senderIn = (context: EvalContext, list: string): boolean =>
  context.mail.senders().some((one) => context.lists.addresses(list).has(one))
const recipientIn =
  (list: string): Eval =>
  ({ mail, lists }) =>
    mail.recipients().some((one) => lists.addresses(list).has(one))

const fromWelcome: Eval = (context) =>
  senderIn(context, 'welcomelist_from') || received(context, 'welcomelist_from_rcvd') === 1
const fromDefault: Eval = (context) => received(context, 'def_welcomelist_from_rcvd') === 1
const fromBlocked: Eval = (context) => senderIn(context, 'blocklist_from')
const subjectIn =
  (list: 'welcomelist_subject' | 'blocklist_subject'): Eval =>
  ({ mail, lists }) => {
    const subject = mail.text('Subject').replace(/\n$/, '')
    return subject !== '' && lists.subjects(list).has(subject)
  }

const bounced: Eval = ({ mail, lists }) => {
  if (lists.bounceRelays.size === 0) return false
  const names = (text: string, pattern: RegExp): readonly string[] =>
    [...text.matchAll(pattern)].map((one) => one[1] ?? '')
  const lines = mail.body().filter((line) => /^[> ]*Received:/i.test(line))
  if (lines.flatMap((line) => names(line, / (\S+\.\S+) /g)).some(lists.bounceRelays.has)) return true
  let field = ''
  let begun = false
  for (const line of mail.mail.body.split('\n')) {
    begun ||= /^[> ]*Received:/i.test(line)
    if (!begun) continue
    field = /^\s/.test(line) ? field + line : line
    if (/^[> ]*Received:/i.test(field) && names(field, /\s(\S+\.\S+)\s/g).some(lists.bounceRelays.has)) return true
  }
  return false
}
const anyBounceRelays: Eval = ({ lists }) => lists.bounceRelays.size > 0

export const listEvals: Readonly<Record<string, Eval>> = {
  check_from_in_blocklist: fromBlocked,
  check_from_in_blacklist: fromBlocked,
  check_to_in_blocklist: recipientIn('blocklist_to'),
  check_to_in_blacklist: recipientIn('blocklist_to'),
  check_to_in_welcomelist: recipientIn('welcomelist_to'),
  check_to_in_whitelist: recipientIn('welcomelist_to'),
  check_to_in_more_spam: recipientIn('more_spam_to'),
  check_to_in_all_spam: recipientIn('all_spam_to'),
  check_from_in_list: (context, [list = '']) => senderIn(context, list),
  check_to_in_list: (context, [list = '']) => recipientIn(list)(context, []),
  check_replyto_in_list: ({ mail, lists }, [list = '']) => {
    const reply = mail.text('Reply-To:addr')
    return reply !== '' && lists.addresses(list).has(reply)
  },
  check_from_in_welcomelist: fromWelcome,
  check_from_in_whitelist: fromWelcome,
  check_from_in_default_welcomelist: fromDefault,
  check_from_in_default_whitelist: fromDefault,
  check_forged_in_welcomelist: (context) =>
    !senderIn(context, 'welcomelist_from') &&
    received(context, 'welcomelist_from_rcvd') < 0 &&
    received(context, 'def_welcomelist_from_rcvd') === 0,
  check_subject_in_welcomelist: subjectIn('welcomelist_subject'),
  check_subject_in_whitelist: subjectIn('welcomelist_subject'),
  check_subject_in_blocklist: subjectIn('blocklist_subject'),
  check_subject_in_blacklist: subjectIn('blocklist_subject'),
  have_any_bounce_relays: anyBounceRelays,
  check_welcomelist_bounce_relays: bounced,
  check_whitelist_bounce_relays: bounced,
}
