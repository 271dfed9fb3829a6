/** docs/rfc.md: every RFC that a file's head or a doc comment names, with the files that name it. */
import { globSync, readFileSync } from 'node:fs'

/** @returns the page; reads the sources below src. */
export const rfcPage = (): string => {
  const files = new Map<number, Set<string>>()
  for (const file of globSync('src/**/*.ts').sort()) {
    if (file.endsWith('.test.ts')) continue
    for (const found of readFileSync(file, 'utf8').matchAll(/\bRFC (\d{3,5})\b/g)) {
      const rfc = Number(found[1])
      files.set(rfc, (files.get(rfc) ?? new Set()).add(file))
    }
  }
  const rows = [...files]
    .sort(([a], [b]) => a - b)
    .map(([rfc, names]) => `| RFC ${rfc} | ${[...names].map((name) => `\`${name}\``).join(' ')} |`)
  return `# Which file answers to which RFC\n\nPrinted from the sources by \`npm run docs\`.\n\n| RFC | files |\n| --- | --- |\n${rows.join('\n')}\n`
}
