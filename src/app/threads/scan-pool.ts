/**
 * The pool of scan threads, in the main thread: gives jobs out, watches the clock, and owns what threads must not lose: the learner.
 *
 * Threads are expendable. A thread that works on one job past the deadline is ended; the test that ran gets a strike, and at STRIKES it
 * is benched; the job runs again without what was to blame, and the thread's other jobs run again once. Waiting for DNS
 * does not count. A full queue skips the scan: mail never waits for the filter. The learner has one writer, this thread, and many
 * readers (docs/decisions/0031). Threads start as work comes: one at first, at most `threads`.
 */
import { Worker } from 'node:worker_threads'
import type { Resolve } from '../../base/dns.ts'
import type { Log } from '../../base/log.ts'
import { ok, type Result } from '../../base/result.ts'
import { summarize } from '../../mime/summary.ts'
import type { Learn, Lesson, Scan, ScanJob, ScanOutcome } from '../../post/scan-port.ts'
import { OWNERS } from '../../spam/engine.ts'
import { Learner } from '../../spam/learner.ts'
import type { RuleText } from '../../spam/sa/rule-file.ts'
import { spamTests } from '../../spam/table.ts'
import {
  CONTROL_WORDS,
  type FromThread,
  JOB,
  ROW,
  STEP,
  type Stage,
  type ThreadData,
  type ToThread,
  TURN,
} from './scan-messages.ts'

/** Jobs that wait for a thread, in all; the next is skipped. */
const MOST_WAITING = 512
/** Octets that may wait in memory with them. */
const MOST_WAITING_OCTETS = 64 * 1024 * 1024
/** Jobs given to one thread at once; most of them wait for DNS. */
const MOST_OPEN = 32
/** Jobs that a thread has before another thread is started. */
const BUSY = 3
/** Deadlines that a test may miss before it is benched. */
const STRIKES = 3
/** Times that one job is given out. */
const MOST_TRIES = 4
/** A thread that died this many times in a row before it was ready: no more of its kind are waited for. */
const STILLBORN = 3
const HEAP_MIB = 256
/** A message up to this size, of which only the summary is wanted, is summarized here: that costs less than two crossings. */
const INLINE = 65_536

export type ScanPoolOptions = {
  readonly threads: number
  /** How long a thread may work on one job without a pause. */
  readonly deadlineMs: number
  /** How long verification may wait for DNS in all, before the message is scored without it. */
  readonly patienceMs?: number
  readonly log: Log
  readonly resolve: Resolve
  /** A snapshot; a damaged one is logged and the learner starts empty. */
  readonly learned?: Uint8Array | undefined
  /** The owner's rule files (SpamAssassin's); none where left out. */
  readonly rules?: readonly RuleText[]
  /** Another thread entry, for tests. */
  readonly entry?: URL
}

export type ScanPool = {
  readonly scan: Scan
  readonly learn: Learn
  /** The learner's octets, to be kept and given back as `learned`. */
  readonly snapshot: () => Uint8Array
  /** Puts a snapshot in place of what was learned; a damaged one changes nothing. */
  readonly load: (bytes: Uint8Array) => Result<undefined, 'damaged'>
  /** How many lessons were learned since the start; tells whether a snapshot is due. */
  readonly lessons: () => number
  readonly status: () => {
    readonly threads: number
    readonly open: number
    readonly waiting: number
    readonly benched: readonly string[]
  }
  /** Ends the threads; what is open is answered `skipped`. */
  readonly close: () => Promise<void>
}

type Work = { readonly kind: 'scan'; readonly job: ScanJob } | { readonly kind: 'tokens'; readonly message: Uint8Array }
type Task = {
  readonly id: number
  readonly work: Work
  readonly octets: number
  readonly settle: (answer: Answer) => void
  /** Left out after they were to blame. */
  readonly stages: ReadonlySet<Stage>
  readonly without: readonly string[]
  readonly tries: number
  /** What it comes to if it cannot be finished. */
  readonly otherwise: 'late' | 'failed'
}
type Answer = ScanOutcome | { readonly kind: 'tokens'; readonly tokens: Uint32Array }

type Thread = {
  readonly worker: Worker
  readonly control: Int32Array
  readonly tasks: Map<number, Task>
  ready: boolean
  /** The turn that was seen last, and since when. */
  turn: number
  since: number
}

const octetsOf = (work: Work): number =>
  work.kind === 'tokens' ? work.message.length : 'bytes' in work.job.body ? work.job.body.bytes.length : 0

