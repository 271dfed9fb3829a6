/** Prints the declared settings: for people, as a page of the manual, and as the file that `quickstart` writes. Pure. */
import type { ZodObject } from 'zod'
import { sectionsOf, writeToml } from './walk.ts'

const WIDTH = 100
const wrapped = (text: string, width: number): readonly string[] => {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length + 1 > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
const last = (key: string): string => key.slice(key.lastIndexOf('.') + 1)

/** @param given values to be written as they are, by key (TOML); every other setting stands as a comment with its default. @returns the file. */
export const writeConfig = (schema: ZodObject, given: Readonly<Record<string, unknown>>, title: string): string => {
  const out: string[] = [`# ${title}`, '#', '# Every setting is here; those behind a # have their default.', '']
  for (const section of sectionsOf(schema)) {
    const set = section.leaves.some((leaf) => given[leaf.key] !== undefined)
    if (section.name !== '') {
      if (section.says !== '') out.push(...wrapped(section.says, WIDTH).map((line) => `# ${line}`))
      out.push(`${section.repeats && !set ? '# ' : ''}${section.repeats ? `[[${section.name}]]` : `[${section.name}]`}`)
    }
    for (const { key, says, byDefault } of section.leaves) {
      const value = given[key]
      out.push(...wrapped(says, WIDTH).map((line) => `# ${line}`))
      out.push(value === undefined ? `# ${last(key)} = ${byDefault ?? '…'}` : `${last(key)} = ${writeToml(value)}`)
    }
    out.push('')
  }
  return out.join('\n')
}

/** @returns every setting as a page of the manual. */
export const writeSettingsPage = (schema: ZodObject): string => {
  const parts = sectionsOf(schema).map((section) => {
    const head =
      section.name === ''
        ? '## The top of the file'
        : `## \`${section.repeats ? `[[${section.name}]]` : `[${section.name}]`}\``
    const rows = section.leaves.map(
      ({ key, says, byDefault }) =>
        `| \`${last(key)}\` | ${byDefault === undefined ? 'must be given' : `\`${byDefault}\``} | ${says} |`,
    )
    return `${head}\n${section.says === '' ? '' : `\n${section.says}\n`}\n| setting | default | what it does |\n| --- | --- | --- |\n${rows.join('\n')}\n`
  })
  return `# Settings\n\nPrinted from the program's own declaration by \`npm run docs\`; \`postern config describe\` prints the same. The file is TOML; \`postern config check\` tells every mistake in it at once.\n\n${parts.join('\n')}`
}

/** @returns every setting for a terminal; only those whose key holds `word`, if one is given. */
export const writeSettings = (schema: ZodObject, word: string): string =>
  sectionsOf(schema)
    .flatMap((section) => section.leaves)
    .filter((leaf) => leaf.key.includes(word))
    .map(
      ({ key, says, byDefault }) =>
        `${key} = ${byDefault ?? '(must be given)'}\n${wrapped(says, WIDTH - 4)
          .map((line) => `    ${line}\n`)
          .join('')}`,
    )
    .join('')
