/**
 * Against a peer: what mailauth signs and seals, we verify; what it verifies of ours, we do too. Its SPF differs from RFC 7208 in places
 * (docs/decisions/0025), so only records on which the RFC leaves no room are compared.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { authenticate, sealMessage } from 'mailauth'
import { dkimSign } from 'mailauth/lib/dkim/sign.js'
import { spf as peerSpf } from 'mailauth/lib/spf/index.js'
import { verifyArc } from '../src/verify/arc.ts'
import { verifyDkim } from '../src/verify/dkim.ts'
import { checkDmarc } from '../src/verify/dmarc.ts'
import { readMessage } from '../src/verify/fields.ts'
import { boundedResolve } from '../src/verify/lookup.ts'
import { checkSpf } from '../src/verify/spf.ts'
import { edRecord, keys, rsaRecord, signed } from './verify-sign.ts'
import { type Table, zoneOf } from './verify-zone.ts'

const table: Table = {
  'sel._domainkey.example.com': { TXT: [rsaRecord()] },
  'ed._domainkey.example.com': { TXT: [edRecord()] },
  'fwd._domainkey.forward.test': { TXT: [rsaRecord()] },
  '_dmarc.example.com': { TXT: ['v=DMARC1; p=reject'] },
  'example.com': { A: ['192.0.2.10'], MX: [{ preference: 1, exchange: 'mx.example.com' }] },
  'mx.example.com': { A: ['192.0.2.20'] },
  'inc.example.com': { TXT: ['v=spf1 ip4:192.0.2.30 -all'] },
}
const resolve = boundedResolve(zoneOf(table))
/** Node's resolver as mailauth wants it; its type leaves out that MX records are objects. */
const peerOf =
  (names: Table) =>
  async (name: string, type: string): Promise<string[]> => {
    const node = names[name]
    const found = typeof node === 'object' ? Object.entries(node).find(([one]) => one === type)?.[1] : undefined
    if (found === undefined || typeof found === 'string')
      throw Object.assign(new Error('none'), { code: node === undefined ? 'ENOTFOUND' : 'ENODATA' })
    const rows: readonly unknown[] = found
    return rows.map((row) =>
      type === 'TXT' ? [row] : type === 'MX' ? { priority: 1, ...Object(row) } : row,
    ) as string[]
  }
const pem = (pair: (typeof keys)['rsa']): string => String(pair.privateKey.export({ type: 'pkcs8', format: 'pem' }))

const head =
  'From: Jack <jack@example.com>\r\nTo: jill@example.net\r\nSubject:  up \t the\r\n   hill\r\nMIME-Version: 1.0\r\n\r\n'
const bodies = [
  '',
  '\r\n\r\n',
  'one',
  'two  \t\r\n\r\n\r\n',
  ' a\tb \r\n\r\nc',
  '\u00e9\u00ff\r\n',
  `${'long '.repeat(20_000)}\r\n`,
]
test('what mailauth signs, we pass; and what we damage, we fail', async () => {
  for (const body of bodies)
    for (const canonicalization of ['relaxed/relaxed', 'simple/simple', 'relaxed/simple', 'simple/relaxed'])
      for (const [selector, algorithm, pair] of [
        ['sel', 'rsa-sha256', keys.rsa],
        ['ed', 'ed25519-sha256', keys.ed],
      ] as const) {
        const message = Buffer.from(`${head}${body}`, 'latin1')
        const signer = { signingDomain: 'example.com', selector, privateKey: pem(pair) }
        const { signatures } = await dkimSign(message, {
          canonicalization,
          algorithm,
          signTime: new Date(0),
          ...signer,
          signatureData: [signer],
        })
        const whole = Buffer.concat([Buffer.from(signatures), message])
        const [good] = await verifyDkim(readMessage(whole), resolve, { now: 0 })
        assert.equal(good?.result, 'pass', `${canonicalization} ${algorithm} ${JSON.stringify(body.slice(0, 30))}`)
        const [bad] = await verifyDkim(readMessage(Buffer.concat([whole, Buffer.from('x')])), resolve, { now: 0 })
        assert.equal(bad?.reason, 'body-hash')
      }
})

test('ARC: mailauth seals, we validate; DMARC and DKIM agree on the way', async () => {
  const message = signed('From: jack@example.com\r\nTo: jill@example.net\r\nSubject: x\r\n\r\nHello\r\n')
  const auth = await authenticate(message, {
    ip: '203.0.113.1',
    helo: 'h.test',
    sender: 'a@bounce.test',
    resolver: peerOf(table),
    disableBimi: true,
  })
  const dkim = await verifyDkim(readMessage(Buffer.from(message)), resolve, { now: Date.now() })
  assert.equal(dkim[0]?.result, auth.dkim.results[0]?.status.result)
  const { fields } = readMessage(Buffer.from(message))
  const dmarc = await checkDmarc({ fields, dkim, spf: { result: 'none', domain: 'bounce.test' } }, resolve)
  assert.equal(dmarc.result, typeof auth.dmarc === 'object' ? auth.dmarc.status.result : 'none')
  const seal = { signingDomain: 'forward.test', selector: 'fwd', privateKey: pem(keys.rsa) }
  const headers = await sealMessage(message, { ...seal, authResults: 'forward.test; dkim=pass', cv: 'none' })
  const sealed = Buffer.concat([Buffer.from(headers), Buffer.from(message)])
  const found = await verifyArc(readMessage(sealed), resolve)
  assert.deepEqual([found.cv, found.sets, found.sealers], ['pass', 1, ['forward.test']])
  const bad = await verifyArc(readMessage(Buffer.concat([sealed, Buffer.from('x')])), resolve)
  assert.deepEqual([bad.cv, bad.reason], ['fail', 'body-hash'])
})

const records = [
  '-all',
  '~all',
  '?all',
  'all',
  '',
  'a -all',
  'mx -all',
  'ip4:192.0.2.0/28 -all',
  'include:inc.example.com ~all',
  'a:mx.example.com/24 -all',
  'include:none.test -all',
  'exists:mx.%{d} -all',
  'redirect=inc.example.com',
  'wrong',
]
test('SPF: plain records come to the same', async () => {
  for (const terms of records)
    for (const ip of ['192.0.2.10', '192.0.2.20', '192.0.2.30', '203.0.113.1']) {
      const node = { A: ['192.0.2.10'], MX: [{ preference: 1, exchange: 'mx.example.com' }], TXT: [`v=spf1 ${terms}`] }
      const with_ = { ...table, 'example.com': node }
      const ours = await checkSpf({ ip, helo: 'h.test', mailFrom: 'a@example.com' }, zoneOf(with_))
      const theirs = await peerSpf({ ip, helo: 'h.test', sender: 'a@example.com', resolver: peerOf(with_) })
      assert.equal(ours.result, theirs.status.result, `${terms} ${ip}`)
    }
})
