/**
 * The peer that everybody runs: Debian's Postfix handing over to Debian's Dovecot by LMTP into Maildir, as private instances
 * in a folder of their own, on loopback, with their durable defaults (fsync on). Must be root, because Postfix must.
 */
import { spawn, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { join } from 'node:path'

export type Peer = {
  readonly smtpPort: number
  readonly imapPort: number
  /** The accounts user0@bench.example … exist; the password of each. */
  readonly password: string
  /** CPU seconds that the peer's processes have used so far, those that have ended included. */
  readonly cpuSeconds: () => number
  /** Octets of memory of Dovecot's processes, shared pages counted to each in its share (PSS). */
  readonly imapMemory: () => number
  /** Messages in all Maildirs. */
  readonly delivered: () => number
  readonly stop: () => void
}

const run = (command: string, args: readonly string[]): void => {
  const done = spawnSync(command, args, { encoding: 'utf8' })
  if (done.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${done.stderr}`)
}

/** Beside the port for IMAP. */
export const POP3_BESIDE = 1

const dovecotConf = (folder: string, imapPort: number, users: number): string => `
base_dir = ${folder}/run
state_dir = ${folder}/state
log_path = ${folder}/dovecot.log
instance_name = postern-bench
protocols = imap lmtp pop3
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
mail_location = maildir:${folder}/mail/%n
mail_uid = mail
mail_gid = mail
first_valid_uid = 1
first_valid_gid = 1
default_internal_user = dovecot
default_login_user = dovenull
passdb {
  driver = static
  args = password=bench nopassword=no
}
userdb {
  driver = static
  args = uid=mail gid=mail home=${folder}/mail/%n allow_all_users=yes
}
service lmtp {
  unix_listener lmtp {
    mode = 0666
  }
  process_min_avail = 2
  client_limit = 1
  service_count = 0
  process_limit = 20
}
service imap-login {
  inet_listener imap {
    port = ${imapPort}
  }
  inet_listener imaps {
    port = 0
  }
}
service pop3-login {
  inet_listener pop3 {
    port = ${imapPort + POP3_BESIDE}
  }
  inet_listener pop3s {
    port = 0
  }
}
service imap {
  process_limit = 3000
}
protocol imap {
  mail_max_userip_connections = 0
}
service stats {
  unix_listener stats-writer {
    mode = 0666
  }
}
# ${users} users
`

const mainCf = (folder: string): string => `
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
virtual_mailbox_domains = bench.example
virtual_transport = lmtp:unix:${folder}/run/lmtp
virtual_mailbox_maps = static:all
alias_maps =
local_recipient_maps =
smtpd_recipient_restrictions = permit_mynetworks, reject
smtpd_client_connection_count_limit = 0
smtpd_client_event_limit_exceptions = static:all
default_process_limit = 100
lmtp_destination_concurrency_limit = 20
lmtp_destination_recipient_limit = 1
in_flow_delay = 0
maillog_file = ${folder}/spool/postfix.log
maillog_file_prefixes = ${folder}
biff = no
`

/** Waits until a port answers; a bounded number of tries. */
export const answers = async (port: number): Promise<void> => {
  for (let tries = 0; tries < 200; tries += 1) {
    const good = await new Promise<boolean>((resolve) => {
      const socket = createConnection({ port, host: '127.0.0.1' })
      socket
        .once('data', () => resolve(true))
        .once('error', () => resolve(false))
        .once('close', () => resolve(false))
      setTimeout(() => socket.destroy(), 500).unref()
    })
    if (good) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`nothing answers on port ${port}`)
}

type Used = { readonly parent: number; readonly ticks: number }

/** The processes that there are below `roots`, they included, with CPU ticks (of their ended children, too), from /proc. */
const processesBelow = (roots: readonly number[]): ReadonlyMap<number, Used> => {
  const all = new Map<number, Used>()
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      const fields = stat
        .slice(stat.lastIndexOf(')') + 2)
        .split(' ')
        .map(Number)
      const ticks = (fields[11] ?? 0) + (fields[12] ?? 0) + (fields[13] ?? 0) + (fields[14] ?? 0)
      all.set(Number(name), { parent: fields[1] ?? 0, ticks })
    } catch (error) {
      if (!(error instanceof Error)) throw error // a process that ended between the two looks
    }
  }
  const below = (pid: number): boolean => roots.includes(pid) || (all.has(pid) && below(all.get(pid)?.parent ?? 0))
  return new Map([...all].filter(([pid]) => below(pid)))
}

/** CPU seconds that a process and everything below it has used. */
export const cpuSecondsOf = (pids: readonly number[]): number =>
  [...processesBelow(pids).values()].reduce((sum, { ticks }) => sum + ticks, 0) / 100

const memoryBelow = (root: number): number => {
  let sum = 0
  for (const pid of processesBelow([root]).keys()) {
    try {
      sum += Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0) * 1024
    } catch (error) {
      if (!(error instanceof Error)) throw error // a process that ended between the two looks
    }
  }
  return sum
}

/**
 * Starts a Postfix of its own in a folder. @param main its main.cf. @param listens where it takes mail: an address and a port, or `smtp`. @param within what stands before the command: a namespace.
 * @returns the pid of its master.
 */
export const startPostfix = (folder: string, main: string, listens: string, within: readonly string[] = []): number => {
  mkdirSync(join(folder, 'etc'), { recursive: true })
  for (const name of ['spool', 'data']) mkdirSync(join(folder, name), { recursive: true })
  run('chown', ['postfix', join(folder, 'data')])
  writeFileSync(join(folder, 'etc', 'main.cf'), main)
  cpSync('/etc/postfix/dynamicmaps.cf', join(folder, 'etc', 'dynamicmaps.cf'))
  const master = readFileSync('/usr/share/postfix/master.cf.dist', 'utf8')
    .replaceAll(/^(\S+\s+(?:inet|unix|fifo)\s+\S+\s+\S+\s+)[yn-](\s)/gm, '$1n$2')
    .replace(/^smtp\s+inet/m, `${listens} inet`)

  const log = /^postlog/m.test(master) ? master : `${master}\npostlog unix-dgram n - n - 1 postlogd\n`
  writeFileSync(join(folder, 'etc', 'master.cf'), log)
  const [command = 'postfix', ...args] = [...within, 'postfix', '-c', join(folder, 'etc'), 'start']
  run(command, args)
  return Number(readFileSync(join(folder, 'spool', 'pid', 'master.pid'), 'utf8').trim())
}

/** Starts a Dovecot of its own in a folder. @param more lines of configuration beside the bench's. @returns its pid. */
export const startDovecot = (folder: string, imapPort: number, more = ''): number => {
  for (const name of ['run', 'state', 'mail']) mkdirSync(join(folder, name), { recursive: true })
  run('chown', ['mail:mail', join(folder, 'mail')])
  run('chmod', ['755', folder])
  writeFileSync(join(folder, 'dovecot.conf'), dovecotConf(folder, imapPort, 20) + more)
  const child = spawn('dovecot', ['-F', '-c', join(folder, 'dovecot.conf')], { stdio: 'ignore' })
  if (child.pid === undefined) throw new Error('dovecot did not start')
  return child.pid
}

/** @param folder a fresh folder of the caller's. @returns the running peer; `stop` ends only what was started here. */
export const startPeer = async (
  folder: string,
  ports: { readonly smtp: number; readonly imap: number },
): Promise<Peer> => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const dovecot = startDovecot(folder, ports.imap)
  await answers(ports.imap)
  const postfix = startPostfix(folder, mainCf(folder), `127.0.0.1:${ports.smtp}`)
  await answers(ports.smtp)
  return {
    smtpPort: ports.smtp,
    imapPort: ports.imap,
    password: 'bench',
    cpuSeconds: () => cpuSecondsOf([dovecot, postfix]),
    imapMemory: () => memoryBelow(dovecot),
    delivered: () =>
      readdirSync(join(folder, 'mail')).reduce((sum, user) => {
        const fresh = join(folder, 'mail', user, 'new')
        return sum + (existsSync(fresh) ? readdirSync(fresh).length : 0)
      }, 0),
    stop: () => {
      spawnSync('postfix', ['-c', join(folder, 'etc'), 'stop'])
      process.kill(dovecot, 'SIGTERM')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
