/** Debian's spamc against a running server: its exit codes, what it prints, a message through it and back, lessons, the keep-alive, and Exim's own request. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import type { PosternServer } from '../../src/app/server/start.ts'
import { type Filter, ham, spam, startFilter } from './filter-house.ts'

let filter: Filter
let server: PosternServer
before(async () => {
  filter = await startFilter(
    'spamd = ["127.0.0.1:0"]',
    `[spamd]
tell = true
[spamd.limits]
message = "300 kB"
[spam]
threads = 1
deadline = "20 s"`,
  )
  server = filter.server
})
after(() => filter.stop())

/** Not a synchronous call: the server lives in this process. */
const spamc = async (words: readonly string[], input: string) => {
  const child = spawn('spamc', ['-d', '127.0.0.1', '-p', String(server.port('spamd')), ...words], { timeout: 60_000 })
  let out = ''
  child.stdout.setEncoding('latin1').on('data', (text: string) => {
    out += text
  })
  child.stdin.on('error', () => undefined) // it may end before it read all
  child.stdin.end(input)
  const [code]: unknown[] = await once(child, 'close')
  return { code, out }
}

test('spamc -c says ham and spam, by exit code and score', async () => {
  const wanted = await spamc(['-c'], ham)
  assert.match(wanted.out, /^-?\d+\.\d\/5\.0\n$/)
  assert.equal(wanted.code, 0)
  const unwanted = await spamc(['-c'], spam)
  assert.match(unwanted.out, /^\d+\.\d\/5\.0\n$/)
  assert.equal(unwanted.code, 1)
})

test('spamc -R prints score and report, -r only of spam, -y the tests', async () => {
  assert.match((await spamc(['-R'], spam)).out, /^\d+\.\d\/5\.0\nPostern on .*points {2}test/s)
  assert.match((await spamc(['-r'], spam)).out, /points {2}test/)
  assert.doesNotMatch((await spamc(['-r'], ham)).out, /points {2}test/)
  assert.match((await spamc(['-y'], spam)).out, /^[A-Z0-9_]+(?:,[A-Z0-9_]+)+\s*$/)
})

test('a message goes through spamc and comes back marked, once however often', async () => {
  const marked = (await spamc([], spam)).out
  assert.match(marked, /^X-Spam-Flag: YES\n/)
  assert.match(marked, /^X-Spam-Level: \*{5}/m)
  assert.match(marked, /^X-Spam-Status: Yes, score=/m)
  assert.ok(marked.endsWith(spam))
  assert.equal((await spamc([], marked)).out, marked)
  const wanted = (await spamc([], ham)).out
  assert.match(wanted, /^X-Spam-Status: No, score=/m)
  assert.doesNotMatch(wanted, /X-Spam-Flag/)
  assert.ok(wanted.endsWith(ham))
  assert.ok((await spamc(['--headers'], ham)).out.endsWith(ham))
})

test('spamc -L teaches, once, and forgets; -K is answered', async () => {
  const lessons = server.house.pool.lessons()
  assert.match((await spamc(['-L', 'spam'], ham)).out, /successfully un\/learned/)
  assert.match((await spamc(['-L', 'spam'], ham)).out, /already un\/learned/)
  assert.equal(server.house.pool.lessons(), lessons + 1)
  assert.match((await spamc(['-L', 'ham'], ham)).out, /successfully un\/learned/)
  assert.match((await spamc(['-L', 'forget'], ham)).out, /successfully un\/learned/)
  assert.match((await spamc(['-L', 'forget'], ham)).out, /already un\/learned/)
  assert.equal((await spamc(['-K'], '')).code, 0)
})

test('spamc -C report and revoke teach, and say so', async () => {
  const lessons = server.house.pool.lessons()
  const reported = await spamc(['-C', 'report'], spam)
  assert.match(reported.out, /successfully reported/)
  assert.match((await spamc(['-C', 'revoke'], spam)).out, /successfully reported\/revoked/)
  assert.equal(server.house.pool.lessons(), lessons + 2)
})

test('spamc -u names the account whose training it is', async () => {
  const password = 'a long enough password'
  assert.ok((await server.house.accounts.addDomain({ name: 'here.test' })).ok)
  assert.ok((await server.house.accounts.addAccount({ name: 'anna@here.test', password, quotaBytes: 0 })).ok)
  assert.match((await spamc(['-u', 'anna@here.test', '-L', 'spam'], ham)).out, /successfully un\/learned/)
  assert.match((await spamc(['-u', 'anna@here.test', '-c'], ham)).out, /^-?\d+\.\d\/5\.0\n$/)
})

test('spamc itself keeps back what is over its --max-size, and no server is needed for it', async () => {
  assert.deepEqual(await spamc(['--max-size', '50'], ham), { code: 0, out: ham })
  assert.equal((await spamc(['-c', '--max-size', '50'], ham)).out, '0/0\n')
})

test('what is too large comes back as it was', async () => {
  const large = `${ham}${'A line more.\n'.repeat(30_000)}`
  assert.equal((await spamc([], large)).out, large)
})

test('the request that Exim sends has the answer that Exim reads', async () => {
  const socket = connect(server.port('spamd') ?? 0, '127.0.0.1')
  let answer = ''
  socket.setEncoding('latin1').on('data', (text) => {
    answer += String(text)
  })
  socket.end(`REPORT SPAMC/1.2\r\nUser: nobody\r\nContent-length: ${spam.length}\r\n\r\n${spam}`)
  await once(socket, 'close')
  assert.match(answer, /^SPAMD\/1\.1 0 EX_OK\r\nSpam: True ; \d+\.\d \/ 5\.0\r\n\r\nPostern on /)
})
