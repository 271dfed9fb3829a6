/**
 * Real DNS for the network: knot serves the zones and signs one of them, unbound validates beside Postern, as an owner's would. `net.test` is signed, `plain.test` is not.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Host } from './hosts.ts'
import { until } from './wait.ts'

export type Zones = {
  /** Lines of zone files, names relative to the zone. */
  readonly signed: readonly string[]
  readonly plain: readonly string[]
}

const knotConf = (folder: string, ip: string): string => `
server:
    rundir: "${folder}/run"
    user: root
    listen: ${ip}@53
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stderr
    any: error
database:
    storage: "${folder}/db"
    journal-db-max-size: 16M
    kasp-db-max-size: 16M
    timer-db-max-size: 1M
policy:
  - id: quick
    algorithm: ecdsap256sha256
zone:
  - domain: net.test
    storage: "${folder}"
    dnssec-signing: on
    dnssec-policy: quick
    zonefile-sync: -1
    zonefile-load: whole
  - domain: plain.test
    storage: "${folder}"
`

const unboundConf = (folder: string, dnsIp: string, anchor: string): string => `
server:
    directory: "${folder}"
    chroot: ""
    username: ""
    pidfile: ""
    use-syslog: no
    logfile: ""
    do-daemonize: no
    num-threads: 1
    interface: 127.0.0.1
    access-control: 127.0.0.0/8 allow
    do-ip6: no
    module-config: "validator iterator"
    qname-minimisation: no
    local-zone: "test." nodefault
    domain-insecure: "plain.test"
    trust-anchor: "${anchor}"
    cache-max-negative-ttl: 1
    infra-host-ttl: 1
stub-zone:
    name: "net.test"
    stub-addr: ${dnsIp}
stub-zone:
    name: "plain.test"
    stub-addr: ${dnsIp}
remote-control:
    control-enable: no
`

const zoneFile = (name: string, ip: string, lines: readonly string[]): string =>
  [
    `$ORIGIN ${name}.`,
    '$TTL 60',
    `@ SOA ns.${name}. admin.${name}. 1 3600 600 86400 1`,
    '@ NS ns',
    `ns A ${ip}`,
    ...lines,
    '',
  ].join('\n')

/** @param server the host of the zones. @param asker the host of the resolver, at its 127.0.0.1. @returns when a signed answer is validated there. */
export const startDns = async (folder: string, server: Host, asker: Host, zones: Zones): Promise<void> => {
  for (const name of ['run', 'db']) mkdirSync(join(folder, name), { recursive: true })
  writeFileSync(join(folder, 'net.test.zone'), zoneFile('net.test', server.ip, zones.signed))
  writeFileSync(join(folder, 'plain.test.zone'), zoneFile('plain.test', server.ip, zones.plain))
  const conf = join(folder, 'knot.conf')
  writeFileSync(conf, knotConf(folder, server.ip))
  const said: string[] = []
  server.start('knotd', ['-c', conf], (line) => said.push(line))
  const anchor = await until('knot made its keys', () => {
    const keys = server.run('sh', ['-c', `keymgr -c ${conf} net.test ds 2>/dev/null || true`])
    return /^net\.test\. DS \d+ 13 2 [0-9A-Fa-f]+/m.exec(keys)?.[0]
  })
  writeFileSync(join(folder, 'unbound.conf'), unboundConf(folder, server.ip, anchor))
  asker.start('unbound', ['-c', join(folder, 'unbound.conf')], (line) => said.push(line))
  const probe = new URL('ask.ts', import.meta.url).pathname
  const last = { text: '' }
  try {
    await until('unbound validates', () => {
      last.text = asker.run(process.execPath, [probe, 'ns.net.test', 'A'])
      return /"secure":true/.test(last.text) ? true : undefined
    })
  } catch (error) {
    throw new Error(`no validated answer: ${last.text} ${said.join('\n')}`, { cause: error })
  }
}
