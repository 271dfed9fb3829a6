/**
 * `replace_rules`: rules whose patterns have tags (`<V><inter W2>`) that stand for other patterns: `replace_tag`, `replace_pre`, `replace_inter`,
 * `replace_post`. Mail::SpamAssassin::Plugin::ReplaceTags(3). Pure; tags within tags are followed a few times.
 */
const PASSES = 6
const MOST_LENGTH = 200_000

export type Tags = {
  readonly tag: ReadonlyMap<string, string>
  readonly pre: ReadonlyMap<string, string>
  readonly inter: ReadonlyMap<string, string>
  readonly post: ReadonlyMap<string, string>
}

/** Takes the first `<kind name>` out. @returns what it stands for. */
const taken = (
  text: string,
  kind: string,
  meanings: ReadonlyMap<string, string>,
): { readonly text: string; readonly meaning: string } => {
  const found = new RegExp(`<${kind} (.+?)>`).exec(text)
  if (found === null) return { text, meaning: '' }
  return {
    text: text.slice(0, found.index) + text.slice(found.index + found[0].length),
    meaning: meanings.get(found[1] ?? '') ?? '',
  }
}

/** @param pattern of a rule that `replace_rules` names. @returns it with its tags replaced; unknown ones stay. */
export const replaceTags = (pattern: string, tags: Tags): string => {
  let text = pattern
  for (let pass = 0; pass < PASSES; pass += 1) {
    const pre = taken(text, 'pre', tags.pre)
    const post = taken(pre.text, 'post', tags.post)
    const inter = taken(post.text, 'inter', tags.inter)
    let pieces = inter.text.split(/(<[^<>]+>)/)
    if (pre.meaning !== '') pieces = pieces.map((piece) => piece.replace(/(<.+?>)/, (tag) => pre.meaning + tag))
    if (post.meaning !== '') pieces = pieces.map((piece) => piece.replaceAll(/(<.+?>)/g, (tag) => tag + post.meaning))
    // Between two tags that touch there is an empty piece.
    if (inter.meaning !== '') pieces = pieces.map((piece) => (piece === '' ? inter.meaning : piece))
    let again = false
    pieces = pieces.map((piece) => {
      const name = /<(.+?)>/.exec(piece)?.[1]
      const meaning = name === undefined ? undefined : tags.tag.get(name)
      if (name === undefined || meaning === undefined || meaning === '') return piece
      if (/<[^>]+>/.test(meaning)) again = true
      return piece.replaceAll(`<${name}>`, () => meaning)
    })
    text = pieces.join('')
    if (!again || text.length > MOST_LENGTH) break
  }
  return text
}
