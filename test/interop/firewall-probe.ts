/** Run inside a network namespace of its own by firewall.test.ts: the firewall process, a listener on port 25 and one on 993, and bans. Prints what it saw as JSON. */

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type FirewallClient, openFirewallClient } from '../../src/app/server/firewall-client.ts'
import { firewallEntry } from '../../src/app/server/firewall-process.ts'
import type { Ban } from '../../src/ban/offence.ts'

const [backend = 'nftables'] = process.argv.slice(2)
const open = async (port: number): Promise<void> => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.write('220 hello\r\n')
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
}
/** @returns the open connection where a greeting came within the time. */
const dial = (from: string, port: number, ms = 400): Promise<Socket | undefined> =>
  new Promise((done) => {
    const socket = connect({ host: '127.0.0.1', port, localAddress: from })
    const late = setTimeout(() => {
      socket.destroy()
      done(undefined)
    }, ms)
    socket.on('data', () => {
      clearTimeout(late)
      done(socket)
    })
    socket.on('error', () => {
      clearTimeout(late)
      done(undefined)
    })
  })
const reaches = async (from: string, port: number): Promise<boolean> => {
  const socket = await dial(from, port)
  socket?.destroy()
  return socket !== undefined
}
const until = async (test: () => Promise<boolean> | boolean): Promise<boolean> => {
  for (let tries = 0; tries < 100; tries += 1) {
    if (await test()) return true
    await new Promise((done) => setTimeout(done, 50))
  }
  return false
}

await open(25)
await open(993)
const path = join(mkdtempSync(join(tmpdir(), 'postern-fw-')), 'fw.sock')
const start = () =>
  spawn(process.execPath, [firewallEntry, '--socket', path, '--backend', backend], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
let child = start()
await once(child.stdout, 'data')
const bans: Ban[] = []
const events: string[] = []
const client: FirewallClient = openFirewallClient({
  path,
  ports: { mail: [25], login: [993] },
  allow: () => ['127.0.0.200/32'],
  bans: () => bans,
  now: Date.now,
  log: { event: (name) => events.push(name) },
})
const seen: Record<string, unknown> = {}
seen['connected'] = await until(() => client.isConnected())
seen['before'] = await reaches('127.0.0.2', 25)
const held = await dial('127.0.0.2', 25)
let cut = false
held?.on('close', () => {
  cut = true
})
client.ban('127.0.0.2', Date.now() + 60_000, 'mail')
seen['banned'] = await until(async () => !(await reaches('127.0.0.2', 25)))
seen['other gate'] = await reaches('127.0.0.2', 993)
seen['other address'] = await reaches('127.0.0.3', 25)
seen['open connection ended'] = await until(() => cut)
client.ban('127.0.1.0/24', Date.now() + 60_000, 'all')
seen['network'] = await until(async () => !(await reaches('127.0.1.9', 993)))
client.ban('127.0.0.200', Date.now() + 60_000, 'all')
client.ban('127.0.0.4', Date.now() + 2000, 'mail')
seen['short ban'] = await until(async () => !(await reaches('127.0.0.4', 25)))
seen['the kernel forgets'] = await until(async () => reaches('127.0.0.4', 25))
seen['allowed'] = await reaches('127.0.0.200', 25)
client.unban('127.0.0.2')
seen['pardoned'] = await until(async () => reaches('127.0.0.2', 25))

// From the ban to the packet filter: whether the kernel has it, as the process answers.
const times: number[] = []
for (let index = 0; index < 60; index += 1) {
  const began = performance.now()
  client.ban(`198.51.100.${index + 1}`, Date.now() + 60_000, 'mail')
  await new Promise((done) => setImmediate(done))
  await client.ask('status')
  times.push(performance.now() - began)
}
times.sort((a, b) => a - b)
seen['p50 ms'] = times[30]
seen['p99 ms'] = times[59]

// The process dies and comes back; everything in force is told again.
const ban: Ban = {
  subject: '127.0.0.5',
  scope: 'mail',
  offence: 'by-hand',
  from: Date.now(),
  until: Date.now() + 60_000,
  times: 1,
  note: '',
}
bans.push(ban)
child.kill('SIGKILL')
await once(child, 'exit')
seen['gone'] = await until(() => !client.isConnected())
seen['bans outlive the process'] = !(await reaches('127.0.1.9', 25))
child = start()
seen['back'] = await until(() => client.isConnected())
seen['told again'] = await until(async () => !(await reaches('127.0.0.5', 25)))
seen['and nothing else'] = await reaches('127.0.1.9', 25)

if (backend === 'nftables') {
  // Somebody reloads the rules of the machine.
  spawnSync('nft', ['flush', 'ruleset'])
  bans.length = 0
  bans.push({ ...ban, subject: '127.0.0.6' })
  client.ban('127.0.0.7', Date.now() + 60_000, 'mail')
  seen['after a flush of the ruleset'] = await until(async () => !(await reaches('127.0.0.6', 25)))
}
seen['events'] = [...new Set(events)]
client.close()
child.kill()
console.log(JSON.stringify(seen))
process.exit(0)
