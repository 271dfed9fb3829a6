/**
 * The storage thread: it empties its inbox, runs what it found as one batch (one commit), and answers all of it. The only writer of
 * the database. Architecture section 2, group commit.
 */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { openEngine } from '../../store/sqlite/engine.ts'
import { type Asked, buffersOf, type Complaint, type FromThread, type ThreadData, type ToThread } from './store-wire.ts'

const MOST_A_BATCH = 500 // calls in one transaction: more would make the first of them wait

const port = parentPort
if (port === null) throw new Error('this file is the entry of a thread')
const data: ThreadData = workerData // given by store-client.ts
const complaints: Complaint[] = []
const engine = openEngine({
  folder: data.folder,
  complain: (verb, fault, why) => complaints.push({ verb, fault, why }),
})
const say = (message: FromThread, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer)

const work = (calls: readonly Asked[]): void => {
  if (!engine.ok) return
  const started = performance.now()
  const batch = engine.value.run(calls)
  const answers = batch.outcomes.map((outcome, i) => [calls[i]?.id ?? 0, outcome] as const)
  const tookMs = performance.now() - started
  say({ answers, bells: batch.bells, complaints: complaints.splice(0), tookMs }, buffersOf(answers))
}

const close = (): void => {
  if (engine.ok) engine.value.close()
  say({ closed: true })
  port.close()
}

if (engine.ok)
  port.on('message', (first: ToThread) => {
    const calls: Asked[] = []
    for (let message: ToThread | undefined = first; message !== undefined; message = nextMessage()) {
      if ('close' in message) {
        if (calls.length > 0) work(calls)
        close()
        return
      }
      calls.push(...message.calls)
      if (calls.length >= MOST_A_BATCH) work(calls.splice(0))
    }
    if (calls.length > 0) work(calls)
  })

/** What else has come in meanwhile. */
const nextMessage = (): ToThread | undefined => receiveMessageOnPort(port)?.message

say({ opened: engine.ok ? null : engine.error })
if (!engine.ok) port.close()
