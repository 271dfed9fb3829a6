import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nearest } from './nearest.ts'

const names = ['serve', 'account add', 'reject', 'flag', 'listen']
for (const [typed, want] of [
  ['serv', 'serve'],
  ['sevre', 'serve'],
  ['rejct', 'reject'],
  ['acount add', 'account add'],
  ['LISTEN', 'listen'],
  ['zebra', undefined],
  ['', undefined],
] as const)
  test(`"${typed}" was meant as ${want}`, () => assert.equal(nearest(typed, names), want))
