import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startProgress } from './progress.ts'
import { writeTable } from './table.ts'

test('columns line up, numbers to the right, long cells are cut, controls cannot move the cursor', () => {
  const text = writeTable(
    [
      { head: 'who', most: 8 },
      { head: 'n', right: true },
    ],
    [
      ['anna', '1'],
      ['a very long name', '20'],
      ['x\x1b[2J', '300'],
      ['né', '4'],
    ],
  )
  assert.equal(text, `who         n\n────────  ───\nanna        1\na very …   20\nx?[2J     300\nné          4\n`)
})

test('without a terminal the bar is a line at each tenth', () => {
  let out = ''
  const bar = startProgress(
    40,
    false,
    (text) => (out += text),
    () => 0,
  )
  for (let done = 1; done <= 40; done += 1) bar.at(done, 'x')
  bar.end()
  assert.equal(out.split('\n').length, 11)
  assert.match(out, /^█{3}░{27} {2}4\/40 {2}x\n/)
})

test('on a terminal it is redrawn in place, not more often than an eye sees', () => {
  let out = ''
  let clock = 0
  const bar = startProgress(
    3,
    true,
    (text) => (out += text),
    () => clock,
  )
  bar.at(1, 'a')
  clock += 10
  bar.at(2, 'b')
  bar.at(3, 'c')
  bar.end()
  assert.equal(out.split('\r').length - 1, 2)
  assert.ok(out.endsWith('3/3  c\n'))
})
