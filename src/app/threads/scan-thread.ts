/**
 * A scan thread: takes a message apart once for what readers will ask, verifies it, scores it. Several jobs are under way at once, because
 * verification waits for DNS; what computes runs to its end. The thread owns nothing that would be missed: it reads the learner's
 * memory, asks the main thread for look-ups, and writes what it is doing where the pool can see it.
 */
import { readFileSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import type { DnsAnswer, DnsType, Resolve } from '../../base/dns.ts'
import { type Summary, summarize } from '../../mime/summary.ts'
import { recogniseReport } from '../../post/reports/recognise.ts'
import { historyOf, type ScanJob, type Verified } from '../../post/scan-port.ts'
import { score } from '../../spam/engine.ts'
import type { ScanOutput } from '../../spam/facts.ts'
import { Learner } from '../../spam/learner.ts'
import { saEngine } from '../../spam/sa/engine.ts'
import { readRules } from '../../spam/sa/rule-file.ts'
import { dmarcFacts } from '../../verify/dmarc-facts.ts'
import { type Verdicts, verifyMessage } from '../../verify/gather.ts'
import { collectAtRest } from './rest.ts'
import { type FromThread, JOB, ROW, STEP, type ThreadData, type ToThread, TURN } from './scan-messages.ts'

const port = parentPort
if (port === null) throw new Error('scan-thread.ts is run by the pool in scan-pool.ts')
const data = workerData as ThreadData // made by scan-pool.ts, its only caller
const control = new Int32Array(data.control)
let learner = Learner.over(data.memory)
let benched: readonly string[] = data.benched
const rules = data.rules.length === 0 ? undefined : saEngine(readRules(data.rules))

const say = (message: FromThread): void => port.postMessage(message)

/** From here to the end of this turn of the event loop the thread works on `job`. */
const begin = (job: number): void => {
  Atomics.store(control, JOB, job)
  if ((Atomics.load(control, TURN) & 1) === 0) {
    Atomics.add(control, TURN, 1)
    setImmediate(() => Atomics.add(control, TURN, 1))
  }
}
const doing = (row: number): void => {
  Atomics.store(control, ROW, row)
}

let asked = 0
const questions = new Map<number, { readonly job: number; readonly answer: (answer: DnsAnswer) => void }>()
/** Look-ups go to the main thread, which has the cache; waiting for them does not count as work. */
const resolveFor =
  (job: number): Resolve =>
  <T extends DnsType>(name: string, type: T) =>
    new Promise<DnsAnswer<T>>((resolve) => {
      const id = ++asked
      // The answer is of the type that was asked: the pool passes `type` on as it came.
      questions.set(id, { job, answer: (answer) => resolve(answer as DnsAnswer<T>) })
      say({ kind: 'ask', id, name, type })
    })

/** What verify/ says, in the words of the spam tests and the post office. */
const verifiedOf = (found: Verdicts, facts: ScanJob['facts'], mailFrom: string): Verified => {
  const { spf, heloSpf, dkim, dmarc, arc } = found
  return {
    iprev: facts.iprev ?? found.iprev,
    dnsbl: facts.dnsbl,
    spf: { result: spf.result, domain: spf.domain },
    heloSpf: { result: heloSpf.result, domain: heloSpf.domain },
    // A key in testing holds nothing against anybody (RFC 6376 section 3.6.1, t=y).
    dkim: dkim.map((one) => ({
      result: one.testing && one.result !== 'pass' ? 'neutral' : one.result,
      domain: one.domain,
    })),
    // What is to be done, not only what is published: testing and pct are taken into account.
    dmarc: {
      result: dmarc.result,
      policy: dmarc.result === 'fail' ? dmarc.disposition : dmarc.policy,
      domain: dmarc.domain,
    },
    arc: { cv: arc.cv, result: arc.cv },
    fromDomain: dmarc.domain === '' || dmarc.reason === 'several-from' ? undefined : dmarc.domain,
    arcChain: arc.cv === 'none' ? undefined : { cv: arc.cv, sealers: arc.sealers, results: arc.results },
    dmarcFacts: dmarcFacts(found, mailFrom),
  }
}

/** Verifies with what DNS says within the patience; what it does not say by then is a temperror, which is held against nobody. */
const verified = async (
  id: number,
  bytes: Uint8Array,
  job: ScanJob,
): Promise<{ readonly wire: Verified; readonly authResults: string } | undefined> => {
  const { envelope, facts, host, receivedAt } = job
  if (envelope === undefined) return undefined
  const limit = new AbortController()
  const timer = setTimeout(() => {
    begin(id)
    limit.abort()
  }, data.patienceMs)
  try {
    const found = await verifyMessage(
      { ip: envelope.ip, helo: envelope.helo, mailFrom: envelope.mailFrom, message: bytes },
      resolveFor(id),
      {
        host,
        now: receivedAt,
        signal: limit.signal,
        ours: facts.history?.unvouched.ownDomains ?? [],
        sample: Math.floor(Math.random() * 100),
      },
    )
    return { wire: verifiedOf(found, facts, envelope.mailFrom), authResults: found.field }
  } finally {
    clearTimeout(timer)
  }
}

const scored = (bytes: Uint8Array, job: ScanJob, wire: Verified | undefined, without: readonly string[]): ScanOutput =>
  score(
    {
      message: bytes,
      envelope: job.envelope,
      wire: wire ?? { iprev: job.facts.iprev, dnsbl: job.facts.dnsbl },
      history: historyOf(job.facts, wire),
      account: job.account,
      receivedAt: job.receivedAt,
    },
    learner,
    { without: new Set([...benched, ...without]), watch: doing, ...(rules === undefined ? {} : { rules }) },
  )

/** One job, stage by stage. What came before a stage that fails is not lost. */
const scan = async (
  id: number,
  job: ScanJob,
  without: readonly string[],
): Promise<Extract<FromThread, { kind: 'outcome' }>> => {
  let summary: Summary | undefined
  try {
    const bytes = 'bytes' in job.body ? job.body.bytes : readFileSync(job.body.file)
    doing(STEP.summary)
    if (job.wants.summary) summary = summarize(bytes)
    doing(STEP.verify)
    const found = job.wants.verify ? await verified(id, bytes, job) : undefined
    begin(id)
    doing(STEP.report)
    const report = job.wants.report === true ? recogniseReport(bytes) : undefined
    const output = job.wants.score ? scored(bytes, job, found?.wire, without) : undefined
    return {
      kind: 'outcome',
      id,
      outcome: { kind: 'done', summary, wire: found?.wire, authResults: found?.authResults, output, report },
    }
  } catch (error) {
    // A mistake of ours on this message, or a spool file that cannot be read: the mail goes on without a score.
    return { kind: 'outcome', id, outcome: { kind: 'failed', summary }, fault: faultOf(error) }
  }
}

const faultOf = (error: unknown): string => (error instanceof Error ? `${error.name}: ${error.message}` : 'unknown')

const take = async (message: ToThread): Promise<void> => {
  if (message.kind === 'learner') learner = Learner.over(message.memory)
  else if (message.kind === 'bench') benched = message.names
  else if (message.kind === 'dns') {
    const question = questions.get(message.id)
    questions.delete(message.id)
    if (question === undefined) return
    begin(question.job)
    doing(STEP.verify)
    question.answer(message.answer)
  } else if (message.kind === 'tokens') {
    begin(message.id)
    const { tokens } = score({ message: message.message, receivedAt: 0 }, learner, { watch: doing })
    say({ kind: 'tokens', id: message.id, tokens })
  } else {
    begin(message.id)
    say(await scan(message.id, message.job, message.without))
  }
}

port.on('message', (message: ToThread) => {
  void take(message)
})
collectAtRest()
say({ kind: 'ready', rules: rules?.names ?? [] })
