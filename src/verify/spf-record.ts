/**
 * Reading an SPF record. RFC 7208 section 4.5 (which TXT record it is), section 4.6 (syntax: one error anywhere makes the whole record
 * unusable), section 5 (mechanisms), section 6 (modifiers), section 12 (grammar). Pure.
 */
import { type Ip, type Prefix, prefixOf, readIp } from '../base/ip.ts'
import { fail, ok, type Result } from '../base/result.ts'
import { type MacroString, readDomainSpec, readMacroString } from './spf-macro.ts'

type Qualifier = 'pass' | 'fail' | 'softfail' | 'neutral'
type Cidr = { readonly bits4: number; readonly bits6: number }
export type Mechanism =
  | { readonly kind: 'all' }
  | { readonly kind: 'include' | 'exists'; readonly target: MacroString }
  | ({ readonly kind: 'a' | 'mx'; readonly target?: MacroString } & Cidr)
  | { readonly kind: 'ptr'; readonly target?: MacroString }
  | { readonly kind: 'ip4' | 'ip6'; readonly network: Prefix }
export type Directive = { readonly qualifier: Qualifier; readonly mechanism: Mechanism; readonly text: string }
export type SpfRecord = {
  readonly directives: readonly Directive[]
  readonly redirect?: MacroString
  readonly exp?: MacroString
}
/** The term that breaks the grammar, for the reader of the header. */
export type SpfSyntax = { readonly why: 'syntax' | 'twice'; readonly term: string }

/** Longer records are unusable; 64 KiB is what DNS can carry, and honest ones stay under 512 octets (RFC 7208 section 3.4). */
const LONGEST_RECORD = 16_384

/** Whether a TXT record is an SPF record: `v=spf1` and then a space or nothing, in any case (RFC 7208 section 4.5). */
export const isSpfRecord = (text: string): boolean => /^v=spf1(?: |$)/i.test(text)

const qualifiers: Readonly<Record<string, Qualifier>> = {
  '': 'pass',
  '+': 'pass',
  '-': 'fail',
  '~': 'softfail',
  '?': 'neutral',
}
const number = '(0|[1-9][0-9]{0,2})'
const dualCidr = new RegExp(`^(.*?)(?:/${number})?(?://${number})?$`, 's')

/** `[:domain-spec][dual-cidr-length]`: @returns undefined where it is neither. */
const readTarget = (rest: string): ({ readonly target?: MacroString } & Cidr) | undefined => {
  const [, spec = '', four, six] = dualCidr.exec(rest) ?? []
  const bits4 = four === undefined ? 32 : Number(four)
  const bits6 = six === undefined ? 128 : Number(six)
  if (bits4 > 32 || bits6 > 128) return undefined
  if (spec === '') return { bits4, bits6 }
  const target = spec.startsWith(':') ? readDomainSpec(spec.slice(1)) : undefined
  return target === undefined ? undefined : { target, bits4, bits6 }
}

const mapped = (ip: Ip): Ip =>
  ip.version === 6 ? ip : { version: 6, octets: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, ...ip.octets) }

const networkSyntax = new RegExp(`^:([0-9A-Fa-f:.]+)(?:/${number})?$`)
const readNetwork = (rest: string, version: 4 | 6): Prefix | undefined => {
  const [, address = '', bits] = networkSyntax.exec(rest) ?? []
  const ip = readIp(address)
  if (!ip.ok || address.includes(':') !== (version === 6)) return undefined
  const most = version === 4 ? 32 : 128
  const kept = bits === undefined ? most : Number(bits)
  return kept > most ? undefined : prefixOf(version === 6 ? mapped(ip.value) : ip.value, kept)
}

const readMechanism = (name: string, rest: string): Mechanism | undefined => {
  switch (name) {
    case 'all':
      return rest === '' ? { kind: 'all' } : undefined
    case 'include':
    case 'exists': {
      const target = rest.startsWith(':') ? readDomainSpec(rest.slice(1)) : undefined
      return target === undefined ? undefined : { kind: name, target }
    }
    case 'a':
    case 'mx': {
      const target = readTarget(rest)
      return target === undefined ? undefined : { kind: name, ...target }
    }
    case 'ptr': {
      if (rest === '') return { kind: 'ptr' }
      const target = rest.startsWith(':') ? readDomainSpec(rest.slice(1)) : undefined
      return target === undefined ? undefined : { kind: 'ptr', target }
    }
    case 'ip4':
    case 'ip6': {
      const network = readNetwork(rest, name === 'ip4' ? 4 : 6)
      return network === undefined ? undefined : { kind: name, network }
    }
    default:
      return undefined
  }
}

const directiveSyntax = /^([+\-?~]?)([A-Za-z][A-Za-z0-9\-_.]*)(.*)$/s
const readDirective = (term: string): Directive | undefined => {
  const [, qualifier = '', name = '', rest = ''] = directiveSyntax.exec(term) ?? []
  const mechanism = readMechanism(name.toLowerCase(), rest)
  const how = qualifiers[qualifier]
  return mechanism === undefined || how === undefined ? undefined : { qualifier: how, mechanism, text: term }
}

const modifierSyntax = /^([A-Za-z][A-Za-z0-9\-_.]*)=(.*)$/s

/** @param text a record that `isSpfRecord` took, an octet a character. @returns its terms in order, or the first that is wrong. */
export const readSpfRecord = (text: string): Result<SpfRecord, SpfSyntax> => {
  if (text.length > LONGEST_RECORD) return fail({ why: 'syntax', term: '(too long)' })
  const directives: Directive[] = []
  const modifiers: { redirect?: MacroString; exp?: MacroString } = {}
  for (const term of text.slice('v=spf1'.length).split(' ')) {
    if (term === '') continue
    const [, name, value = ''] = modifierSyntax.exec(term) ?? []
    const known = name?.toLowerCase()
    if (known === 'redirect' || known === 'exp') {
      const spec = readDomainSpec(value)
      if (spec === undefined) return fail({ why: 'syntax', term })
      if (modifiers[known] !== undefined) return fail({ why: 'twice', term })
      modifiers[known] = spec
    } else if (known !== undefined) {
      if (readMacroString(value, true) === undefined) return fail({ why: 'syntax', term })
    } else {
      const directive = readDirective(term)
      if (directive === undefined) return fail({ why: 'syntax', term })
      directives.push(directive)
    }
  }
  return ok({ directives, ...modifiers })
}
