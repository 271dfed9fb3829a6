/**
 * `npm run bench -- [NAME…] [--json] [--list]`: runs the benchmarks named (all without a name), prints a line a figure (name, ours,
 * peer, ratio, unit, goal, met) and exits 1 if one misses its goal. A ratio is ours/peer of the same run.
 */
import { globSync, readFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import type { Bench, Figure } from './bench.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean' }, list: { type: 'boolean' }, help: { type: 'boolean' } },
})
if (values.help === true) {
  console.log('npm run bench -- [NAME…] [--json] [--list]\n\nExample: npm run bench -- ingest')
  process.exit(0)
}

/** A module of this folder that holds a benchmark. */
const isBench = (module: unknown): module is { readonly bench: Bench } =>
  typeof module === 'object' && module !== null && 'bench' in module

const all: Bench[] = []
for (const file of globSync('bench/*.ts').sort()) {
  if (['bench.ts', 'main.ts'].includes(basename(file)) || !/^export const bench\b/m.test(readFileSync(file, 'utf8')))
    continue
  const module: unknown = await import(`../${file}`)
  if (isBench(module)) all.push(module.bench)
}

const unknown = positionals.filter((name) => !all.some((bench) => bench.name === name))
if (values.list === true || unknown.length > 0) {
  for (const bench of all) console.log(`${bench.name.padEnd(20)} ${bench.about}`)
  if (unknown.length > 0) console.error(`no benchmark ${unknown.join(', ')}; the above are there`)
  process.exit(unknown.length > 0 ? 2 : 0)
}

const round = (n: number): string => (Math.abs(n) >= 100 ? n.toFixed(0) : n.toPrecision(3))
/** The figure that is held against the goal, and whether it meets it. */
const judged = (figure: Figure): { readonly value: number; readonly met: boolean } => {
  const value = figure.kind === 'ratio' ? figure.ours / (figure.peer ?? Number.NaN) : figure.ours
  if (figure.kind === 'stated' || figure.goal === undefined) return { value, met: true }
  return { value, met: figure.better === 'less' ? value <= figure.goal : value >= figure.goal }
}

let missed = 0
const report = (figure: Figure): void => {
  const { value, met } = judged(figure)
  missed += met ? 0 : 1
  const ratio = figure.peer === undefined ? undefined : figure.ours / figure.peer
  if (values.json === true) {
    console.log(JSON.stringify({ ...figure, ratio, met }))
    return
  }
  const bound = figure.better === 'less' ? 'at most' : 'at least'
  const goal =
    figure.kind === 'stated' || figure.goal === undefined
      ? 'stated'
      : `${bound} ${figure.goal}${figure.kind === 'ratio' ? 'x' : ''}`
  const peer = figure.peer === undefined ? '' : `${figure.peerName ?? 'peer'} ${round(figure.peer)}`
  console.log(
    [
      figure.name.padEnd(44),
      round(figure.ours).padStart(9),
      figure.unit.padEnd(12),
      peer.padEnd(26),
      (ratio === undefined ? '' : `${round(figure.kind === 'ratio' ? value : ratio)}x`).padStart(8),
      goal.padEnd(16),
      goal === 'stated' ? '' : met ? 'met' : 'MISSED',
    ].join(' '),
  )
}

const wanted = all.filter((bench) => positionals.length === 0 || positionals.includes(bench.name))
if (values.json !== true) {
  const machine = `${cpus().length} x ${cpus()[0]?.model ?? 'CPU'}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform}, Node ${process.versions.node}`
  console.log(`${machine}, ${new Date().toISOString().slice(0, 10)}`)
}
for (const bench of wanted) {
  if (values.json !== true) console.log(`\n${bench.name}: ${bench.about}`)
  await bench.run(report)
}
if (missed > 0) console.error(`\n${missed} figures miss their goal`)
process.exit(missed > 0 ? 1 : 0)
