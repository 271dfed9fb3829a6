/**
 * Relative references against a base (RFC 3986 section 5.2), as mail programs resolve them: a scheme equal to the base's is no
 * scheme. Pure, linear.
 */
type Pieces = {
  readonly scheme: string | undefined
  readonly authority: string | undefined
  readonly path: string
  readonly query: string | undefined
  readonly fragment: string | undefined
}

const pieces = (uri: string): Pieces => {
  const found = /^(?:([^:/?#]+):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?/s.exec(uri)
  return {
    scheme: found?.[1],
    authority: found?.[2],
    path: found?.[3] ?? '',
    query: found?.[4],
    fragment: found?.[5],
  }
}

/** A path that begins with a dot begins at the root: so SpamAssassin has it. */
const withoutDots = (given: string): string => {
  const path = given.replace(/^\.\.?\//, '/')
  const out: string[] = []
  const steps = path.split('/')
  for (const [i, step] of steps.entries()) {
    const last = i === steps.length - 1
    if (step === '.') {
      if (last) out.push('')
    } else if (step === '..') {
      if (out.length > 1) out.pop()
      if (last) out.push('')
    } else out.push(step)
  }
  return out.join('/')
}

/** @returns the absolute reference, or the relative one where there is no base. */
export const resolved = (base: string, reference: string): string => {
  const r = pieces(reference)
  const b = pieces(base)
  const scheme = r.scheme !== undefined && r.scheme !== b.scheme ? r.scheme : undefined
  let path = r.path
  let authority = r.authority
  let query = r.query
  if (scheme === undefined && authority === undefined) {
    authority = b.authority
    if (path === '') {
      path = b.path
      query ??= b.query
    } else if (!path.startsWith('/')) {
      const cut = b.path.lastIndexOf('/')
      path = b.authority !== undefined && b.path === '' ? `/${path}` : b.path.slice(0, cut + 1) + path
    }
  }
  // Without a scheme a mail program takes a name's own word for it.
  const own = /^www\d*\./i.test(authority ?? '') ? 'http' : /^ftp\d*\./i.test(authority ?? '') ? 'ftp' : ''
  const whole = scheme ?? b.scheme ?? own
  return [
    whole === '' ? '' : `${whole}:`,
    authority === undefined || authority === '' ? '' : `//${authority}`,
    withoutDots(path),
    query === undefined || query === '' ? '' : `?${query}`,
    r.fragment === undefined || r.fragment === '' ? '' : `#${r.fragment}`,
  ].join('')
}
