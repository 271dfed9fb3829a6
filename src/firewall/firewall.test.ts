import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { type Prefix, readPrefix } from '../base/ip.ts'
import { fail, ok } from '../base/result.ts'
import type { Backend, Run } from './backend.ts'
import { commandBackend, fillTemplate } from './command.ts'
import { openDesk } from './desk.ts'
import { elementsText, ipsetBackend } from './ipset.ts'
import { iptablesBackend } from './iptables.ts'
import { NftText, setUpText } from './nft.ts'
import { readRequest } from './request.ts'

const prefix = (text: string): Prefix => {
  const read = readPrefix(text)
  assert.ok(read.ok, text)
  return read.value
}
const mail = ['mail'] as const
const ports = { mail: [25], login: [465, 993] }

test('Requests are read strictly', () => {
  const good = readRequest('{"id":1,"do":"ban","bans":[["192.0.2.7",60000,"mail"],["2001:db8::/64",1,"all"]]}')
  assert.ok(good.ok && good.value.request.do === 'ban')
  assert.deepEqual(
    good.value.request.bans.map(({ gates, ms }) => [gates, ms]),
    [
      [['mail'], 60_000],
      [['mail', 'login'], 1],
    ],
  )
  const bad = [
    'no json',
    '[]',
    '{"do":"ban","bans":[]}',
    '{"id":"1","do":"status"}',
    '{"id":1,"do":"run","words":["rm"]}',
    '{"id":1,"do":"ban","bans":[["192.0.2.7; flush ruleset",1,"mail"]]}',
    '{"id":1,"do":"ban","bans":[["0.0.0.0/0",1,"mail"]]}',
    '{"id":1,"do":"ban","bans":[["192.0.2.7",-1,"mail"]]}',
    '{"id":1,"do":"ban","bans":[["192.0.2.7",1,"ssh"]]}',
    '{"id":1,"do":"hello","ports":{"mail":[0],"login":[]},"allow":[]}',
    '{"id":1,"do":"unban","prefixes":["x"]}',
  ]
  for (const line of bad) assert.equal(readRequest(line).ok, false, line)
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'{}[]":,0123456789idbansopr/'), maxLength: 80 }), (line) => {
      readRequest(line)
    }),
    { numRuns: 300 },
  )
})

test('nftables: a set for each gate, version and length; an element is put in anew', () => {
  const text = new NftText()
  const lines = text.ban([
    { prefix: prefix('192.0.2.7'), ms: 1500, gates: mail },
    { prefix: prefix('192.0.2.0/24'), ms: 60_000, gates: mail },
    { prefix: prefix('2001:db8::/64'), ms: 60_000, gates: ['mail', 'login'] },
  ])
  assert.equal(lines.length, 5)
  assert.match(lines[0] ?? '', /add set inet postern mail4_32 \{ type ipv4_addr; flags timeout; timeout 1d; \}/)
  assert.match(lines[0] ?? '', /add rule inet postern mail ip saddr & 255\.255\.255\.0 @mail4_24 counter drop/)
  assert.match(
    lines[0] ?? '',
    /add rule inet postern login ip6 saddr & ffff:ffff:ffff:ffff:0:0:0:0 @login6_64 counter drop/,
  )
  assert.equal(
    lines[1],
    'add element inet postern mail4_32 { 192.0.2.7 }; delete element inet postern mail4_32 { 192.0.2.7 }; add element inet postern mail4_32 { 192.0.2.7 timeout 2s }',
  )
  const again = text.ban([{ prefix: prefix('192.0.2.8'), ms: 1, gates: mail }])
  assert.equal(again.length, 1)
  assert.deepEqual(text.unban([prefix('192.0.2.7')]), [
    'add element inet postern mail4_32 { 192.0.2.7 }; delete element inet postern mail4_32 { 192.0.2.7 }',
  ])
  assert.deepEqual(text.unban([prefix('10.0.0.0/8')]), [])
  assert.match(
    setUpText(ports, [prefix('10.0.0.0/8')]),
    /ip saddr \{ 10\.0\.0\.0\/8 \} return; tcp dport \{ 25 \} jump mail; tcp dport \{ 465, 993 \} jump login;/,
  )
})

test('ipset: sets, then elements, with their times', () => {
  const { text, shelves } = elementsText([{ prefix: prefix('192.0.2.0/24'), ms: 2000, gates: mail }])
  assert.equal(
    text,
    'create postern_mail4_24 hash:net family inet timeout 86400 maxelem 262144\nadd postern_mail4_24 192.0.2.0/24 timeout 2\n',
  )
  assert.equal(shelves.length, 1)
})

