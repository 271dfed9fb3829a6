/**
 * The storage threads' entry. It only sees to it that the thread uses the main thread's cache of compiled code, which a thread does not by itself
 * (and which halves its start), and then becomes store-thread.ts.
 */
import { enableCompileCache } from 'node:module'
import { workerData } from 'node:worker_threads'
import type { ThreadData } from './store-wire.ts'

const data: ThreadData = workerData // given by store-client.ts
if (data.compileCache !== null) enableCompileCache(data.compileCache)
await import('./store-thread.ts')
