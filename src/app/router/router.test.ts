/** `postern router`: what is refused and with which words, what each target prints, and that no word given reaches a text as it was typed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Shell } from '../cli/command.ts'
import { commands } from '../cli/commands.ts'
import { runCli } from '../cli/run.ts'
import { type PlanWords, readPlan } from './plan.ts'
import { targets } from './targets.ts'

const usual: PlanWords = { lan: '192.168.1.0/24', server: '192.168.1.10' }

const call = async (...words: string[]) => {
  let [out, err] = ['', '']
  const shell: Shell = {
    out: (text) => (out += text),
    err: (text) => (err += text),
    input: (async function* () {})(),
    now: () => 0,
    isTerminal: false,
    onSignal: () => () => {},
  }
  return { code: await runCli(commands, ['router', ...words], shell), out, err }
}

for (const [words, wanted] of [
  [{}, /--lan 192\.168\.1\.0\/24/],
  [{ lan: '192.168.1.0/24' }, /--server 192\.168\.1\.10/],
  [{ ...usual, lan: '192.168.1.1' }, /no IPv4 network/],
  [{ ...usual, lan: '0.0.0.0/0' }, /has \/0/],
  [{ ...usual, lan: '2001:db8::/64' }, /no IPv4 network/],
  [{ ...usual, lan6: '192.168.1.0/24' }, /no IPv6 network/],
  [{ ...usual, lan6: 'fe80::1%eth0/64' }, /no IPv6 network/],
  [{ ...usual, server: 'mail.example.org' }, /not a name/],
  [{ ...usual, server: '192.168.1.10; reboot' }, /no IP address/],
  [{ ...usual, server: '$(reboot)' }, /no IP address/],
  [{ ...usual, resolver: '9.9.9.9%`reboot`' }, /no IP address/],
  [{ ...usual, resolver: '9.9.9.9\n9.9.9.9' }, /no IP address/],
  [{ ...usual, resolver: Array.from({ length: 17 }, (_, at) => `10.0.0.${at}`).join(',') }, /at most 16/],
  [{ ...usual, trap: '10.0.0.1' }, /an address and a port/],
  [{ ...usual, trap: '10.0.0.1:0' }, /an address and a port/],
  [{ ...usual, trap: '10.0.0.1:65536' }, /an address and a port/],
  [{ ...usual, trap: '2001:db8::1:25' }, /an address and a port/],
  [{ ...usual, trap: '[2001:db8::1]:25' }, /no network of that kind/],
] as const)
  test(`refused: ${JSON.stringify(words)}`, () => {
    const plan = readPlan(words)
    assert.ok(!plan.ok)
    assert.match(plan.error, wanted)
  })

test('addresses are printed as they were read, never as they were typed', () => {
  const odd = { lan: '192.168.1.77/24', lan6: '2001:DB8:0:0::5/64', server: '::ffff:192.168.1.10,192.168.1.10' }
  const even = { lan: '192.168.1.0/24', lan6: '2001:db8::/64', server: '192.168.1.10' }
  const [a, b] = [readPlan(odd), readPlan(even)]
  assert.ok(a.ok && b.ok)
  for (const [name, { print }] of Object.entries(targets)) assert.equal(print(a.value), print(b.value), name)
})

test('whatever is written into an option, it is refused or it is an address', () => {
  const piece = fc.constantFrom(
    '192.168.1.',
    '10',
    '/',
    '24',
    ',',
    ':',
    '[',
    ']',
    ';',
    '$(',
    '`',
    '\n',
    '"',
    "'",
    '%',
    'END',
    '::1',
    ' ',
    '25',
  )
  const word = fc.oneof(
    fc.string(),
    fc.array(piece, { maxLength: 8 }).map((all) => all.join('')),
  )
  fc.assert(
    fc.property(word, word, word, (one, two, three) => {
      for (const words of [
        { ...usual, lan: one },
        { ...usual, server: two },
        { ...usual, resolver: two, trap: three },
        { ...usual, lan6: one },
      ]) {
        const plan = readPlan(words)
        if (!plan.ok) continue
        const { servers, resolvers, lan, trap } = plan.value
        for (const { octets } of [...servers, ...resolvers, ...lan, ...(trap === undefined ? [] : [trap.ip])])
          assert.ok(octets.length === 4 || octets.length === 16)
        for (const { print } of Object.values(targets)) assert.match(print(plan.value), /^[\n\x20-\x7e]+$/)
      }
    }),
  )
})

const rulesOf = (text: string): string =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.trim().startsWith('#'))
    .join('\n')

const full = {
  ...usual,
  lan6: '2001:db8:1::/64',
  resolver: '192.168.1.1,2620:fe::fe',
  trap: '10.9.9.9:2525',
}

const pfRules = `table <postern_pcs> const { 192.168.1.0/24, 2001:db8:1::/64, !192.168.1.10 }
table <postern_home> const { self, 192.168.1.0/24, 2001:db8:1::/64 }
pass in log quick inet proto tcp from <postern_pcs> to ! <postern_home> port 25 rdr-to 10.9.9.9 port 2525
block return in log quick proto tcp from <postern_pcs> to ! <postern_home> port 25
table <postern_askers> const { 192.168.1.0/24, 2001:db8:1::/64, !192.168.1.10, !192.168.1.1 }
table <postern_resolvers> const { 192.168.1.1, 2620:fe::fe }
block return in log quick proto { tcp, udp } from <postern_askers> to ! <postern_resolvers> port { 53, 853 }`

test('pf: the rules', () => {
  const plan = readPlan(full)
  assert.ok(plan.ok)
  assert.equal(rulesOf(targets['pf']?.print(plan.value) ?? ''), pfRules)
})

test('mikrotik: the rules for the usual house', () => {
  const plan = readPlan(usual)
  assert.ok(plan.ok)
  assert.equal(
    rulesOf(targets['mikrotik']?.print(plan.value) ?? ''),
    `/ip firewall filter remove [find comment=postern-router]
/ip firewall nat remove [find comment=postern-router]
/ip firewall filter add chain=postern-router src-address=192.168.1.0/24 dst-address=192.168.1.0/24 action=return comment=postern-router
/ip firewall filter add chain=postern-router src-address=192.168.1.10 action=return comment=postern-router
/ip firewall filter add chain=postern-router src-address=192.168.1.0/24 dst-address=192.168.1.10 protocol=tcp dst-port=25 action=return comment=postern-router
/ip firewall filter add chain=postern-router src-address=192.168.1.0/24 protocol=tcp dst-port=25 action=log limit=10/1m,5:packet log-prefix=postern-port25 comment=postern-router
/ip firewall filter add chain=postern-router src-address=192.168.1.0/24 protocol=tcp dst-port=25 action=reject reject-with=tcp-reset comment=postern-router
/ip firewall filter add chain=forward action=jump jump-target=postern-router comment=postern-router`,
  )
})

test('mikrotik: a trap in the house gets its answers back through the router', () => {
  const plan = readPlan({ ...usual, trap: '192.168.1.10:2525' })
  assert.ok(plan.ok)
  const nat = rulesOf(targets['mikrotik']?.print(plan.value) ?? '')
    .split('\n')
    .filter((line) => line.includes(' nat add '))
  assert.deepEqual(
    nat.map((line) => /action=\S+/.exec(line)?.[0]),
    ['action=return', 'action=return', 'action=return', 'action=dst-nat', 'action=masquerade', 'action=jump'],
  )
})

test('every text says how to put it in force, how to undo it, and what it does not do', () => {
  const plan = readPlan(usual)
  assert.ok(plan.ok)
  for (const [name, { print }] of Object.entries(targets)) {
    const text = print(plan.value)
    for (const wanted of [/In force:/, /Undo:/, /hold back no IPv6/, /No resolver was named/])
      assert.match(text, wanted, name)
    assert.ok(!/\b53\b/.test(rulesOf(text)), `${name} touches DNS`)
  }
})

for (const [target, trap, wanted] of [
  ['nftables', '127.0.0.1:2525', /cannot be reached/],
  ['mikrotik', '[2001:db8:2::1]:25', /IPv4 address for mikrotik/],
  ['pf', '192.168.1.10:2525', /own network/],
  ['nftable', '10.9.9.9:25', /did you mean nftables/],
  ['__proto__', '10.9.9.9:25', /one of nftables/],
] as const)
  test(`${target} with a trap at ${trap} is refused`, async () => {
    const done = await call(
      '--target',
      target,
      '--lan',
      '192.168.1.0/24',
      '--lan6',
      '2001:db8:1::/64',
      '--server',
      '192.168.1.10',
      '--trap',
      trap,
    )
    assert.equal(done.code, 2)
    assert.match(done.err, wanted)
    assert.equal(done.out, '')
  })

test('a resolver may be named again and again; --json gives target and text', async () => {
  const words = ['--target', 'nftables', '--lan', '192.168.1.0/24', '--server', '192.168.1.10']
  const many = await call(...words, '--resolver', '9.9.9.9', '--resolver', '192.168.1.1', '--json')
  const { target, text } = JSON.parse(many.out)
  assert.equal(target, 'nftables')
  assert.match(text, /ip daddr 9\.9\.9\.9 udp dport \{ 53, 853 \} return/)
  assert.match(text, /ip daddr 192\.168\.1\.1 udp/)
  const stray = await call(...words, '--resolver', '9.9.9.9', '192.168.1.1')
  assert.equal(stray.code, 2)
  assert.match(stray.err, /belongs to no option/)
})
