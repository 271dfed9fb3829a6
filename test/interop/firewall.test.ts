/** The firewall process with real nftables, ipset and iptables, each in a network namespace that is made for it. Needs root. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'

const ip = (...words: string[]): void => {
  const done = spawnSync('ip', words, { encoding: 'utf8' })
  assert.equal(done.status, 0, `ip ${words.join(' ')}: ${done.stderr}`)
}

for (const [index, backend] of ['nftables', 'ipset', 'iptables'].entries())
  test(`bans reach the packet filter by ${backend}, end by themselves, and outlive the process`, {
    timeout: 120_000,
  }, (t) => {
    const space = `postern-fw-${process.pid}-${index}`
    ip('netns', 'add', space)
    t.after(() => ip('netns', 'delete', space))
    ip('-n', space, 'link', 'set', 'lo', 'up')
    const done = spawnSync(
      'ip',
      ['netns', 'exec', space, process.execPath, 'test/interop/firewall-probe.ts', backend],
      { encoding: 'utf8', timeout: 110_000 },
    )
    assert.equal(done.status, 0, done.stderr)
    const { events, 'p50 ms': p50, 'p99 ms': p99, ...seen } = JSON.parse(done.stdout.trim().split('\n').at(-1) ?? '{}')
    for (const [what, held] of Object.entries(seen)) assert.equal(held, true, `${what}: ${done.stdout}`)
    assert.ok(events.includes('firewall-ready') && events.includes('firewall-gone'), String(events))
    t.diagnostic(`ban to packet filter: p50 ${Number(p50).toFixed(1)} ms, p99 ${Number(p99).toFixed(1)} ms`)
  })
