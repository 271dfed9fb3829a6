/**
 * A scan thread: takes a message apart once for what readers will ask, verifies it, scores it. Several jobs are under way at once, because
 * verification waits for DNS; what computes runs to its end. The thread owns nothing that would be missed: it reads the learner's
 * memory, asks the main thread for look-ups, and writes what it is doing where the pool can see it.
 */
import { readFileSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import type { DnsAnswer, DnsType, Resolve } from '../../base/dns.ts'
import { historyOf, type ScanJob, type ScanOutcome, type Verified } from '../../post/scan-port.ts'
import { score } from '../../spam/engine.ts'
import { Learner } from '../../spam/learner.ts'
import { type FromThread, JOB, ROW, STEP, type ThreadData, type ToThread, TURN } from './scan-messages.ts'

const port = parentPort
if (port === null) throw new Error('scan.ts is a thread of the pool in scan-pool.ts')
const data = workerData as ThreadData // made by scan-pool.ts, its only caller
const control = new Int32Array(data.control)
let learner = Learner.over(data.memory)
let benched: readonly string[] = data.benched

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

const verified = async (
  _bytes: Uint8Array,
  _job: ScanJob,
  _resolve: Resolve,
): Promise<{ readonly wire: Verified | undefined; readonly authResults: string | undefined }> => ({
  wire: undefined,
  authResults: undefined,
})

const scan = async (id: number, job: ScanJob, without: readonly string[]): Promise<ScanOutcome> => {
  const bytes = 'bytes' in job.body ? job.body.bytes : readFileSync(job.body.file)
  doing(STEP.verify)
  const found = job.wants.verify ? await verified(bytes, job, resolveFor(id)) : undefined
  if (!job.wants.score) return { kind: 'done', wire: found?.wire, authResults: found?.authResults }
  begin(id)
  const { facts } = job
  const wire: Verified | undefined = { ...found?.wire, iprev: facts.iprev, dnsbl: facts.dnsbl }
  const output = score(
    {
      message: bytes,
      envelope: job.envelope,
      wire,
      history: historyOf(facts, found?.wire),
      account: job.account,
      receivedAt: job.receivedAt,
    },
    learner,
    { without: new Set([...benched, ...without]), watch: doing },
  )
  return { kind: 'done', wire: found?.wire, authResults: found?.authResults, output }
}

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
    try {
      say({ kind: 'outcome', id: message.id, outcome: await scan(message.id, message.job, message.without) })
    } catch (error) {
      // A mistake of ours on this message, or a spool file that cannot be read: the mail goes on without a score.
      const fault = error instanceof Error ? `${error.name}: ${error.message}` : 'unknown'
      say({ kind: 'outcome', id: message.id, outcome: { kind: 'failed' }, fault })
    }
  }
}

port.on('message', (message: ToThread) => {
  void take(message)
})
say({ kind: 'ready' })
