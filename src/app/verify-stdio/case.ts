/**
 * One case of `postern verify --stdio`: a JSON object in, verdicts out. The verifier is a program of its own this way, so that other people's
 * suites can test it (SPF: RFC 7208; DKIM: RFC 6376; DMARC: RFC 9989; ARC: RFC 8617). Sealing is in seal.ts.
 *
 * Each case has a resolver of its own, without what an earlier case was told: suites give the same names to different zones.
 */
import { readIp, writeIp } from '../../base/ip.ts'
import { fail, ok, type Result } from '../../base/result.ts'
import { createResolver, systemServers } from '../../net/dns/resolver.ts'
import { verifyArc } from '../../verify/arc.ts'
import { type DkimVerdict, verifyDkim } from '../../verify/dkim.ts'
import { checkDmarc } from '../../verify/dmarc.ts'
import { readMessage } from '../../verify/fields.ts'
import { verifyMessage } from '../../verify/gather.ts'
import { boundedResolve } from '../../verify/lookup.ts'
import { checkSpf } from '../../verify/spf.ts'
import { type Json, type Op, readCase, text } from './given.ts'
import { sealOf } from './seal.ts'

const CASE_MS = 20_000 // RFC 7208 section 4.6.4: at least 20 seconds for a check
const LOOPBACK_LOOKUP_MS = 2_000 // a test's server answers at once or means to be silent
const LOOKUP_MS = 5_000

/** `127.0.0.1:53`, `[::1]:53`, or an address alone. */
const readServer = (given: string): { readonly ip: string; readonly port: number } | undefined => {
  const [, six, four, port = '53'] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(given) ?? []
  const ip = readIp(six ?? four ?? given)
  return ip.ok && Number(port) > 0 && Number(port) < 65_536 ? { ip: writeIp(ip.value), port: Number(port) } : undefined
}

const best = ['pass', 'temperror', 'fail', 'policy', 'permerror', 'neutral'] as const
/** The word for a message with several signatures: the best of them; an unanswered look-up comes before a failure. */
const dkimWord = (signatures: readonly DkimVerdict[]): string =>
  best.find((word) => signatures.some((one) => one.result === word)) ?? 'none'

const spfOf: Op = async (one, resolve) => {
  const verdict = await checkSpf(one, resolve, { receiver: one.receiver, now: one.now })
  // The public suites call the explanation of a record without exp= DEFAULT.
  return verdict.result === 'fail' ? { explanation: 'DEFAULT', ...verdict } : verdict
}

const dkimOf: Op = async (one, resolve) => {
  const signatures = await verifyDkim(readMessage(one.message), resolve, { now: one.now })
  return { result: dkimWord(signatures), signatures }
}

const dmarcOf: Op = async (one, resolve) => {
  const message = readMessage(one.message)
  const [spf, dkim] = await Promise.all([
    checkSpf(one, resolve, { receiver: one.receiver, now: one.now }),
    verifyDkim(message, resolve, { now: one.now }),
  ])
  const verdict = await checkDmarc({ fields: message.fields, spf, dkim }, resolve)
  return { ...verdict, spf, dkim: { result: dkimWord(dkim), signatures: dkim } }
}

const arcOf: Op = async (one, resolve) => ({
  ...(await verifyArc(readMessage(one.message), resolve, { now: one.now })),
})

const allOf: Op = async (one, resolve, signal) => ({
  ...(await verifyMessage(one, resolve, { host: one.receiver, now: one.now, signal })),
})

/** What can be asked, by `op`. */
const ops: Readonly<Record<string, Op>> = {
  spf: spfOf,
  dkim: dkimOf,
  dmarc: dmarcOf,
  'arc-validate': arcOf,
  'arc-seal': sealOf,
  all: allOf,
}

const readJson = (line: string): Result<Json, string> => {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return fail('a case is a JSON object')
    return ok({ ...value })
  } catch (cause) {
    return fail(cause instanceof Error ? `not JSON: ${cause.message.slice(0, 120)}` : 'not JSON')
  }
}

/** @param line one case. @param now epoch ms, for cases that bring no time. @returns the answer: `id` as it came, then verdicts or `error`. */
export const answerCase = async (line: string, now: number): Promise<Json> => {
  const given = readJson(line)
  if (!given.ok) return { id: null, error: given.error }
  const id = given.value['id'] ?? null
  const name = text(given.value, 'op')
  const op = Object.hasOwn(ops, name) ? ops[name] : undefined
  if (op === undefined) return { id, error: `unknown op: ${name.slice(0, 40)}; known: ${Object.keys(ops).join(', ')}` }
  const dns = text(given.value, 'dns')
  const server = readServer(dns)
  if (dns !== '' && server === undefined) return { id, error: 'dns is IP:PORT' }
  const servers = server === undefined ? await systemServers() : [server]
  const totalMs = servers.every(({ ip }) => ip === '::1' || ip.startsWith('127.')) ? LOOPBACK_LOOKUP_MS : LOOKUP_MS
  const resolver = createResolver({ servers, totalMs, tryMs: totalMs / 2 })
  try {
    const signal = AbortSignal.timeout(CASE_MS)
    return { id, ...(await op(readCase(given.value, now), boundedResolve(resolver.resolve, signal), signal)) }
  } catch (cause) {
    return { id, error: `a mistake of ours: ${cause instanceof Error ? cause.message : 'unknown'}` } // the next case goes on
  } finally {
    resolver.close()
  }
}
