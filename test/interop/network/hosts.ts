/**
 * Hosts for a test: network namespaces on one bridge that leads nowhere else. Only root can make them. What is made has this process's number in its name and goes with `close`,
 * with the programs that were started inside (by their pids, never by a name).
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

export type Host = {
  /** As `ip netns exec` knows it. */
  readonly namespace: string
  readonly ip: string
  readonly ip6: string
  /** Starts a program inside; ended with the network. `told` gets each line of both its outputs. */
  readonly start: (
    command: string,
    args: readonly string[],
    told?: (line: string) => void,
    more?: NodeJS.ProcessEnv,
  ) => ChildProcess
  /** Runs a program inside to its end. @returns its output. Throws when it fails. */
  readonly run: (command: string, args: readonly string[], input?: string) => string
}
export type Network<Name extends string> = {
  readonly hosts: Readonly<Record<Name, Host>>
  readonly close: () => Promise<void>
}

const ADDRESS = '10.77.0.'
const ADDRESS6 = 'fd77::'
const STOP_MS = 5000

const ip = (args: readonly string[], input = ''): void => {
  const done = spawnSync('ip', args, { encoding: 'utf8', input })
  if (done.status !== 0) throw new Error(`ip ${args.join(' ')}: ${done.stderr}`)
}

/** Whether this machine lets us make namespaces with a bridge; why not, if not. */
export const cannotHaveHosts = (): string | undefined => {
  if (process.getuid?.() !== 0) return 'only root can make network namespaces'
  const name = `pt${process.pid}try`
  try {
    ip(['netns', 'add', name])
    ip(['-n', name, 'link', 'add', 'br0', 'type', 'bridge'])
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : 'no network namespaces'
  } finally {
    spawnSync('ip', ['netns', 'del', name])
  }
}

/** @param numbers the last part of each host's address: 10.77.0.N and fd77::N. */
export const openNetwork = <Name extends string>(numbers: Readonly<Record<Name, number>>): Network<Name> => {
  const prefix = `pt${process.pid}`
  const hub = `${prefix}-hub`
  const names = Object.keys(numbers) as Name[] // the keys of the record, by the line above
  const children: ChildProcess[] = []
  const made: string[] = []
  const start =
    (namespace: string): Host['start'] =>
    (command, args, told, more = {}) => {
      const child = spawn('ip', ['netns', 'exec', namespace, command, ...args], {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, ...more },
      })
      for (const output of [child.stdout, child.stderr])
        createInterface({ input: output }).on('line', (line) => told?.(line))
      children.push(child)
      return child
    }
  const run =
    (namespace: string): Host['run'] =>
    (command, args, input = '') => {
      const done = spawnSync('ip', ['netns', 'exec', namespace, command, ...args], { encoding: 'utf8', input })
      if (done.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${done.stdout}${done.stderr}`)
      return done.stdout
    }
  const close = async (): Promise<void> => {
    const running = children.filter((child) => child.exitCode === null && child.signalCode === null)
    await Promise.all(
      running.map(async (child) => {
        const ended = once(child, 'exit')
        child.kill('SIGTERM') // `ip netns exec` became the program itself
        const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
        await ended
        clearTimeout(late)
      }),
    )
    for (const name of made) spawnSync('ip', ['netns', 'del', name])
  }
  const add = (namespace: string, input: string): void => {
    ip(['netns', 'add', namespace])
    made.push(namespace)
    ip(['-n', namespace, '-batch', '-'], input)
  }
  add(hub, 'link set lo up\nlink add br0 type bridge\nlink set br0 up\n')
  const hosts = names.map((name): readonly [Name, Host] => {
    const [namespace, number] = [`${prefix}-${name}`, numbers[name]]
    add(namespace, 'link set lo up\n')
    ip(
      ['-n', hub, '-batch', '-'],
      `link add v${number} type veth peer name eth0 netns ${namespace}\nlink set v${number} master br0 up\n`,
    )
    ip(
      ['-n', namespace, '-batch', '-'],
      `addr add ${ADDRESS}${number}/24 dev eth0\naddr add ${ADDRESS6}${number}/64 dev eth0 nodad\nlink set eth0 up\n`,
    )
    const at = { namespace, ip: `${ADDRESS}${number}`, ip6: `${ADDRESS6}${number}` }
    return [name, { ...at, start: start(namespace), run: run(namespace) }]
  })
  return { hosts: Object.fromEntries(hosts) as Record<Name, Host>, close } // one for each name, by the lines above
}
