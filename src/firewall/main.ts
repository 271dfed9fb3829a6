/**
 * The firewall process: it alone may touch the packet filter (CAP_NET_ADMIN), and it does nothing else. It listens on a socket in a folder that only the server may
 * enter, reads typed lines, and answers each. No network, no npm package, no file but its socket. `node src/firewall/main.ts --socket PATH [--backend NAME]`.
 */
import { spawn } from 'node:child_process'
import { chmodSync, existsSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { parseArgs } from 'node:util'
import { fail, ok, type Result } from '../base/result.ts'
import { type Backend, type BackendName, networkOf, type Run } from './backend.ts'
import { openChannel } from './channel.ts'
import { commandBackend } from './command.ts'
import { type Cut, openDesk } from './desk.ts'
import { ipsetBackend } from './ipset.ts'
import { iptablesBackend } from './iptables.ts'
import { isNftAnswer, isNftRefusal, nftAsk, nftBackend } from './nft.ts'
import { MOST_LINE } from './request.ts'

const PATIENCE_MS = 20_000
const MOST_OUTPUT = 16 * 1024 * 1024
const MOST_CUTS = 64

const run: Run = (program, words, input) =>
  new Promise((done) => {
    const child = spawn(program, [...words], { stdio: ['pipe', 'pipe', 'pipe'] })
    let [out, err] = ['', '']
    const late = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS)
    const settle = (result: Result<string, string>): void => {
      clearTimeout(late)
      done(result)
    }
    child.on('error', (error) => settle(fail(error.message)))
    child.stdout.on('data', (bytes: Buffer) => {
      if (out.length < MOST_OUTPUT) out += bytes.toString('utf8')
    })
    child.stderr.on('data', (bytes: Buffer) => {
      if (err.length < MOST_OUTPUT) err += bytes.toString('utf8')
    })
    child.on('close', (code) =>
      settle(code === 0 ? ok(out) : fail(err.trim() || `${program} ended with ${String(code)}`)),
    )
    child.stdin.on('error', () => undefined) // its exit says what counts
    child.stdin.end(input ?? '')
  })

/** Ends open connections; a kernel without that (CONFIG_INET_DIAG_DESTROY) lets them starve, because their packets are dropped. */
const cut: Cut = async (prefixes) => {
  for (const prefix of prefixes.slice(0, MOST_CUTS))
    await run('ss', ['-K', 'dst', `${networkOf(prefix)}/${prefix.bits}`])
}

/** The best that works on this machine. */
const choose = async (
  wanted: string,
  templates: Parameters<typeof commandBackend>[0],
): Promise<Result<Backend, string>> => {
  const makers: readonly (readonly [BackendName, string, readonly string[], () => Backend])[] = [
    [
      'nftables',
      'nft',
      ['list', 'tables'],
      () =>
        nftBackend(
          openChannel({ program: 'nft', words: ['-i'], ask: nftAsk, isAnswer: isNftAnswer, isRefusal: isNftRefusal }),
          run,
        ),
    ],
    ['ipset', 'ipset', ['list', '-n'], () => ipsetBackend(run)],
    ['iptables', 'iptables', ['-w', '-S', 'INPUT'], () => iptablesBackend(run, Date.now)],
  ]
  if (wanted === 'command')
    return ok(
      commandBackend(templates, run, (ms, then) => {
        const timer = setTimeout(then, Math.min(ms, 2 ** 31 - 1))
        timer.unref()
        return () => clearTimeout(timer)
      }),
    )
  const tried: string[] = []
  for (const [name, program, words, make] of makers) {
    if (wanted !== 'auto' && wanted !== name) continue
    const works = await run(program, words)
    if (works.ok) return ok(make())
    tried.push(`${program}: ${works.error.split('\n')[0] ?? ''}`)
  }
  return fail(tried.length === 0 ? `there is no backend ${wanted}` : tried.join('; '))
}

const serve = (socket: Socket, answer: (line: string) => Promise<string>): void => {
  let held = ''
  socket.setEncoding('utf8')
  socket.on('error', () => socket.destroy())
  socket.on('data', (text: string) => {
    held += text
    const lines = held.split('\n')
    held = lines.pop() ?? ''
    if (held.length > MOST_LINE) socket.destroy()
    for (const line of lines)
      if (line !== '')
        void answer(line).then((said) => {
          if (!socket.destroyed) socket.write(`${said}\n`)
        })
  })
}

const { values } = parseArgs({
  options: {
    socket: { type: 'string' },
    backend: { type: 'string', default: 'auto' },
    add: { type: 'string', default: '' },
    remove: { type: 'string', default: '' },
    flush: { type: 'string', default: '' },
    list: { type: 'string', default: '' },
  },
})
const { socket: path, backend: wanted, add, remove, flush, list } = values
if (path === undefined) {
  console.error('postern firewall: name the socket: --socket PATH')
  process.exit(2)
}
const chosen = await choose(wanted, { add, remove, flush, list })
if (!chosen.ok) {
  console.error(
    `postern firewall: no packet filter works here: ${chosen.error}. It needs CAP_NET_ADMIN, and nftables, ipset or iptables.`,
  )
  process.exit(1)
}
const backend = chosen.value
const desk = openDesk(backend, cut)
if (existsSync(path)) rmSync(path)
const server = createServer((socket) => serve(socket, desk.answer))
server.listen(path, () => {
  chmodSync(path, 0o660)
  console.log(JSON.stringify({ ready: true, backend: backend.name }))
})
let stopping = false
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.on(signal, () => {
    if (stopping) return
    stopping = true
    server.close()
    // What is in force ends by itself: a restart of this process opens no door.
    process.exit(0)
  })