/** The job as it is given out: without the stages that were to blame. */
const given = (task: Task): ToThread => {
  const { id, work, without, stages } = task
  if (work.kind === 'tokens') return { kind: 'tokens', id, message: work.message }
  const { wants } = work.job
  const left = {
    summary: wants.summary && !stages.has('summary'),
    verify: wants.verify && !stages.has('verify'),
    report: wants.report === true && !stages.has('report'),
    score: wants.score && !stages.has('score'),
  }
  return { kind: 'scan', id, job: { ...work.job, wants: left }, without }
}

const stageOf = (row: number): Stage => {
  if (row === STEP.report) return 'report'
  return row === STEP.summary ? 'summary' : row === STEP.verify ? 'verify' : 'score'
}

class Pool {
  readonly #options: ScanPoolOptions
  readonly #threads = new Set<Thread>()
  readonly #waiting: Task[] = []
  readonly #strikes = new Map<string, number>()
  #waitingOctets = 0
  #benched: readonly string[] = []
  /** Names of the owner's rules, as a thread read them. */
  #rules: readonly string[] = []
  #learner: Learner
  #lessons = 0
  #nextId = 0
  #stillborn = 0
  #closed = false
  #watch: NodeJS.Timeout | undefined

  constructor(options: ScanPoolOptions) {
    this.#options = options
    const learned = options.learned === undefined ? ok(Learner.empty()) : Learner.read(options.learned)
    if (!learned.ok) options.log.event('learner-damaged', { octets: options.learned?.length })
    this.#learner = learned.ok ? learned.value : Learner.empty()
    this.#start()
  }

