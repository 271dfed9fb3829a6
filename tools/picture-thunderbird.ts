/**
 * Makes docs/pictures/thunderbird.png: Debian's Thunderbird, under Xvfb, with an account on a Postern that was just started and holds 500 messages. Run by hand
 * (`node tools/picture-thunderbird.ts`, a minute; packages: thunderbird xvfb xdotool imagemagick libnss3-tools): it logs in, synchronizes, opens a message
 * and marks it with a star, of which the server must then know. RFC 9051 as a mail program speaks it.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ImapLoad, openImap } from '../bench/load/imap.ts'
import { type Demo, startDemo } from '../test/interop/demo.ts'
import { real, sample } from '../test/interop/messages.ts'

const DISPLAY = ':97'
const PICTURE = 'docs/pictures/thunderbird.png'
const MESSAGES = 500
const PATIENCE_MS = 120_000

const env = { ...process.env, DISPLAY }
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Runs a program to its end. @returns what it printed. @throws where it fails. */
const run = (command: string, args: readonly string[]): string => {
  const done = spawnSync(command, args, { env, encoding: 'utf8' })
  if (done.error !== undefined) throw done.error
  if (done.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${done.stderr}`)
  return done.stdout
}

/** Waits until something is so. */
const until = async (what: string, isSo: () => boolean | Promise<boolean>): Promise<void> => {
  const end = Date.now() + PATIENCE_MS
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`${what}: not within ${PATIENCE_MS / 1000} s`)
    await pause(500)
  }
  console.log(what)
}

/** What Thunderbird is told before its first start: the account, and to ask and show nothing else. */
const prefsOf = (demo: Demo, address: string): Readonly<Record<string, string | number | boolean>> => ({
  'mail.accountmanager.accounts': 'account1',
  'mail.accountmanager.defaultaccount': 'account1',
  'mail.account.account1.server': 'server1',
  'mail.account.account1.identities': 'id1',
  'mail.identity.id1.fullName': 'Anna',
  'mail.identity.id1.useremail': address,
  'mail.identity.id1.valid': true,
  'mail.server.server1.type': 'imap',
  'mail.server.server1.name': address,
  'mail.server.server1.hostname': demo.host,
  'mail.server.server1.port': demo.ports.imaps,
  'mail.server.server1.userName': address,
  'mail.server.server1.socketType': 3, // TLS from the start
  'mail.server.server1.authMethod': 3, // a password
  'mail.server.server1.login_at_startup': true,
  'mail.server.server1.check_new_mail': true,
  'network.dns.localDomains': demo.host, // the demo's name is in no DNS
  'mail.rights.version': 1,
  'mailnews.start_page.enabled': false,
  'mailnews.start_page_override.mstone': 'ignore',
  'mail.shell.checkDefaultClient': false,
  'mail.provider.suppress_dialog_on_startup': true,
  'mail.spotlight.firstRunDone': true,
  'mail.inappnotifications.enabled': false,
  'mail.chat.enabled': false,
  'mail.threadpane.listview': 1, // a table
  'mail.pane_config.dynamic': 0,
  'mailnews.default_view_flags': 0, // no threads
  'mailnews.default_sort_order': 2,
  'datareporting.policy.dataSubmissionEnabled': false,
  'datareporting.policy.dataSubmissionPolicyBypassNotification': true,
  'app.update.enabled': false,
  'extensions.update.enabled': false,
  'gfx.webrender.software': true,
})

/** A profile that knows the account and trusts the demo's certificates. @returns its folder */
const makeProfile = (home: string, demo: Demo, address: string): string => {
  const profile = join(home, 'profile')
  mkdirSync(profile)
  const lines = Object.entries(prefsOf(demo, address)).map(
    ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`,
  )
  writeFileSync(join(profile, 'prefs.js'), lines.join(''))
  run('certutil', ['-N', '-d', `sql:${profile}`, '--empty-password'])
  run('certutil', ['-A', '-d', `sql:${profile}`, '-n', 'postern-demo', '-t', 'C,,', '-i', demo.ca])
  return profile
}

/** Wanted mail of the corpus, three in five read. */
const fill = async (load: ImapLoad): Promise<void> => {
  const wanted = real.filter((_, index) => /ham/.test(sample[index] ?? ''))
  for (let i = 0; i < MESSAGES; i += 1) {
    const literal = wanted[i % wanted.length] ?? Buffer.alloc(0)
    const { ok, tagged } = await load.command(`APPEND INBOX ${i % 5 < 3 ? '(\\Seen)' : '()'}`, { literal })
    if (!ok) throw new Error(tagged)
  }
  await load.command('SELECT INBOX')
}

const count = async (load: ImapLoad, key: string): Promise<number> => {
  const { text } = await load.command(`SEARCH RETURN (COUNT) ${key}`, { keep: true })
  return Number(/COUNT (\d+)/.exec(text)?.[1] ?? 0)
}

const isThere = (title: string): boolean =>
  spawnSync('xdotool', ['search', '--onlyvisible', '--name', title], { env }).status === 0

const click = (x: number, y: number): string => run('xdotool', ['mousemove', String(x), String(y), 'click', '1'])

/** As a person would: the password, a message, a star. */
const use = async (load: ImapLoad, password: string): Promise<void> => {
  await until('it asks for the password', () => isThere('Enter your password'))
  click(600, 398)
  await pause(1000)
  run('xdotool', ['type', '--delay', '30', password])
  run('xdotool', ['key', 'Return'])
  await until('the inbox is shown', () => isThere('Inbox'))
  await pause(10_000) // it draws its list while it synchronizes
  click(700, 190)
  run('xdotool', ['key', 's'])
  await until('the server knows of the star', async () => (await count(load, 'FLAGGED')) > 0)
  await pause(3_000)
}

const end = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null) return resolve()
    child.once('exit', () => resolve())
    child.kill('SIGTERM')
  })

const home = mkdtempSync(join(tmpdir(), 'postern-thunderbird-'))
const demo = await startDemo(36000)
const { address, password } = demo.accounts[0] ?? { address: '', password: '' }
const load = await openImap({ host: '127.0.0.1', port: demo.ports.imaps, tls: true, user: address, password })
const children: ChildProcess[] = []
try {
  await fill(load)
  const profile = makeProfile(home, demo, address)
  children.unshift(spawn('Xvfb', [DISPLAY, '-screen', '0', '1152x800x24'], { stdio: 'ignore' }))
  await pause(1000)
  const own = { ...env, HOME: home }
  children.unshift(spawn('thunderbird', ['--profile', profile, '--no-remote'], { env: own, stdio: 'ignore' }))
  await use(load, password)
  mkdirSync('docs/pictures', { recursive: true })
  // Without a window manager it leaves a tenth of the screen free.
  const small = ['-crop', '1036x800+0+0', '+repage', '+dither', '-colors', '48', '-define', 'png:compression-level=9']
  run('import', ['-window', 'root', ...small, PICTURE])
  console.log(`${PICTURE} is made: look at it`)
} finally {
  load.close()
  for (const child of children) await end(child)
  await demo.stop()
  rmSync(home, { recursive: true, force: true })
}
