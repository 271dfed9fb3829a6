/** Our own side of trust on the wire: `postern dns` prints what to publish, and the server serves the MTA-STS policy that the records announce. */
import assert from 'node:assert/strict'
import { createHash, X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Shell } from '../src/app/cli/command.ts'
import { loadConfig } from '../src/app/cli/config-file.ts'
import { dns } from '../src/app/cli/dns.ts'
import { createLog } from '../src/app/log/writer.ts'
import { type PosternServer, startServer } from '../src/app/server/start.ts'
import { type Issued, issue } from '../src/app/tls/authority.ts'
import { getHttps } from '../src/net/https-get.ts'
import { readStsPolicy, readStsRecord } from '../src/verify/mta-sts.ts'

const HOST = 'mail.postern.test'
const CONFIG = `host = "${HOST}"
data = "data"

[listen]
smtp = []
imap = []
imaps = []
pop3 = []
pop3s = []
submission = []
submissions = []
metrics = []
https = ["127.0.0.1:0"]
[tls]
certificate = "certificate.pem"
key = "key.pem"
next-key = "next.pem"
[mta-sts]
mode = "enforce"
mx = ["backup.postern.test"]
`

type World = {
  readonly server: PosternServer
  readonly config: string
  readonly issued: { readonly authority: Issued; readonly server: Issued }
  readonly next: Issued
}
const begin = async (t: TestContext, names: readonly string[]): Promise<World> => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-trust-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const issued = await issue(names, Date.now())
  const next = (await issue(names, Date.now())).server
  const config = join(folder, 'postern.toml')
  writeFileSync(join(folder, 'certificate.pem'), issued.server.certificatePem)
  writeFileSync(join(folder, 'key.pem'), issued.server.keyPem)
  writeFileSync(join(folder, 'next.pem'), next.keyPem)
  writeFileSync(config, CONFIG)
  const read = loadConfig(config)
  assert.ok(read.ok, read.ok ? '' : read.error)
  const { settings, folder: data, path } = read.value
  const log = createLog({ write: () => undefined, format: 'json', level: 'error', now: Date.now })
  const dnsServers = [{ ip: '127.0.0.1', port: 1 }]
  const started = await startServer({ settings, folder: data, file: path, now: Date.now, log, dnsServers })
  assert.ok(started.ok, started.ok ? '' : started.error)
  t.after(() => started.value.stop())
  assert.ok((await started.value.house.accounts.addDomain({ name: 'postern.test' })).ok)
  return { server: started.value, config, issued, next }
}

/** @returns what the command printed, and its exit code. */
const run = async (config: string, words: readonly string[], json: boolean): Promise<readonly [number, string]> => {
  let text = ''
  const shell: Shell = {
    out: (more) => {
      text += more
    },
    err: (more) => {
      text += more
    },
    input: (async function* () {})(),
    now: Date.now,
    isTerminal: false,
    onSignal: () => () => undefined,
  }
  const code = await dns.run({ words, values: { config, ...(json ? { json: true } : {}) } }, shell)
  return [code, text]
}

test('what `postern dns` announces is what the server serves', async (t) => {
  const { server, config, issued, next } = await begin(t, [HOST, 'mta-sts.postern.test'])
  const [code, text] = await run(config, ['postern.test'], true)
  assert.equal(code, 0, text)
  const [one] = JSON.parse(text)
  const values = (name: string): readonly string[] =>
    one.records.filter((row: { name: string }) => row.name === name).map((row: { value: string }) => row.value)
  const digest = (pem: string): string =>
    createHash('sha256')
      .update(new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' }))
      .digest('hex')
  assert.deepEqual(values(`_25._tcp.${HOST}.`), [
    `3 1 1 ${digest(issued.server.certificatePem)}`,
    `3 1 1 ${digest(next.certificatePem)}`,
  ])
  const record = (values('_mta-sts.postern.test.')[0] ?? '').replaceAll('"', '')
  assert.equal(readStsRecord([record]).ok, true, record)
  assert.deepEqual(values('_smtp._tls.postern.test.'), ['"v=TLSRPTv1; rua=mailto:tls-reports@postern.test"'])
  assert.deepEqual([values('mta-sts.postern.test.'), one.notes], [[`${HOST}.`], []])

  const url = new URL(one.policy.url)
  const get = (host: string) =>
    getHttps({
      host,
      addresses: ['127.0.0.1'],
      port: server.port('https') ?? 0,
      path: url.pathname,
      mostOctets: 65_536,
      totalMs: 5000,
      ca: issued.authority.certificatePem,
    })
  const got = await get(url.hostname)
  assert.ok(got.ok, JSON.stringify(got))
  const body = Buffer.from(got.value.body).toString()
  assert.deepEqual([got.value.status, got.value.type, body], [200, 'text/plain', one.policy.text])
  assert.deepEqual(readStsPolicy(body), {
    ok: true,
    value: { mode: 'enforce', maxAge: 604_800, mx: [HOST, 'backup.postern.test'] },
  })
  const other = await get(HOST)
  assert.equal(other.ok && other.value.status, 404, 'only for its own host')
})

test('what is missing is said, and a stranger is no domain of ours', async (t) => {
  const { config } = await begin(t, ['other.test'])
  const [, text] = await run(config, [], false)
  assert.match(text, /does not name mail\.postern\.test/)
  assert.match(text, /does not name mta-sts\.postern\.test/)
  assert.match(text, /^ {2}mode: enforce$/m)
  const [code, says] = await run(config, ['stranger.test'], false)
  assert.equal(code, 1)
  assert.match(says, /postern domain add stranger\.test/)
})
