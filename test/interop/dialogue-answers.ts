/**
 * What a server answered, in a form in which two servers can be compared: one canonical text for each response, flags and items in order, what each may
 * choose (words for people, sequence of untagged responses, \Recent, mod-sequences) left out. RFC 9051 section 7.
 */

/** What came with one command: untagged responses, sorted, and how it ended: `OK`, `NO [TRYCREATE]`, `BAD`; `+` for a question. */
export type Answer = { readonly untagged: readonly string[]; readonly ends: readonly string[] }

/** @param text of a server. @returns its responses, each with its literals in it. */
const responsesIn = (text: string): readonly string[] => {
  const out: string[] = []
  for (let at = 0; at < text.length; ) {
    let end = at
    for (;;) {
      const line = text.indexOf('\r\n', end)
      if (line < 0) return out
      const size = /\{(\d+)\}$/.exec(text.slice(Math.max(at, line - 24), line))?.[1]
      end = line + 2
      if (size === undefined) break
      end += Number(size)
    }
    out.push(text.slice(at, end - 2))
    at = end
  }
  return out
}

const TOKEN = /\s+|~?\{(\d+)\}\r\n|"(?:[^"\\]|\\.)*"|[()]|[^\s()"[{]+(?:\[[^\]]*\](?:<\d+>)?)?|./gsy

/** Tokens in small letters; strings, quoted or literal, as JSON. */
const tokensOf = (text: string): readonly string[] => {
  const out: string[] = []
  TOKEN.lastIndex = 0
  for (let found = TOKEN.exec(text); found !== null; found = TOKEN.exec(text)) {
    const [token, size] = found
    if (size !== undefined) {
      const from = TOKEN.lastIndex
      out.push(JSON.stringify(text.slice(from, from + Number(size))))
      TOKEN.lastIndex = from + Number(size)
    } else if (token.startsWith('"')) out.push(JSON.stringify(token.slice(1, -1).replaceAll(/\\(.)/g, '$1')))
    else if (token.trim() !== '') out.push(token.toLowerCase())
  }
  return out
}

type Tree = string | readonly Tree[]

const treesOf = (tokens: readonly string[]): readonly Tree[] => {
  const stack: Tree[][] = [[]]
  for (const token of tokens) {
    if (token === '(') stack.push([])
    else if (token === ')' && stack.length > 1) {
      const inner = stack.pop() ?? []
      stack.at(-1)?.push(inner)
    } else stack.at(-1)?.push(token)
  }
  return stack[0] ?? []
}

const written = (tree: Tree): string => (typeof tree === 'string' ? tree : `(${tree.map(written).join(' ')})`)

/** A mailbox name or the like, quoted or not. */
const bare = (tree: Tree | undefined): string =>
  tree === undefined ? '' : written(tree).replaceAll(/^"([^"\\]*)"$/g, '$1')

const sortedFlags = (tree: Tree | undefined): string =>
  Array.isArray(tree)
    ? `(${tree
        .map(written)
        .filter((flag) => flag !== '\\recent')
        .sort()
        .join(' ')})`
    : bare(tree)

const pairs = (tree: Tree | undefined): readonly (readonly [string, Tree])[] => {
  if (!Array.isArray(tree)) return []
  const out: (readonly [string, Tree])[] = []
  for (let at = 0; at + 1 < tree.length; at += 2) out.push([written(tree[at] ?? ''), tree[at + 1] ?? ''])
  return out
}

const fetched = (number: string, items: Tree | undefined): string => {
  const shown = pairs(items)
    .filter(([name]) => name !== 'modseq' && name !== 'uid')
    .map(([name, value]) => `${name} ${name === 'flags' ? sortedFlags(value) : written(value)}`)
  return shown.length === 0 ? `* ${number} fetch` : `* ${number} fetch (${shown.sort().join(' ')})`
}

const LEFT_OUT = new Set(['ok', 'no', 'flags', 'recent', 'capability', 'id', 'bye'])

/** @returns the canonical text of an untagged response, undefined where it is not compared. */
const canonical = (response: string): string | undefined => {
  const [, ...trees] = treesOf(tokensOf(response))
  const [first, second, third, ...rest] = trees
  const kind = bare(first)
  if (LEFT_OUT.has(kind) || LEFT_OUT.has(bare(second))) return undefined
  if (bare(second) === 'fetch') return fetched(kind, third)
  if (kind === 'list' || kind === 'lsub') return `* ${kind} ${sortedFlags(second)} ${rest.map(bare).join(' ')}`
  if (kind === 'status')
    return `* status ${bare(second)} ${pairs(third)
      .filter(([name]) => name !== 'highestmodseq' && name !== 'recent')
      .map(([name, value]) => `${name} ${written(value)}`)
      .sort()
      .join(' ')}`
  if (kind === 'metadata')
    return `* metadata ${bare(second)} ${pairs(third)
      .map(([name, value]) => `${name} ${written(value)}`)
      .sort()
      .join(' ')}`
  if (kind === 'search' || kind === 'sort' || kind === 'esearch')
    return `* ${trees.map(written).join(' ')}`.replace(/ \(modseq \S+\)| modseq \d+$/, '')
  return `* ${trees.map(bare).join(' ')}`
}

/** @returns the end of a command: OK, NO or BAD, with the code where it is NO. */
const endOf = (response: string): string => {
  const [, word = '', code = ''] = /^\S+ (OK|NO|BAD)(?: \[([A-Z-]+))?/i.exec(response) ?? []
  return word === 'NO' && code !== '' ? `NO [${code}]` : word
}

/** Untagged responses are sorted, but for EXPUNGE: there the order tells which messages went. */
export const readAnswer = (text: string): Answer => {
  const responses = responsesIn(text)
  const untagged = responses.filter((one) => one.startsWith('* ')).map(canonical)
  const ends = responses.filter((one) => !one.startsWith('* ')).map((one) => (one.startsWith('+') ? '+' : endOf(one)))
  return { untagged: untagged.filter((one) => one !== undefined).sort(), ends }
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** Whether a response of ours, which may hold `<*>`, `<n>` and `<$x>`, is what the peer said. */
const fits = (ours: string, theirs: string): boolean =>
  ours === theirs ||
  new RegExp(
    `^${ours
      .split(/(<\*>|<n>|<\$\w+>)/)
      .map((piece) =>
        piece === '<n>' ? '\\d+' : piece.startsWith('<') && piece.endsWith('>') ? '.*?' : escaped(piece),
      )
      .join('')}$`,
    's',
  ).test(theirs)

/** @returns what only we say and what only the peer says. */
export const differ = (ours: Answer, theirs: Answer): { readonly mine: string[]; readonly peer: string[] } => {
  const peer = [...theirs.untagged]
  const mine = ours.untagged.filter((one) => {
    const at = peer.findIndex((other) => fits(one, other))
    if (at < 0) return true
    peer.splice(at, 1)
    return false
  })
  for (const [at, end] of ours.ends.entries())
    if (end !== theirs.ends[at]) {
      mine.push(end)
      peer.push(theirs.ends[at] ?? 'silence')
    }
  return { mine, peer }
}
