/** `postern serve`: runs the server until it is told to stop; SIGHUP reads settings and certificates again. */
import { fail, ok, type Result } from '../../base/result.ts'
import { createLog } from '../log/writer.ts'
import { startServer } from '../server/start.ts'
import { version } from '../version.ts'
import type { Command, Shell } from './command.ts'
import { beyondText } from './config-beyond.ts'
import { type Config, configOf, configOption, loadConfig } from './config-file.ts'

/** @returns when SIGINT or SIGTERM comes. */
const stopped = (shell: Shell): Promise<'SIGINT' | 'SIGTERM'> =>
  new Promise((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) shell.onSignal(name, () => resolve(name))
  })

/** A configuration with the files that it names. */
const whole = (config: Config): Result<Config, string> => {
  const { problems } = beyondText(config)
  return problems.length === 0 ? ok(config) : fail(problems.join('\n'))
}

export const serve: Command = {
  usage: 'serve',
  about:
    'Runs the mail server until SIGTERM or Ctrl-C: what is open is finished or refused, then everything is closed.\nSIGHUP reads the configuration and the certificates again; with mistakes in them the old ones stay in force.\nThe log goes to standard error, one event a line.',
  options: [configOption],
  example: 'postern serve --config /etc/postern/postern.toml',
  json: false,
  run: async (given, shell) => {
    const config = configOf(given, shell)
    if (config === undefined) return 2
    const { settings, folder, path, file } = config
    const { problems, notes } = beyondText(config)
    for (const line of problems) shell.err(`${file}: ${line}\n`)
    if (problems.length > 0) return 2
    const log = createLog({ write: shell.err, format: settings.log.format, level: settings.log.level, now: shell.now })
    log.event('server-starting', { version, folder })
    for (const why of notes) log.event('settings-unwise', { file, why })
    const stop = stopped(shell)
    const started = await startServer({ settings, folder, file: path, now: shell.now, log })
    if (!started.ok) {
      shell.err(`postern: ${started.error}\n`)
      return 1
    }
    const server = started.value
    const reload = async (): Promise<void> => {
      const read = loadConfig(file)
      const anew = read.ok ? whole(read.value) : read
      const wrong = anew.ok ? await server.reload(anew.value.settings) : anew
      if (wrong.ok) log.event('settings-reloaded', { file })
      else for (const why of wrong.error.split('\n')) log.event('settings-refused', { file, why })
    }
    shell.onSignal('SIGHUP', () => void reload())
    log.event('server-ready', { listeners: server.listeners.length, pid: process.pid })
    const why = await Promise.race([stop, server.failed])
    log.event('server-stopping', { why })
    await server.stop()
    log.event('server-stopped', {})
    return why === 'store' ? 1 : 0
  },
}
