/**
 * check_host(): may this address send for this domain? RFC 7208 section 4 (the function, its limits), section 5 (mechanisms), section 6
 * (redirect, exp). Pure: look-ups are a parameter.
 *
 * Readings where the RFC leaves room: a void look-up is counted once a term (section 4.6.4 counts terms); a name that cannot be asked for
 * after its macros are written out makes a mechanism not match (section 4.8); more than ten MX hosts are a permerror before any is asked.
 */
import type { Resolve } from '../base/dns.ts'
import { type Ip, prefixOf, readIp, within, writeIp } from '../base/ip.ts'
import { addressesOf, askable, boundedResolve, pointerName, reversed, sameIp, toAscii } from './lookup.ts'
import { expand, expandName, type MacroFacts, type MacroString, readMacroString } from './spf-macro.ts'
import { type Directive, isSpfRecord, type Mechanism, readSpfRecord, type SpfRecord } from './spf-record.ts'

export type SpfWord = 'pass' | 'fail' | 'softfail' | 'neutral' | 'none' | 'temperror' | 'permerror'
export type SpfInput = {
  readonly ip: string
  readonly helo: string
  /** `local@domain`; empty for the null sender, whose domain is the HELO name (RFC 7208 section 2.4). */
  readonly mailFrom: string
}
export type SpfOptions = {
  /** Our own name, for `%{r}`. */
  readonly receiver?: string
  /** Epoch ms, for `%{t}`. */
  readonly now?: number
  /** When it fires, what is not known yet is a temperror. */
  readonly signal?: AbortSignal
}
export type SpfVerdict = {
  readonly result: SpfWord
  /** The domain that was asked: of the envelope sender, or the HELO name. */
  readonly domain: string
  /** Whether `domain` came from the envelope sender or from HELO. */
  readonly identity: 'mailfrom' | 'helo'
  /** The domain owner's words for a `fail`; printable ASCII, not to be trusted. */
  readonly explanation?: string
  /** The term that decided, as it stands in the record. */
  readonly mechanism?: string
  /** For errors: what is wrong. */
  readonly reason?: string
  /** Terms that asked DNS (RFC 7208 section 4.6.4). */
  readonly lookups: number
}

const MOST_LOOKUPS = 10
const MOST_VOID = 2
const MOST_HOSTS = 10 // of an MX, and of a PTR
const LONGEST_EXPLANATION = 1_000

/** How an evaluation ends early; never leaves this file. */
class Stop extends Error {
  readonly result: 'permerror' | 'temperror'
  constructor(result: 'permerror' | 'temperror', reason: string) {
    super(reason)
    this.result = result
  }
}

type Finding = {
  readonly result: SpfWord
  readonly mechanism?: string
  readonly reason?: string
  readonly explain?: { readonly target: MacroString; readonly domain: string }
}

type Run = {
  readonly ip: Ip
  readonly resolve: Resolve
  readonly facts: MacroFacts
  readonly names: () => Promise<readonly string[]>
  lookups: number
  voids: number
}

const isWithin = (domain: string, name: string): boolean => {
  const [inner, outer] = [name.toLowerCase(), domain.toLowerCase()]
  return inner === outer || inner.endsWith(`.${outer}`)
}

/** RFC 7208 section 5.5: the PTR names of the client (ten at most) that lead back to it. Any error: that name is not one. */
const validatedNames = async (ip: Ip, resolve: Resolve): Promise<readonly string[]> => {
  const answer = await resolve(pointerName(ip), 'PTR')
  if (answer.kind !== 'found') return []
  const names = answer.records.slice(0, MOST_HOSTS)
  const good = await Promise.all(
    names.map(async (name) => {
      const back = await addressesOf(resolve, name, ip.version)
      return back.addresses.some((address) => sameIp(address, ip))
    }),
  )
  return names.filter((_, index) => good[index] === true)
}

const countTerm = (run: Run): void => {
  run.lookups += 1
  if (run.lookups > MOST_LOOKUPS) throw new Stop('permerror', `more than ${MOST_LOOKUPS} terms that ask DNS`)
}

const countVoid = (run: Run): void => {
  run.voids += 1
  if (run.voids > MOST_VOID) throw new Stop('permerror', `more than ${MOST_VOID} look-ups that found nothing`)
}

const nameOf = async (run: Run, target: MacroString | undefined, domain: string): Promise<string> =>
  target === undefined ? domain : await expandName(target, run.facts, domain)

type AddressTerm = Extract<Mechanism, { readonly bits4: number }>
const matchesNetwork = (run: Run, term: AddressTerm, addresses: readonly Ip[]): boolean =>
  addresses.some((address) => within(run.ip, prefixOf(address, run.ip.version === 4 ? term.bits4 : term.bits6)))

