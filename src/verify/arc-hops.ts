/**
 * What the forwarders of an ARC chain that holds say they found, the last one first. RFC 8617 section 5.2 (a chain says who handled a message, not that they
 * are honest), section 7.2 (what a receiver may make of it). Pure. Whom to believe is the caller's matter: the first word is that of the last
 * forwarder, and it vouches for the words before it only where it found their seals whole (`arc=pass`).
 */
import type { ArcVerdict } from './arc.ts'
import { type MethodResult, readAuthResults } from './auth-results.ts'

const MOST_HOPS = 10 // a way of more forwarders than that nobody vouches for

export type ArcHop = {
  readonly sealer: string
  /** The word for DMARC, and of which From domain; empty where it says nothing. */
  readonly dmarc: string
  readonly dmarcDomain: string
  /** What it found of the chain before it. */
  readonly arc: string
  /** The domains of DKIM signatures that it found good, lower case. */
  readonly signed: readonly string[]
}

const wordOf = (results: readonly MethodResult[], method: string): string =>
  results.find((one) => one.method === method)?.result ?? ''
const valueIn = (one: MethodResult | undefined, ...names: readonly string[]): string =>
  (one?.properties.find(({ name }) => names.includes(name))?.value ?? '').toLowerCase()

/** `@example.org`, `anna@example.org` and `example.org` are all written for a domain. */
const domainOf = (text: string): string => text.slice(text.lastIndexOf('@') + 1)

/** @param verdict of `verifyArc`. @returns what each forwarder found, the last first; none unless the chain holds. */
export const arcHops = (verdict: Pick<ArcVerdict, 'cv' | 'sealers' | 'results'>): readonly ArcHop[] => {
  if (verdict.cv !== 'pass') return []
  return verdict.sealers
    .map((sealer, index): ArcHop => {
      const read = readAuthResults(verdict.results[index] ?? '')
      const results = read.ok ? read.value.results : []
      return {
        sealer: sealer.toLowerCase(),
        dmarc: wordOf(results, 'dmarc'),
        dmarcDomain: domainOf(
          valueIn(
            results.find(({ method }) => method === 'dmarc'),
            'header.from',
          ),
        ),
        arc: wordOf(results, 'arc'),
        signed: results
          .filter(({ method, result }) => method === 'dkim' && result === 'pass')
          .map((one) => domainOf(valueIn(one, 'header.d', 'header.i')))
          .filter((domain) => domain !== ''),
      }
    })
    .toReversed()
    .slice(0, MOST_HOPS)
}
