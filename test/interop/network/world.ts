/**
 * The world of the network test: nine hosts, two zones, certificates, and who behaves how. Which domain is about what stands in `lines`.
 *
 * us      Postern and its resolver          dns     the name server
 * good    Postfix, a certificate of the CA  sink    smtp-sink, no TLS
 * odd     a certificate for another name    grey    puts everybody off once
 * cut     ends the connection before its answer, once
 * web     the MTA-STS policies              shut    nothing listens
 */
import { createHash, type webcrypto } from 'node:crypto'
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startPostfix } from '../../../bench/peers/postfix-dovecot.ts'
import { authority, type Made, server } from '../../../src/verify/dane.testing.ts'
import { publicKeyInfoOf } from '../../../src/verify/der.ts'
import { writeStsPolicy } from '../../../src/verify/mta-sts.ts'
import { startDns } from './dns.ts'
import { type Host, type Network, openNetwork } from './hosts.ts'
import type { PeerNews, PeerPlan } from './peer.ts'
import { until } from './wait.ts'

const numbers = { dns: 53, us: 10, good: 11, sink: 12, odd: 13, grey: 14, cut: 15, shut: 16, web: 17 }
export type HostName = keyof typeof numbers

export type World = {
  readonly hosts: Readonly<Record<HostName, Host>>
  /** PEM file of the authority that everybody trusts here. */
  readonly authority: string
  /** What the peers have told so far. */
  readonly news: readonly PeerNews[]
  /** All that Postfix has taken: its mailbox. */
  readonly postfixHas: () => string
  /** All that smtp-sink has taken. */
  readonly sinkHas: () => string
  readonly close: () => Promise<void>
}

