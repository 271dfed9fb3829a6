/** Postfix as a sender: a private instance whose queue is filled and held, and then let go to one server. Must be root, because Postfix must. Loopback only. */
import { spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { answers, cpuSecondsOf } from './postfix-dovecot.ts'

export type Sender = {
  readonly cpuSeconds: () => number
  /** Puts messages into the queue, held. */
  readonly fill: (messages: number, size: number) => void
  /** Lets all of it go. */
  readonly release: () => void
  readonly stop: () => void
}

const run = (command: string, args: readonly string[]): void => {
  const done = spawnSync(command, args, { encoding: 'utf8' })
  if (done.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${done.stderr}`)
}

const mainCf = (folder: string, sinkPort: number, connections: number): string => `
compatibility_level = 3.6
queue_directory = ${folder}/spool
data_directory = ${folder}/data
config_directory = ${folder}/etc
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.bench.example
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
relayhost = [127.0.0.1]:${sinkPort}
smtpd_client_restrictions = check_client_access static:HOLD
smtpd_recipient_restrictions = permit_mynetworks, reject
smtpd_client_connection_count_limit = 0
initial_destination_concurrency = ${connections}
default_destination_concurrency_limit = ${connections}
default_process_limit = 100
smtp_connection_cache_on_demand = yes
smtp_tls_security_level = none
in_flow_delay = 0
alias_maps =
maillog_file = ${folder}/spool/postfix.log
maillog_file_prefixes = ${folder}
biff = no
`

/** @param folder a fresh folder of the caller's. @returns the sender, running. */
export const startSender = async (
  folder: string,
  so: { readonly port: number; readonly sinkPort: number; readonly connections: number },
): Promise<Sender> => {
  const etc = join(folder, 'etc')
  for (const name of ['etc', 'spool', 'data']) mkdirSync(join(folder, name), { recursive: true })
  run('chown', ['postfix', join(folder, 'data')])
  run('chmod', ['755', folder])
  writeFileSync(join(etc, 'main.cf'), mainCf(folder, so.sinkPort, so.connections))
  cpSync('/etc/postfix/dynamicmaps.cf', join(etc, 'dynamicmaps.cf'))
  const master = readFileSync('/usr/share/postfix/master.cf.dist', 'utf8')
    .replaceAll(/^(\S+\s+(?:inet|unix|fifo)\s+\S+\s+\S+\s+)[yn-](\s)/gm, '$1n$2')
    .replace(/^smtp\s+inet/m, `127.0.0.1:${so.port} inet`)
  writeFileSync(
    join(etc, 'master.cf'),
    /^postlog/m.test(master) ? master : `${master}\npostlog unix-dgram n - n - 1 postlogd\n`,
  )
  run('postfix', ['-c', etc, 'start'])
  const pid = Number(readFileSync(join(folder, 'spool', 'pid', 'master.pid'), 'utf8').trim())
  await answers(so.port)
  return {
    cpuSeconds: () => cpuSecondsOf([pid]),
    fill: (messages, size) =>
      run('smtp-source', [
        '-s',
        '20',
        '-m',
        String(messages),
        '-l',
        String(size),
        '-f',
        'a@bench.example',
        '-t',
        'b@sink.example',
        `127.0.0.1:${so.port}`,
      ]),
    release: () => {
      run('postsuper', ['-c', etc, '-H', 'ALL'])
      run('postqueue', ['-c', etc, '-f'])
    },
    stop: () => {
      spawnSync('postfix', ['-c', etc, 'stop'])
    },
  }
}

export type CountingSink = {
  /** Messages that it took. */
  readonly count: () => number
  readonly stop: () => void
}

/** Debian's smtp-sink, which takes everything and throws it away. */
export const startSmtpSink = async (port: number): Promise<CountingSink> => {
  const child = spawn('/usr/sbin/smtp-sink', ['-c', '-u', 'postfix', `127.0.0.1:${port}`, '500'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let count = 0
  child.stdout.on('data', (octets: Buffer) => {
    const all = [...octets.toString('latin1').matchAll(/mesg=(\d+)/g)]
    count = Number(all.at(-1)?.[1] ?? count)
  })
  await answers(port)
  return { count: () => count, stop: () => child.kill('SIGTERM') }
}
