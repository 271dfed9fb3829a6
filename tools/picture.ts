/**
 * Makes docs/demo.svg, the picture of the README, from what the demo printed: `npm start -- --messages 300 | node tools/picture.ts`. Ctrl-C the demo when its table
 * stands. Lines of the log and the log-in data are left out.
 */
import { writeFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'

const LINE = 18
const CHARACTER = 8.4
const MARGIN = 16
const MOST_COLUMNS = 110

const escaped = (line: string): string => line.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

const printed = (await text(process.stdin)).replaceAll(/\r?\x1b\[2K/g, '\n').split('\n')
const from = printed.findLastIndex((line) => /^█+ +\d+\/\d+/.test(line))
const lines = ['$ npm start', '…', ...printed.slice(Math.max(0, from))]
  .filter((line) => !/^\d{4}-\d\d-\d\dT/.test(line))
  .map((line) =>
    line
      .replace(/--data \S+/, '--data demo-data')
      .slice(0, MOST_COLUMNS)
      .trimEnd(),
  )
while (lines.at(-1) === '') lines.pop()
const width = Math.ceil(Math.max(...lines.map((line) => line.length)) * CHARACTER) + 2 * MARGIN
const height = lines.length * LINE + 2 * MARGIN
const rows = lines.map(
  (line, at) =>
    `<text x="${MARGIN}" y="${MARGIN + at * LINE + 13}" xml:space="preserve"${line.startsWith('$') ? ' fill="#8be9fd"' : ''}>${escaped(line)}</text>`,
)
writeFileSync(
  'docs/demo.svg',
  `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14" fill="#e6e6e6"><rect width="100%" height="100%" rx="8" fill="#1e1f29"/>\n${rows.join('\n')}\n</svg>\n`,
)
