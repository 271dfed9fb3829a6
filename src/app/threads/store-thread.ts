/**
 * What a storage thread does. The writer empties its inbox, runs what it found as one batch (one commit), and answers all of it. Two
 * readers, with connections of their own, do the verbs that only read, one by one: one those that a client waits for, the other those that may take long. The other
 * also moves the write-ahead log into the database and makes digests, while the writer goes on. Architecture sections 2 (group commit) and 8 (readers).
 */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import type { Made } from '../../store/sqlite/digest-make.ts'
import { type Engine, openEngine, openReader } from '../../store/sqlite/engine.ts'
import { collectAtRest, collectNow } from './rest.ts'
import {
  type Asked,
  buffersOf,
  type Complaint,
  type Errand,
  type FromThread,
  type ThreadData,
  type ToThread,
} from './store-wire.ts'

const MOST_A_BATCH = 500 // calls in one transaction: more would make the first of them wait
const LOOK_EVERY = 8 // commits between looks at the log's length
const LONG_LOG = 256 // pages of 16 KiB: the reader is sent to move them
const BUSY_MS = 50 // since the last batch: deliveries come in, and need the processor more than searches do
const DIGEST_PAUSE_MS = 250 // between digests while it is busy
const SYNC_MS = 500 // flags that were answered are on disk after this (docs/decisions/0047)
const FORGET_MS = 60_000 // after the last search: nobody is searching any more
const TOO_LONG_LOG = 1_500 // pages: under steady load the log only begins anew when the writer itself moves the last of them

const port = parentPort
if (port === null) throw new Error('this file runs in a thread')
const data: ThreadData = workerData // given by store-client.ts
const { errands } = data
const complaints: Complaint[] = []
const open = data.role === 'writer' ? openEngine : openReader
const opened = open({ folder: data.folder, complain: (verb, fault, why) => complaints.push({ verb, fault, why }) })

const say = (message: FromThread, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer)
const errand = (what: Errand, transfer: ArrayBuffer[] = []): void => errands?.postMessage(what, transfer)

/** The searcher is to be there; the errand waits for it in the channel. */
const wanted = (): void => say({ wanted: 'searcher' })

/** @returns whether anything was written */
const work = (engine: Engine, calls: readonly Asked[]): boolean => {
  const started = performance.now()
  const batch = engine.run(calls)
  const answers = batch.outcomes.map((outcome, i) => [calls[i]?.id ?? 0, outcome] as const)
  const tookMs = performance.now() - started
  say({ answers, bells: batch.bells, complaints: complaints.splice(0), tookMs }, buffersOf(answers))
  return batch.wrote
}

/** What else has come in meanwhile. */
const nextMessage = (): ToThread | undefined => receiveMessageOnPort(port)?.message

const close = (engine: Engine): void => {
  engine.close()
  say({ closed: true })
  port.close()
  errands?.close()
}

/** Orders digests of the searcher, one at a time, and puts them in. */
const digesting = (engine: Engine): { readonly wrote: () => void; readonly put: (made: Made | null) => void } => {
  let ordered = false
  let lastWork = 0
  const order = (): void => {
    if (ordered || !engine.digestDue()) return
    ordered = true
    const busy = performance.now() - lastWork < BUSY_MS
    const send = (): void => {
      wanted()
      errand('digest')
    }
    setTimeout(send, busy ? DIGEST_PAUSE_MS : 0).unref()
  }
  order()
  return {
    wrote: () => {
      lastWork = performance.now()
      order()
    },
    put: (made) => {
      ordered = false
      // What could not be made is tried again after the next batch.
      if (made === null) return
      engine.run([], made)
      order()
    },
  }
}

/** Puts on disk, a little later, the changes of flags that were answered before they were there. */
const syncing = (engine: Engine): (() => void) => {
  let waits = false
  return () => {
    if (waits || !engine.owesSync()) return
    waits = true
    setTimeout(() => {
      waits = false
      engine.sync()
    }, SYNC_MS)
  }
}

const write = (engine: Engine): void => {
  let commits = 0
  let sent = false
  let open = true
  const afterCommit = (): void => {
    commits += 1
    if (sent || commits % LOOK_EVERY !== 0 || engine.logPages() < LONG_LOG) return
    sent = true
    wanted()
    errand('checkpoint')
  }
  const digests = digesting(engine)
  const synced = syncing(engine)
  errands?.on('message', (message: Errand) => {
    if (!open) return
    if (typeof message === 'object') {
      digests.put(message.made)
      afterCommit()
      return
    }
    sent = false
    if (engine.logPages() > TOO_LONG_LOG) engine.checkpoint()
  })
  port.on('message', (first: ToThread) => {
    const calls: Asked[] = []
    let wrote = false
    for (let message: ToThread | undefined = first; message !== undefined; message = nextMessage()) {
      if ('close' in message) {
        if (calls.length > 0) work(engine, calls)
        open = false
        close(engine)
        return
      }
      calls.push(...message.calls)
      if (calls.length >= MOST_A_BATCH) wrote = work(engine, calls.splice(0)) || wrote
    }
    if (calls.length > 0) wrote = work(engine, calls) || wrote
    if (!wrote) return
    afterCommit()
    synced()
    digests.wrote()
  })
}

/** The buffers of a digest, to be handed over. */
const buffersOfMade = (made: Made | null): ArrayBuffer[] => buffersOf(made?.row)

const read = (engine: Engine): void => {
  errands?.on('message', (message: Errand) => {
    if (message === 'digest') {
      const made = engine.makeDigest()
      errand({ made }, buffersOfMade(made))
      return
    }
    engine.checkpoint()
    errand('checkpointed')
  })
  const forget = setTimeout(() => {
    engine.forget()
    collectNow()
  }, FORGET_MS).unref()
  port.on('message', (message: ToThread) => {
    if ('close' in message) close(engine)
    else for (const call of message.calls) work(engine, [call])
    forget.refresh()
  })
}

if (!opened.ok) {
  say({ opened: opened.error })
  port.close()
  errands?.close()
} else {
  if (data.role === 'writer') write(opened.value)
  else read(opened.value)
  say({ opened: null })
  collectAtRest()
}