const recording = (): { readonly run: Run; readonly calls: string[] } => {
  const calls: string[] = []
  return {
    calls,
    run: async (program, words, input) => {
      calls.push(
        [program, ...words, ...(input === undefined ? [] : [`< ${input.trim().split('\n').join(' / ')}`])].join(' '),
      )
      return ok('')
    },
  }
}

test('ipset puts a rule before the first element of a set only', async () => {
  const { run, calls } = recording()
  const backend = ipsetBackend(run)
  await backend.ban([{ prefix: prefix('192.0.2.7'), ms: 1000, gates: mail }])
  await backend.ban([{ prefix: prefix('192.0.2.8'), ms: 1000, gates: mail }])
  assert.equal(calls.filter((call) => call.startsWith('iptables -w -A POSTERN_MAIL')).length, 1)
  await backend.unban([prefix('192.0.2.7')])
  assert.match(calls.at(-1) ?? '', /del postern_mail4_32 192\.0\.2\.7\/32/)
})

test('iptables: the rule ends by itself in the kernel, and is cleared away at the next ban', async () => {
  const { run, calls } = recording()
  let now = Date.UTC(2026, 0, 1)
  const backend = iptablesBackend(run, () => now)
  await backend.ban([{ prefix: prefix('192.0.2.7'), ms: 60_000, gates: mail }])
  assert.match(calls.at(-1) ?? '', /-A POSTERN_MAIL -s 192\.0\.2\.7\/32 -m time --datestop 2026-01-01T00:01:00 -j DROP/)
  now += 61_000
  await backend.ban([{ prefix: prefix('192.0.2.8'), ms: 60_000, gates: mail }])
  assert.match(calls.at(-2) ?? '', /-D POSTERN_MAIL -s 192\.0\.2\.7\/32/)
})

test('Commands of the owner are filled word by word, without a shell', async () => {
  assert.deepEqual(fillTemplate('pfctl -t {gate} -T add {prefix}', { gate: 'mail', prefix: '192.0.2.7/32 ; rm' }), [
    'pfctl',
    '-t',
    'mail',
    '-T',
    'add',
    '192.0.2.7/32 ; rm',
  ])
  const { run, calls } = recording()
  const timers: (() => void)[] = []
  const backend = commandBackend(
    { add: 'fw add {prefix} {seconds}', remove: 'fw del {prefix}', flush: 'fw flush', list: '' },
    run,
    (_, then) => {
      timers.push(then)
      return () => undefined
    },
  )
  await backend.ban([{ prefix: prefix('192.0.2.7'), ms: 5000, gates: mail }])
  assert.equal(calls.at(-1), 'fw add 192.0.2.7/32 5')
  timers[0]?.()
  assert.equal(calls.at(-1), 'fw del 192.0.2.7/32')
})

test('A filter that lost our table is set up anew, and the server is asked to say everything again', async () => {
  const done: string[] = []
  let broken = false
  const backend: Backend = {
    name: 'nftables',
    setUp: async () => {
      done.push('set up')
      broken = false
      return ok(undefined)
    },
    ban: async (bans) => {
      done.push(`ban ${bans.length}`)
      return broken ? fail('No such file or directory') : ok(undefined)
    },
    unban: async () => ok(undefined),
    print: async () => ok('the table'),
    tearDown: async () => undefined,
  }
  const cut: string[] = []
  const desk = openDesk(backend, async (prefixes) => void cut.push(String(prefixes.length)))
  const say = async (request: object): Promise<unknown> => JSON.parse(await desk.answer(JSON.stringify(request)))
  assert.deepEqual(await say({ id: 1, do: 'ban', bans: [] }), {
    id: 1,
    ok: false,
    why: 'say hello first: which ports, and who is never kept out',
  })
  assert.deepEqual(await say({ id: 2, do: 'hello', ports, allow: [] }), { id: 2, ok: true })
  assert.deepEqual(await say({ id: 3, do: 'ban', bans: [['192.0.2.7', 1000, 'all']] }), { id: 3, ok: true })
  assert.deepEqual(cut, ['1'])
  broken = true
  assert.deepEqual(await say({ id: 4, do: 'ban', bans: [['192.0.2.7', 1000, 'all']] }), {
    id: 4,
    ok: false,
    why: 'No such file or directory',
    again: true,
  })
  assert.deepEqual(await say({ id: 5, do: 'restore', first: true, bans: [] }), { id: 5, ok: true })
  assert.deepEqual(await say({ id: 6, do: 'print' }), { id: 6, ok: true, text: 'the table' })
  assert.deepEqual(done, ['set up', 'ban 1', 'ban 1', 'set up', 'set up', 'ban 0'])
  assert.match(String(await desk.answer('nonsense')), /not JSON/)
})
