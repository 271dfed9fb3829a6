/**
 * Loads everything that a server and its threads run, and does nothing: the launcher (tools/run.mjs) runs it before `--help`, so that the cache of compiled
 * code is filled (docs/decisions/0050). The threads' files say that they run in a thread, after their own imports are compiled; that is all that is wanted.
 */
const files = [
  './cli/serve.ts',
  './cli/demo.ts',
  './tls/authority.ts',
  './threads/store-thread.ts',
  './threads/scan-thread.ts',
] as const

await Promise.allSettled(files.map((file) => import(file)))
