/** What `postern router` prints, read by real nft and iptables-restore, each in a network namespace made for it. Needs root. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { readPlan } from '../../src/app/router/plan.ts'
import { targets } from '../../src/app/router/targets.ts'

const both = { lan: '192.168.1.0/24', lan6: '2001:db8:1::/64', server: '192.168.1.10,2001:db8:1::10' }
const plans = {
  bare: { lan: '10.0.0.0/8', server: '203.0.113.5' },
  resolvers: { ...both, resolver: '192.168.1.1,9.9.9.9,2620:fe::fe' },
  'a trap elsewhere': { ...both, resolver: '9.9.9.9', trap: '10.9.9.9:2525' },
  'a trap in the house': { ...both, trap: '192.168.1.10:2525' },
  'a trap over IPv6': { ...both, trap: '[2001:db8:1::10]:2525' },
}

const printed = (target: string, words: Parameters<typeof readPlan>[0]): string => {
  const plan = readPlan(words)
  assert.ok(plan.ok)
  return targets[target]?.print(plan.value) ?? assert.fail(target)
}

/** Runs `words` in a namespace of their own, which ends with them. */
const apart = (words: readonly string[], input: string): string => {
  const done = spawnSync('unshare', ['--net', ...words], { encoding: 'utf8', input, timeout: 20_000 })
  assert.equal(done.status, 0, `${words.join(' ')}: ${done.stderr}${done.stdout}`)
  return done.stdout
}

for (const [name, words] of Object.entries(plans)) {
  test(`nftables, ${name}: nft takes it, twice over, and the undo leaves nothing`, () => {
    const play =
      'T=$(cat); echo "$T" | nft -c -f - && echo "$T" | nft -f - && echo "$T" | nft -f - && nft list ruleset && nft delete table inet postern_router && echo LEFT && nft list ruleset'
    const [held = '', left] = apart(['sh', '-c', play], printed('nftables', words)).split('LEFT\n')
    assert.equal(held.match(/chain postern_forward/g)?.length, 1)
    assert.match(held, /tcp dport 25 counter .*reject with tcp reset/)
    assert.equal(left, '')
  })

  test(`openwrt, ${name}: it stands in fw4's table`, () => {
    apart(['nft', '-c', '-f', '-'], `table inet fw4 {\n${printed('openwrt', words)}}\n`)
  })

  test(`iptables, ${name}: it runs, runs again, and undoes itself`, () => {
    const saves = 'for t in filter nat; do iptables -t $t -S; ip6tables -t $t -S; done'
    const play = `T=$(cat); ${saves}; echo HELD; echo "$T" | sh -s && echo "$T" | sh -s && ${saves}; echo LEFT; echo "$T" | sh -s undo; ${saves}`
    const [before = '', held = '', left] = apart(['sh', '-c', play], printed('iptables', words)).split(
      /(?:HELD|LEFT)\n/,
    )
    assert.match(held, /--dports 25 -j REJECT --reject-with tcp-reset/)
    assert.equal(held.match(/-A FORWARD -j POSTERN_ROUTER/g)?.length, 'lan6' in words ? 2 : 1)
    assert.equal(/-j DNAT/.test(held), 'trap' in words)
    assert.equal(left, before)
  })
}