const matchA = async (run: Run, term: AddressTerm, domain: string): Promise<boolean> => {
  const name = await nameOf(run, term.target, domain)
  if (!askable(name)) return false
  const found = await addressesOf(run.resolve, name, run.ip.version)
  if (found.kind === 'failed') throw new Stop('temperror', `no answer for the addresses of ${name}`)
  if (found.kind === 'none') countVoid(run)
  return matchesNetwork(run, term, found.addresses)
}

const matchMx = async (run: Run, term: AddressTerm, domain: string): Promise<boolean> => {
  const name = await nameOf(run, term.target, domain)
  if (!askable(name)) return false
  const answer = await run.resolve(name, 'MX')
  if (answer.kind === 'failed') throw new Stop('temperror', `no answer for the MX of ${name}`)
  if (answer.kind === 'none') {
    countVoid(run)
    return false
  }
  if (answer.records.length > MOST_HOSTS) throw new Stop('permerror', `more than ${MOST_HOSTS} MX hosts`)
  for (const { exchange } of answer.records.toSorted((one, other) => one.preference - other.preference)) {
    if (!askable(exchange)) continue // a null MX (RFC 7505), or no name at all
    const found = await addressesOf(run.resolve, exchange, run.ip.version)
    if (found.kind === 'failed') throw new Stop('temperror', `no answer for the addresses of ${exchange}`)
    if (matchesNetwork(run, term, found.addresses)) return true
  }
  return false
}

const matchPtr = async (run: Run, target: MacroString | undefined, domain: string): Promise<boolean> => {
  const name = await nameOf(run, target, domain)
  if (!askable(name)) return false
  const pointers = await run.resolve(pointerName(run.ip), 'PTR')
  if (pointers.kind === 'none') countVoid(run)
  return (await run.names()).some((one) => isWithin(name, one))
}

const matchExists = async (run: Run, target: MacroString, domain: string): Promise<boolean> => {
  const name = await nameOf(run, target, domain)
  if (!askable(name)) return false
  const answer = await run.resolve(name, 'A')
  if (answer.kind === 'failed') throw new Stop('temperror', `no answer for ${name}`)
  if (answer.kind === 'none') countVoid(run)
  return answer.kind === 'found'
}

const matchInclude = async (run: Run, target: MacroString, domain: string): Promise<boolean> => {
  const name = await nameOf(run, target, domain)
  const inner = await evaluate(run, name)
  if (inner.result === 'temperror') throw new Stop('temperror', inner.reason ?? `include:${name}`)
  if (inner.result === 'permerror') throw new Stop('permerror', inner.reason ?? `include:${name}`)
  if (inner.result === 'none') throw new Stop('permerror', `included ${name} has no SPF record`)
  return inner.result === 'pass'
}

const matches = async (run: Run, mechanism: Mechanism, domain: string): Promise<boolean> => {
  switch (mechanism.kind) {
    case 'all':
      return true
    case 'ip4':
    case 'ip6':
      return within(run.ip, mechanism.network)
    default:
      countTerm(run)
  }
  switch (mechanism.kind) {
    case 'a':
      return await matchA(run, mechanism, domain)
    case 'mx':
      return await matchMx(run, mechanism, domain)
    case 'ptr':
      return await matchPtr(run, mechanism.target, domain)
    case 'exists':
      return await matchExists(run, mechanism.target, domain)
    case 'include':
      return await matchInclude(run, mechanism.target, domain)
  }
}

/** The record of `domain`, or how the evaluation ends without one (RFC 7208 sections 4.3 to 4.6). */
const findRecord = async (run: Run, domain: string): Promise<SpfRecord | Finding> => {
  if (!domain.includes('.') || !askable(domain)) return { result: 'none', reason: 'no domain name to ask for' }
  const answer = await run.resolve(domain, 'TXT')
  if (answer.kind === 'failed') return { result: 'temperror', reason: `no answer for the record of ${domain}` }
  const records = answer.kind === 'found' ? answer.records.filter(isSpfRecord) : []
  const [text, ...others] = records
  if (text === undefined) return { result: 'none', reason: `${domain} has no SPF record` }
  if (others.length > 0) return { result: 'permerror', reason: `${domain} has several SPF records` }
  const read = readSpfRecord(text)
  if (read.ok) return read.value
  return { result: 'permerror', reason: `${domain}: ${read.error.why} ${printable(read.error.term)}` }
}

const firstMatch = async (run: Run, record: SpfRecord, domain: string): Promise<Directive | undefined> => {
  for (const directive of record.directives) if (await matches(run, directive.mechanism, domain)) return directive
  return undefined
}

const follow = async (run: Run, redirect: MacroString, domain: string): Promise<Finding> => {
  countTerm(run)
  const name = await expandName(redirect, run.facts, domain)
  const found = await evaluate(run, name)
  return found.result === 'none' ? { result: 'permerror', reason: `redirect=${name}: no SPF record` } : found
}

