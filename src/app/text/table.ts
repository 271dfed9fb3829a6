/** A table of text for a terminal: columns as wide as their cells, numbers to the right. Pure. */
export type Column = { readonly head: string; readonly right?: boolean; readonly most?: number }

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })
const width = (text: string): number => [...graphemes.segment(text)].length
const cut = (text: string, most: number): string =>
  width(text) <= most
    ? text
    : `${[...graphemes.segment(text)]
        .slice(0, most - 1)
        .map((one) => one.segment)
        .join('')}…`

/** @param rows cells by column; control characters become `?`. @returns lines, each ending in LF; nothing but the heads where there are no rows. */
export const writeTable = (columns: readonly Column[], rows: readonly (readonly string[])[]): string => {
  const cells = rows.map((row) =>
    columns.map((column, at) => cut((row[at] ?? '').replaceAll(/[\x00-\x1f\x7f-\x9f]/g, '?'), column.most ?? 60)),
  )
  const widths = columns.map((column, at) => Math.max(width(column.head), ...cells.map((row) => width(row[at] ?? ''))))
  const line = (row: readonly string[]): string =>
    columns
      .map((column, at) => {
        const text = row[at] ?? ''
        const gap = ' '.repeat(Math.max(0, (widths[at] ?? 0) - width(text)))
        return column.right === true ? gap + text : text + gap
      })
      .join('  ')
      .trimEnd()
  const rule = widths.map((wide) => '─'.repeat(wide)).join('  ')
  return `${[line(columns.map((column) => column.head)), rule, ...cells.map(line)].join('\n')}\n`
}
