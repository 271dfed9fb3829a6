/**
 * Reading a DMARC policy record. RFC 9989 section 4.7 (tags), section 4.8 (grammar); `pct` of RFC 7489 section 6.3 is read because records still
 * have it (docs/decisions/0027). Pure.
 *
 * Only `v=DMARC1` must be right; a tag that cannot be read counts as absent, and the first of two counts (RFC 9989 section 4.7).
 */
export type DmarcPolicy = 'none' | 'quarantine' | 'reject'
export type DmarcRecord = {
  readonly p: DmarcPolicy
  readonly sp?: DmarcPolicy
  readonly np?: DmarcPolicy
  readonly strictDkim: boolean
  readonly strictSpf: boolean
  /** `y`: a public suffix; `n`: an organizational domain whatever stands above; `u`: find out. */
  readonly psd: 'y' | 'n' | 'u'
  /** `t=y`: one step less than the policy says. */
  readonly testing: boolean
  /** RFC 7489: the share of failing messages that the policy is for. */
  readonly pct: number
  /** `fo`: which failures are to be reported; letters 0, 1, d, s. */
  readonly failureOptions: readonly string[]
  readonly rua: readonly string[]
  readonly ruf: readonly string[]
}

const LONGEST_RECORD = 16_384
const MOST_TAGS = 64
const MOST_URIS = 20

/** Whether a TXT record says that it is a DMARC record (RFC 9989 section 4.10). The version is case-sensitive and comes first. */
export const isDmarcRecord = (text: string): boolean => /^v[ \t]*=[ \t]*DMARC1[ \t]*(?:;|$)/.test(text)

const readUris = (text: string | undefined): readonly string[] =>
  (text ?? '')
    .split(',')
    .map((uri) => uri.trim())
    .filter((uri) => /^[A-Za-z][A-Za-z0-9+.-]*:[\x21-\x7e]+$/.test(uri))
    .slice(0, MOST_URIS)

const isPolicy = (text: string): text is DmarcPolicy => text === 'none' || text === 'quarantine' || text === 'reject'

const readTagsLeniently = (text: string): ReadonlyMap<string, string> => {
  const tags = new Map<string, string>()
  for (const spec of text.split(';').slice(0, MOST_TAGS)) {
    const equals = spec.indexOf('=')
    const name = spec.slice(0, Math.max(equals, 0)).trim().toLowerCase()
    if (/^[a-z][a-z0-9_]*$/.test(name) && !tags.has(name)) tags.set(name, spec.slice(equals + 1).trim())
  }
  return tags
}

/**
 * @param text a record that `isDmarcRecord` took. @returns what it asks for; undefined when it cannot be used: a policy is misspelt and
 * nobody is named to be told (RFC 9989 section 4.10.1; with a report address it counts as `p=none`, and so does one without `p`).
 */
export const readDmarcRecord = (text: string): DmarcRecord | undefined => {
  if (text.length > LONGEST_RECORD) return undefined
  const tags = readTagsLeniently(text)
  const of = (name: string): string => (tags.get(name) ?? '').toLowerCase()
  const [p, sp, np] = [of('p'), of('sp'), of('np')]
  const rua = readUris(tags.get('rua'))
  const spoilt =
    (tags.has('p') && !isPolicy(p)) || (tags.has('sp') && !isPolicy(sp)) || (tags.has('np') && !isPolicy(np))
  if (spoilt && rua.length === 0) return undefined
  const psd = of('psd')
  return {
    p: isPolicy(p) && !spoilt ? p : 'none',
    ...(isPolicy(sp) && !spoilt ? { sp } : {}),
    ...(isPolicy(np) && !spoilt ? { np } : {}),
    strictDkim: of('adkim') === 's',
    strictSpf: of('aspf') === 's',
    psd: psd === 'y' || psd === 'n' ? psd : 'u',
    testing: of('t') === 'y',
    pct: /^\d{1,3}$/.test(of('pct')) ? Math.min(100, Number(of('pct'))) : 100,
    failureOptions:
      of('fo') === ''
        ? ['0']
        : of('fo')
            .split(':')
            .map((option) => option.trim()),
    rua,
    ruf: readUris(tags.get('ruf')),
  }
}