  scan(job: ScanJob): Promise<ScanOutcome> {
    const { wants, body } = job
    if (!wants.verify && !wants.score && wants.report !== true) {
      if (!wants.summary) return Promise.resolve({ kind: 'done' })
      if ('bytes' in body && body.bytes.length <= INLINE) return Promise.resolve(this.#summarized(body.bytes))
    }
    return this.#put({ kind: 'scan', job }).then((answer) => (answer.kind === 'tokens' ? { kind: 'failed' } : answer))
  }

  #summarized(bytes: Uint8Array): ScanOutcome {
    try {
      return { kind: 'done', summary: summarize(bytes) }
    } catch (error) {
      this.#options.log.event('scan-failed', {
        why: error instanceof Error ? error.message : 'unknown',
        rule: 'summary',
      })
      return { kind: 'failed' }
    }
  }

  async learn(lesson: Lesson): Promise<'learned' | 'failed'> {
    const answer: Answer =
      'tokens' in lesson
        ? { kind: 'tokens', tokens: lesson.tokens }
        : await this.#put({ kind: 'tokens', message: lesson.message })
    if (answer.kind !== 'tokens' || this.#closed) return 'failed'
    const training = { tokens: answer.tokens, spam: lesson.spam, account: lesson.account, weight: lesson.weight }
    const { memory } = this.#learner
    if (lesson.forgets === true) this.#learner.untrain(training)
    else {
      if (lesson.corrects) this.#learner.untrain({ ...training, spam: !lesson.spam })
      this.#learner.train(training)
    }
    this.#lessons++
    if (this.#learner.memory !== memory) this.#tell({ kind: 'learner', memory: this.#learner.memory })
    return 'learned'
  }

  snapshot(): Uint8Array {
    return this.#learner.snapshot()
  }

  load(bytes: Uint8Array): Result<undefined, 'damaged'> {
    const read = Learner.read(bytes)
    if (!read.ok) return read
    this.#learner = read.value
    this.#tell({ kind: 'learner', memory: read.value.memory })
    return ok(undefined)
  }

  lessons(): number {
    return this.#lessons
  }

  status(): ReturnType<ScanPool['status']> {
    const open = [...this.#threads].reduce((sum, thread) => sum + thread.tasks.size, 0)
    return { threads: this.#threads.size, open, waiting: this.#waiting.length, benched: this.#benched }
  }

  async close(): Promise<void> {
    this.#closed = true
    clearInterval(this.#watch)
    const threads = [...this.#threads]
    const open = [...this.#waiting.splice(0), ...threads.flatMap((thread) => [...thread.tasks.values()])]
    this.#threads.clear()
    for (const task of open) task.settle({ kind: 'skipped' })
    await Promise.all(threads.map((thread) => thread.worker.terminate()))
  }

  #put(work: Work): Promise<Answer> {
    const octets = octetsOf(work)
    if (
      this.#closed ||
      this.#waiting.length >= MOST_WAITING ||
      (this.#waiting.length > 0 && this.#waitingOctets + octets > MOST_WAITING_OCTETS)
    )
      return Promise.resolve({ kind: 'skipped' })
    return new Promise((settle) => {
      this.#queue({
        id: this.#number(),
        work,
        octets,
        settle,
        stages: new Set(),
        without: [],
        tries: 0,
        otherwise: 'failed',
      })
    })
  }

  #number(): number {
    this.#nextId = (this.#nextId % 0x3fff_ffff) + 1
    return this.#nextId
  }

  #queue(task: Task): void {
    if (this.#stillborn >= STILLBORN && this.#threads.size === 0) {
      this.#stillborn--
      this.#start()
      task.settle({ kind: 'failed' })
      return
    }
    this.#waiting.push(task)
    this.#waitingOctets += task.octets
    this.#give()
  }

  /** Gives waiting jobs to the threads that have least to do. */
  #give(): void {
    while (this.#waiting.length > 0) {
      const least = [...this.#threads].reduce<Thread | undefined>(
        (best, one) => (best === undefined || one.tasks.size < best.tasks.size ? one : best),
        undefined,
      )
      if (least === undefined || (least.tasks.size >= BUSY && this.#threads.size < this.#options.threads)) {
        if (this.#threads.size < Math.max(1, this.#options.threads)) this.#start()
        if (least === undefined) return
      }
      if (least.tasks.size >= MOST_OPEN) return
      const task = this.#waiting.shift()
      if (task === undefined) return
      this.#waitingOctets -= task.octets
      if (least.tasks.size === 0) least.worker.ref()
      least.tasks.set(task.id, task)
      least.worker.postMessage(given(task))
    }
  }

  #tell(message: ToThread): void {
    for (const thread of this.#threads) thread.worker.postMessage(message)
  }

  #start(): void {
    const shared = new SharedArrayBuffer(CONTROL_WORDS * 4)
    const workerData: ThreadData = {
      memory: this.#learner.memory,
      control: shared,
      benched: this.#benched,
      patienceMs: this.#options.patienceMs ?? 20_000,
      rules: this.#options.rules ?? [],
    }
    const worker = new Worker(this.#options.entry ?? new URL('./scan-thread.ts', import.meta.url), {
      workerData,
      name: 'scan',
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
    })
    const thread: Thread = {
      worker,
      control: new Int32Array(shared),
      tasks: new Map(),
      ready: false,
      turn: 0,
      since: 0,
    }
    this.#threads.add(thread)
    worker.on('message', (message: FromThread) => this.#hear(thread, message))
    worker.on('error', (error: unknown) =>
      this.#lost(thread, error instanceof Error ? `${error.name}: ${error.message}` : 'unknown'),
    )
    worker.on('exit', (code) => this.#lost(thread, `exit ${code}`))
    worker.unref()
    this.#watch ??= setInterval(() => this.#look(), Math.max(5, this.#options.deadlineMs / 8)).unref()
  }

  #hear(thread: Thread, message: FromThread): void {
    if (message.kind === 'ready') {
      thread.ready = true
      this.#rules = message.rules
      this.#stillborn = 0
      return
    }
    if (message.kind === 'ask') {
      void this.#answer(thread, message.id, message)
      return
    }
    const task = thread.tasks.get(message.id)
    if (task === undefined) return
    thread.tasks.delete(message.id)
    if (thread.tasks.size === 0) thread.worker.unref() // an idle thread keeps no program alive
    if (message.kind === 'tokens') task.settle({ kind: 'tokens', tokens: message.tokens })
    else {
      if (message.fault !== undefined) this.#options.log.event('scan-failed', { why: message.fault })
      task.settle(this.#kept(task, message.outcome))
    }
    this.#give()
  }

  async #answer(
    thread: Thread,
    id: number,
    question: { readonly name: string; readonly type: Parameters<Resolve>[1] },
  ): Promise<void> {
    const answer = await this.#options.resolve(question.name, question.type)
    if (this.#threads.has(thread)) thread.worker.postMessage({ kind: 'dns', id, answer } satisfies ToThread)
  }

  /** An outcome without its score, if the score was what had to be left out, is not `done`. */
  #kept(task: Task, outcome: ScanOutcome): ScanOutcome {
    const lost = task.stages.has('score') || task.stages.has('summary')
    return outcome.kind === 'done' && lost ? { kind: task.otherwise, summary: outcome.summary } : outcome
  }

  /** The watch: a thread that stays in one turn too long is ended. */
  #look(): void {
    const now = performance.now()
    for (const thread of this.#threads) {
      const turn = Atomics.load(thread.control, TURN)
      if ((turn & 1) === 0 || turn !== thread.turn) {
        thread.turn = turn
        thread.since = now
      } else if (now - thread.since > this.#options.deadlineMs) this.#late(thread)
    }
  }

  #late(thread: Thread): void {
    const blamed = this.#blame(thread)
    this.#options.log.event('scan-late', { rule: blamed.name, benched: blamed.benched, ms: this.#options.deadlineMs })
    this.#replace(thread, 'late', blamed)
    void thread.worker.terminate()
  }

  #lost(thread: Thread, why: string): void {
    if (this.#closed || !this.#threads.has(thread)) return
    if (!thread.ready) this.#stillborn++
    const blamed = this.#blame(thread)
    this.#options.log.event('scan-failed', { why, rule: blamed.name })
    this.#replace(thread, 'failed', blamed)
  }

  /** Who was at it when the thread was lost; a test gets a strike. */
  #blame(thread: Thread): {
    readonly job: number
    readonly name: string
    readonly stage: Stage
    readonly rule: boolean
    readonly benched: boolean
  } {
    const row = Atomics.load(thread.control, ROW)
    const job = (Atomics.load(thread.control, TURN) & 1) === 1 ? Atomics.load(thread.control, JOB) : 0
    const name = row >= OWNERS ? this.#rules[row - OWNERS] : spamTests[row]?.name
    if (name === undefined || job === 0) {
      const stage = stageOf(row)
      return { job, name: stage, stage, rule: false, benched: false }
    }
    const strikes = (this.#strikes.get(name) ?? 0) + 1
    this.#strikes.set(name, strikes)
    if (strikes >= STRIKES && !this.#benched.includes(name)) {
      this.#benched = [...this.#benched, name]
      this.#tell({ kind: 'bench', names: this.#benched })
    }
    return { job, name, stage: 'score', rule: true, benched: strikes >= STRIKES }
  }

  /** Takes a lost thread's jobs back. */
  #replace(
    thread: Thread,
    otherwise: 'late' | 'failed',
    blamed: { readonly job: number; readonly name: string; readonly stage: Stage; readonly rule: boolean },
  ): void {
    this.#threads.delete(thread)
    const tasks = [...thread.tasks.values()]
    thread.tasks.clear()
    for (const task of tasks) this.#again(task, otherwise, task.id === blamed.job ? blamed : undefined)
    if (this.#threads.size === 0 && this.#stillborn >= STILLBORN)
      for (const task of this.#waiting.splice(0)) task.settle({ kind: 'failed' })
    this.#give()
  }

  #again(
    task: Task,
    otherwise: 'late' | 'failed',
    blamed: { readonly name: string; readonly stage: Stage; readonly rule: boolean } | undefined,
  ): void {
    const tries = task.tries + 1
    if (tries >= MOST_TRIES || (blamed === undefined && tries > 1) || task.work.kind === 'tokens') {
      task.settle({ kind: otherwise })
      return
    }
    const stages = new Set(task.stages)
    let { without } = task
    // A second strike in the same job gives up the score: more tests may be as slow on this message.
    if (blamed?.rule === true && without.length === 0) without = [blamed.name]
    else if (blamed !== undefined) stages.add(blamed.stage)
    const { wants } = task.work.job
    const left = (['summary', 'verify', 'report', 'score'] as const).some(
      (stage) => wants[stage] === true && !stages.has(stage),
    )
    if (!left) task.settle({ kind: otherwise })
    else this.#queue({ ...task, id: this.#number(), tries, stages, without, otherwise })
  }
}

/** @returns the pool; its first thread starts at once. */
export const createScanPool = (options: ScanPoolOptions): ScanPool => {
  const pool = new Pool(options)
  return {
    scan: (job) => pool.scan(job),
    learn: (lesson) => pool.learn(lesson),
    snapshot: () => pool.snapshot(),
    load: (bytes) => pool.load(bytes),
    lessons: () => pool.lessons(),
    status: () => pool.status(),
    close: () => pool.close(),
  }
}