type Pem = { readonly certificate: string; readonly key: string }
const wrap = (label: string, der: Uint8Array): string => {
  const rows =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${rows.join('\n')}\n-----END ${label}-----\n`
}
const pemOf = async (subtle: webcrypto.SubtleCrypto, made: Made, ...above: readonly Made[]): Promise<Pem> => ({
  certificate: [made, ...above].map(({ der }) => wrap('CERTIFICATE', der)).join(''),
  key: wrap('PRIVATE KEY', new Uint8Array(await subtle.exportKey('pkcs8', made.keys.privateKey))),
})

const keyDigest = (made: Made): string =>
  createHash('sha256')
    .update(publicKeyInfoOf(made.der) ?? '')
    .digest('hex')

const policies = {
  'sts-good.net.test': writeStsPolicy({ mode: 'enforce', maxAge: 86_400, mx: ['*.net.test'] }),
  'sts-bad.net.test': writeStsPolicy({ mode: 'enforce', maxAge: 86_400, mx: ['odd.net.test'] }),
  'sts-other.net.test': writeStsPolicy({ mode: 'enforce', maxAge: 86_400, mx: ['else.net.test'] }),
  'sts-test.net.test': writeStsPolicy({ mode: 'testing', maxAge: 86_400, mx: ['odd.net.test'] }),
  'sts-lost.net.test': writeStsPolicy({ mode: 'enforce', maxAge: 86_400, mx: ['else.net.test'] }),
}

const sts = (domain: string): readonly string[] => [
  `_mta-sts.${domain} TXT "v=STSv1; id=1;"`,
  `mta-sts.${domain} CNAME web`,
]

/** The signed zone. */
const lines = (hosts: World['hosts'], odd: Made, ca: Made): readonly string[] => [
  ...Object.entries(hosts).flatMap(([name, { ip, ip6 }]) => [`${name} A ${ip}`, `${name} AAAA ${ip6}`]),
  'pref MX 20 sink',
  'pref MX 10 good',
  'null MX 0 .',
  'dead MX 10 shut',
  'dead MX 20 good',
  'late MX 10 grey',
  'break MX 10 cut',
  `bare A ${hosts.good.ip}`,
  'alias MX 10 alias-mx',
  'alias-mx CNAME good',
  'six MX 10 six-mx',
  `six-mx AAAA ${hosts.good.ip6}`,
  'wrong MX 10 odd',
  'sts-good MX 10 good',
  'sts-bad MX 10 odd',
  'sts-other MX 10 good',
  'sts-test MX 10 odd',
  'sts-lost MX 10 odd',
  ...['sts-good', 'sts-bad', 'sts-other', 'sts-test', 'sts-lost'].flatMap(sts),
  'dane-good MX 10 dane1',
  `dane1 A ${hosts.odd.ip}`,
  `_25._tcp.dane1 TLSA 3 1 1 ${keyDigest(odd)}`,
  'dane-bad MX 10 dane2',
  `dane2 A ${hosts.odd.ip}`,
  `_25._tcp.dane2 TLSA 3 1 1 ${keyDigest(ca)}`,
  'dane-ta MX 10 dane3',
  `dane3 A ${hosts.good.ip}`,
  `_25._tcp.dane3 TLSA 2 0 1 ${createHash('sha256').update(ca.der).digest('hex')}`,
  'dane-open MX 10 dane4',
  `dane4 A ${hosts.sink.ip}`,
  `_25._tcp.dane4 TLSA 3 1 1 ${keyDigest(odd)}`,
  'dane-lost MX 10 dane5',
  `dane5 A ${hosts.good.ip}`,
  '_tcp.dane5 NS shut',
]

const postfixConf = (folder: string, name: string): string => `
compatibility_level = 3.6
queue_directory = ${folder}/spool
data_directory = ${folder}/data
config_directory = ${folder}/etc
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = ${name}
mydestination =
inet_interfaces = all
inet_protocols = all
virtual_mailbox_domains = static:all
virtual_mailbox_base = ${folder}/mail
virtual_mailbox_maps = static:all
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
virtual_minimum_uid = 1
alias_maps =
local_recipient_maps =
smtpd_relay_restrictions = reject_unauth_destination
smtpd_tls_security_level = may
smtpd_tls_chain_files = ${folder}/tls.pem
smtpd_tls_received_header = yes
smtp_dns_support_level = disabled
maillog_file = ${folder}/spool/postfix.log
maillog_file_prefixes = ${folder}
biff = no
`

/** Debian's Postfix in the namespace of `good`. @returns what it has taken. */
const startGood = (folder: string, host: Host, pem: Pem): (() => string) => {
  const mail = join(folder, 'mail')
  mkdirSync(mail, { recursive: true })
  chmodSync(folder, 0o755)
  chmodSync(mail, 0o777)
  writeFileSync(join(folder, 'tls.pem'), `${pem.key}${pem.certificate}`, { mode: 0o600 })
  const within = ['ip', 'netns', 'exec', host.namespace]
  startPostfix(folder, postfixConf(folder, 'good.net.test'), 'smtp', within)
  return () => readOr(join(mail, 'all'))
}

const readOr = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Error) return '' // nothing came yet
    throw error
  }
}

const startPeer = async (host: Host, plan: PeerPlan, news: PeerNews[]): Promise<void> => {
  const file = new URL('peer.ts', import.meta.url).pathname
  const said: string[] = []
  host.start(process.execPath, [file, JSON.stringify(plan)], (line) => {
    said.push(line)
    if (line.startsWith('{')) news.push(JSON.parse(line) as PeerNews) // a peer prints nothing else
  })
  await until(`${plan.name} is ready`, () => news.find((one) => one.peer === plan.name)).catch((error: unknown) => {
    throw new Error(said.join('\n'), { cause: error })
  })
}

/** @param folder a fresh one of the caller's. @returns the world, everything in it answering. */
export const openWorld = async (folder: string): Promise<World> => {
  chmodSync(folder, 0o755) // Postfix and smtp-sink are other users
  const now = Date.now()
  const ca = await authority('Network authority', now)
  const good = await server(['good.net.test', 'alias-mx.net.test', 'six-mx.net.test', 'dane3.net.test'], now, {
    by: ca,
  })
  const odd = await server(['another.example'], now)
  const web = await server(
    ['mta-sts.sts-good.net.test', ...['bad', 'other', 'test'].map((one) => `mta-sts.sts-${one}.net.test`)],
    now,
    { by: ca },
  )
  const { subtle } = globalThis.crypto
  const caFile = join(folder, 'ca.pem')
  writeFileSync(caFile, wrap('CERTIFICATE', ca.der))
  const network: Network<HostName> = openNetwork(numbers)
  const { hosts } = network
  const news: PeerNews[] = []
  const postfix = join(folder, 'postfix')
  const sink = join(folder, 'sink')
  const close = async (): Promise<void> => {
    try {
      hosts.good.run('postfix', ['-c', join(postfix, 'etc'), 'stop'])
    } catch (error) {
      if (!(error instanceof Error)) throw error // it was not started
    }
    await network.close()
  }
  try {
    const oddPem = await pemOf(subtle, odd)
    const plain = [`loose MX 10 dane2.net.test.`]
    mkdirSync(sink)
    chmodSync(sink, 0o777)
    hosts.sink.start('smtp-sink', ['-u', 'nobody', '-d', join(sink, 'taken.'), `${hosts.sink.ip}:25`, '100'])
    const postfixHas = startGood(postfix, hosts.good, await pemOf(subtle, good, ca))
    await Promise.all([
      startDns(folder, hosts.dns, hosts.us, { signed: lines(hosts, odd, ca), plain }),
      startPeer(hosts.odd, { name: 'odd', behaves: 'well', tls: oddPem }, news),
      startPeer(hosts.grey, { name: 'grey', behaves: 'grey', tls: oddPem }, news),
      startPeer(hosts.cut, { name: 'cut', behaves: 'drop', tls: oddPem }, news),
      startPeer(hosts.web, { name: 'web', behaves: 'well', web: { ...(await pemOf(subtle, web)), policies } }, news),
    ])
    const sinkHas = (): string =>
      readdirSync(sink)
        .map((name) => readOr(join(sink, name)))
        .join('\n')
    return { hosts, authority: caFile, news, postfixHas, sinkHas, close }
  } catch (error) {
    await close()
    throw error
  }
}