/** check_host() for one domain; includes and redirects come back here. At most eleven deep: each level costs a look-up. */
const evaluate = async (run: Run, domain: string): Promise<Finding> => {
  const record = await findRecord(run, domain)
  if ('result' in record) return record
  const matched = await firstMatch(run, record, domain)
  if (matched === undefined)
    return record.redirect === undefined ? { result: 'neutral' } : await follow(run, record.redirect, domain)
  const finding = { result: matched.qualifier, mechanism: printable(matched.text) }
  return record.exp === undefined ? finding : { ...finding, explain: { target: record.exp, domain } }
}

/** RFC 7208 section 6.2: any fault of the explanation means that there is none. */
const explanationOf = async (run: Run, explain: Finding['explain']): Promise<string | undefined> => {
  if (explain === undefined) return undefined
  const name = await expandName(explain.target, run.facts, explain.domain)
  const answer = await run.resolve(name, 'TXT')
  if (answer.kind !== 'found' || answer.records.length !== 1) return undefined
  const [text = ''] = answer.records
  const parts = text.length > LONGEST_EXPLANATION * 4 ? undefined : readMacroString(text, true)
  return parts === undefined
    ? undefined
    : printable((await expand(parts, run.facts, explain.domain)).slice(0, LONGEST_EXPLANATION))
}

const printable = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, '?')

type Sender = { readonly local: string; readonly domain: string; readonly identity: 'mailfrom' | 'helo' }
/** RFC 7208 sections 2.4 and 4.3: who is asked about; a missing local part is `postmaster`. */
const senderOf = (input: SpfInput): Sender => {
  const at = input.mailFrom.lastIndexOf('@')
  const identity = input.mailFrom === '' || input.mailFrom === '<>' ? 'helo' : 'mailfrom'
  const given = identity === 'helo' ? input.helo : input.mailFrom.slice(at + 1)
  const domain = /^[\x21-\x7e]+$/.test(given) ? given.replace(/\.$/, '') : toAscii(given) // macros keep the case
  const local = identity === 'helo' || at < 1 ? 'postmaster' : input.mailFrom.slice(0, at)
  return { local, domain, identity }
}

const startRun = (ip: Ip, sender: Sender, input: SpfInput, resolve: Resolve, options: SpfOptions): Run => {
  let known: Promise<readonly string[]> | undefined
  const names = (): Promise<readonly string[]> => {
    known ??= validatedNames(ip, resolve)
    return known
  }
  const facts: MacroFacts = {
    sender: `${sender.local}@${sender.domain}`,
    local: sender.local,
    senderDomain: sender.domain,
    ip: ip.version === 4 ? writeIp(ip) : reversed(ip).split('.').toReversed().join('.').toUpperCase(),
    readableIp: writeIp(ip),
    version: ip.version === 4 ? 'in-addr' : 'ip6',
    helo: input.helo,
    receiver: options.receiver ?? 'unknown',
    seconds: Math.floor((options.now ?? 0) / 1000),
    validatedName: async (domain) => {
      const all = await names()
      return (
        all.find((name) => name.toLowerCase() === domain.toLowerCase()) ??
        all.find((name) => isWithin(domain, name)) ??
        all[0] ??
        'unknown'
      )
    },
  }
  return { ip, resolve, facts, names, lookups: 0, voids: 0 }
}

const finish = async (run: Run, domain: string): Promise<Finding & { readonly explanation?: string }> => {
  try {
    const finding = await evaluate(run, domain)
    const explanation = finding.result === 'fail' ? await explanationOf(run, finding.explain) : undefined
    return explanation === undefined ? finding : { ...finding, explanation }
  } catch (fault) {
    if (fault instanceof Stop) return { result: fault.result, reason: fault.message }
    throw fault
  }
}

/**
 * SPF for one connection and sender. @param resolve look-ups; a failed one is a temperror. @returns the result of RFC 7208 section 2.6,
 * with the domain owner's explanation when the result is `fail` and there is one. Never throws for what a peer or DNS says.
 */
export const checkSpf = async (input: SpfInput, resolve: Resolve, options: SpfOptions = {}): Promise<SpfVerdict> => {
  const sender = senderOf(input)
  const { identity } = sender
  const domain = sender.domain.toLowerCase()
  const ip = readIp(input.ip)
  if (!ip.ok) return { result: 'none', domain, identity, lookups: 0, reason: 'the client has no IP address' }
  if (domain.startsWith('[') || !domain.includes('.') || !askable(domain))
    return { result: 'none', domain, identity, lookups: 0, reason: 'no domain name to ask for' }
  const bounded = boundedResolve(resolve, options.signal)
  const run = startRun(ip.value, sender, input, bounded, options)
  const { explain: _, ...found } = await finish(run, sender.domain)
  return { ...found, domain, identity, lookups: run.lookups }
}
