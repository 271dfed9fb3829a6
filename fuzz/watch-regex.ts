/**
 * Patterns of Python's `re` to ours: reading never throws; a pattern that both a RegExp and the runner take finds the same in a text.
 */
import assert from 'node:assert/strict'
import { compilePattern } from '../src/ban/watch/regex/pattern.ts'
import { readPattern } from '../src/ban/watch/regex/read.ts'
import { Runner } from '../src/ban/watch/regex/run.ts'
import type { FuzzTarget } from './target.ts'

const MOST = 200
const seeds = [
  '^(?P<a>x)?y(?(a)z|w)$\n---\nxyz\n',
  '(?i:fail(?:ed|ure)) \\S+ from (?P<ip4>(?:\\d{1,3}\\.){3}\\d{1,3})\n---\nFailed x from 192.0.2.7\n',
  '(?P<q>["\'])(?P<in>.*?)(?P=q)\n---\n"a"',
  '(?:[^\\]"]*|"[^"]*")*\\]\n---\na "b" ]',
  '(?<=:)\\b[a-z&&[^]-]++(?>a|ab)\n---\n:ab',
  '(?:(?P<u>a)|b)+\n---\nab',
]

export const target: FuzzTarget = {
  name: 'watch-regex',
  seeds: () => seeds.map((seed) => Buffer.from(seed)),
  run: (input) => {
    const [pattern = '', text = 'a'] = Buffer.from(input).toString('utf8').slice(0, MOST).split('\n---\n')
    const compiled = compilePattern(pattern)
    const tree = readPattern(pattern)
    assert.equal(compiled.ok, tree.ok)
    if (!compiled.ok || !tree.ok || text === '' || /[^\x00-\x7f]/.test(text)) return
    if (/[*+}].*[*+}]/.test(pattern) && text.length > 30) return // loops in loops take their time in both
    const found = compiled.value.search(text)
    const ran = new Runner(tree.value).search(Uint32Array.from(Buffer.from(text)))
    if (ran === undefined) return // the runner gives up on what takes too long
    assert.equal(found?.index, ran.start)
    assert.equal(found?.[0], text.slice(ran.start, ran.end))
  },
}
