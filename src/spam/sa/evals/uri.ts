/** Functions over web addresses. Mail::SpamAssassin::Plugin::URIEval, HTTPSMismatch, WLBLEval. Pure. */

import { ipAddress } from '../received-ip.ts'
import type { Eval, EvalContext } from './call.ts'

const numericHost = /^https?:\/*(?:[^@/]+@)?\d+\.\d+\.\d+\.\d+/i
const numericWords = /^https:\/*(?:[^@/]+@)?\d+\.\d+\.\d+\.\d+/i

const labels = (host: string): readonly string[] => {
  const literal = /^\[(.*)\]$/s.exec(host)?.[1]
  if (literal !== undefined) return [literal]
  if (/^\d+\.\d+\.\d+\.\d+$/.test(host)) return [host]
  const parts = host.split('.')
  return parts.map((_, index) => parts.slice(index).join('.')).slice(-11)
}

const hostListed = ({ mail, lists }: EvalContext, name: string): boolean => {
  const list = lists.hosts.get(name.toUpperCase())
  if (list === undefined) return false
  for (const [uri, { hosts }] of mail.uriDetails()) {
    if (/^mailto:/i.test(uri)) continue
    for (const host of hosts.keys()) {
      const decided = labels(host).find((one) => list.has(one))
      if (decided !== undefined && list.get(decided) === true) return true
    }
  }
  return false
}

const isRedirected = ({ mail }: EvalContext): boolean =>
  mail.uris().some((uri) => {
    let text = uri
    for (let depth = 0; depth < 10; depth += 1) {
      const found = /^https?:\/\/([^/:?]+).+?(https?:\/{0,2}?([^/:?]+).*)$/is.exec(text)
      if (found === null) return false
      const [from, to] = [found[1] ?? '', found[3] ?? ''].map((one) => mail.reading.domains.ofUri(one)?.domain ?? one)
      if (from !== to) return true
      text = found[2] ?? ''
    }
    return false
  })

/** A link whose words name an https host of another organisation; only on pages with a few links. */
const isMismatched = ({ mail }: EvalContext, least: number, most: number | undefined): boolean => {
  const { domains } = mail.reading
  const owner = (host: string): string | undefined => {
    if (ipAddress.whole.test(host)) return host
    const domain = domains.organisation(host)
    return domains.isListed(domain) ? domain : undefined
  }
  return mail.view.pages().some((page) => {
    const targets = new Set<string>()
    let hit = false
    for (const { href, text } of page.links) {
      const host = /^https?:\/\/([^/:?#]+)/i.exec(href)?.[1]
      const target = host === undefined || ipAddress.whole.test(host) ? undefined : owner(host)
      if (target === undefined) continue
      targets.add(href)
      const named = /https:\/\/([^\s/:?#]+)/i.exec(text)?.[1]
      const claimed = named === undefined ? undefined : owner(named)
      if (claimed !== undefined && claimed !== target) hit = true
    }
    return hit && targets.size >= least && (most === undefined || targets.size < most)
  })
}

export const uriEvals: Readonly<Record<string, Eval>> = {
  check_for_http_redirector: (context) => isRedirected(context),
  check_https_ip_mismatch: ({ mail }) =>
    mail.view
      .pages()
      .some((page) =>
        page.links.some(({ href, text }) => numericHost.test(href) && /https:/i.test(text) && !numericWords.test(text)),
      ),
  check_https_http_mismatch: (context, [least = '1', most]) =>
    isMismatched(context, Number(least), most === undefined ? undefined : Number(most)),
  check_uri_truncated: ({ mail }) => mail.view.pages().some((page) => page.uriTruncated),
  check_uri_host_listed: (context, [name = '']) => hostListed(context, name),
  check_uri_host_in_blocklist: (context) => hostListed(context, 'BLOCK'),
  check_uri_host_in_blacklist: (context) => hostListed(context, 'BLOCK'),
  check_uri_host_in_welcomelist: (context) => hostListed(context, 'WELCOME'),
  check_uri_host_in_whitelist: (context) => hostListed(context, 'WELCOME'),
}
