/** The firewall process as a child of the server, where the server is root: started, and started again when it ends; its words go to the log. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Log } from '../../base/log.ts'
import type { Settings } from '../settings/schema.ts'

const FIRST_WAIT_MS = 1000
const LONGEST_WAIT_MS = 60_000
const LONG_LIFE_MS = 60_000

export const firewallEntry = join(import.meta.dirname, '..', '..', 'firewall', 'main.ts')

/** @returns the words of its command line, the entry first. */
export const firewallWords = (firewall: Settings['firewall'], socket: string): readonly string[] => {
  const { backend, commands } = firewall
  const hooks = (['add', 'remove', 'flush', 'list'] as const).flatMap((name) =>
    commands[name] === '' ? [] : [`--${name}`, commands[name]],
  )
  return [firewallEntry, '--socket', socket, '--backend', backend, ...hooks]
}

/** @returns its end. What is in force then ends by itself. */
export const keepFirewall = (words: readonly string[], log: Log, now: () => number): (() => void) => {
  let child: ChildProcess | undefined
  let timer: NodeJS.Timeout | undefined
  let wait = FIRST_WAIT_MS
  let stopped = false
  const start = (): void => {
    const began = now()
    const made = spawn(process.execPath, [...words], { stdio: ['ignore', 'ignore', 'pipe'] })
    child = made
    let said = ''
    made.stderr?.on('data', (bytes: Buffer) => {
      said = (said + bytes.toString('utf8')).slice(-1000)
    })
    made.on('error', (error) => {
      said = error.message
    })
    made.on('close', () => {
      if (stopped) return
      log.event('firewall-fault', { why: said.trim() || 'the firewall process ended' })
      wait = now() - began > LONG_LIFE_MS ? FIRST_WAIT_MS : Math.min(LONGEST_WAIT_MS, wait * 2)
      timer = setTimeout(start, wait)
      timer.unref()
    })
  }
  start()
  return () => {
    stopped = true
    clearTimeout(timer)
    child?.kill()
  }
}
