/** `postern firewall run|status|print|flush`: bans in the packet filter. */
import { spawn } from 'node:child_process'
import { isAbsolute, join } from 'node:path'
import * as z from 'zod'
import { firewallWords } from '../server/firewall-process.ts'
import { ask, askAndPrint } from './ask.ts'
import type { Command } from './command.ts'
import { configOf, whereOptions } from './config-file.ts'

const shape = z.object({
  connected: z.boolean(),
  says: z.string().optional(),
  text: z.string().optional(),
  backend: z.string().optional(),
  banned: z.number().optional(),
  ports: z
    .object({ mail: z.array(z.number()), login: z.array(z.number()) })
    .partial()
    .optional(),
})

const writeStatus = (value: unknown): string => {
  const { backend, ports, banned } = shape.parse(value)
  return (
    `bans go to ${backend ?? 'a packet filter'}\n` +
    `mail  (other servers): ports ${(ports?.mail ?? []).join(', ') || 'none'}\n` +
    `login (people):        ports ${(ports?.login ?? []).join(', ') || 'none'}\n` +
    `${banned ?? 0} bans were put in force since it started\n`
  )
}

export const firewallStatus: Command = {
  usage: 'firewall status',
  about: 'Says whether bans reach the packet filter, and which one it is. Exits 1 where none do.',
  options: whereOptions,
  example: 'postern firewall status',
  json: true,
  run: async (given, shell) => {
    const config = configOf(given, shell)
    if (config === undefined) return 2
    const answer = await ask(config, { verb: 'firewall', words: { verb: 'status' } }, { now: shell.now })
    if (!answer.ok) {
      shell.err(`postern: ${answer.error}\n`)
      return 1
    }
    const { connected, says } = shape.parse(answer.value)
    if (given.values['json'] === true) shell.out(`${JSON.stringify(answer.value)}\n`)
    else if (connected) shell.out(writeStatus(answer.value))
    else shell.err(`postern: ${says}\n`)
    return connected ? 0 : 1
  },
}

export const firewallPrint: Command = {
  usage: 'firewall print',
  about: 'Prints what is in force, as the packet filter itself prints it.',
  options: whereOptions,
  example: 'postern firewall print',
  json: true,
  run: (given, shell) =>
    askAndPrint(given, shell, { verb: 'firewall', words: { verb: 'print' } }, (value) => shape.parse(value).text ?? ''),
}

export const firewallFlush: Command = {
  usage: 'firewall flush',
  about:
    'Takes all bans out of the packet filter. Postern itself still refuses the banned; `postern pardon` lifts a ban.',
  options: whereOptions,
  example: 'postern firewall flush',
  json: true,
  run: (given, shell) =>
    askAndPrint(
      given,
      shell,
      { verb: 'firewall', words: { verb: 'flush' } },
      () => 'the packet filter holds no ban of ours\n',
    ),
}

export const firewallRun: Command = {
  usage: 'firewall run',
  about:
    'Runs the firewall process in the foreground: the only part of Postern that may touch the packet filter. Needs CAP_NET_ADMIN; the server itself\nthen needs no privilege for it. It listens on a socket in the data folder and ends with SIGTERM; bans in force end by themselves.',
  options: whereOptions,
  example: 'postern firewall run --config /srv/postern/postern.toml',
  json: false,
  run: async (given, shell) => {
    const config = configOf(given, shell)
    if (config === undefined) return 2
    const { firewall } = config.settings
    const socket = firewall.socket === '' ? join(config.folder, 'firewall.sock') : firewall.socket
    const child = spawn(
      process.execPath,
      [...firewallWords(firewall, isAbsolute(socket) ? socket : config.path(socket))],
      { stdio: 'inherit' },
    )
    const off = (['SIGTERM', 'SIGINT'] as const).map((signal) => shell.onSignal(signal, () => child.kill(signal)))
    const code = await new Promise<number>((done) => child.on('exit', (status) => done(status ?? 0)))
    for (const end of off) end()
    return code
  },
}
