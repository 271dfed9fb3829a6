/** A disk that fills up while mail comes in: what was answered with 250 is there, the rest is put off with 452, and mail is taken again when there is room. Needs root, for a small file system of its own. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openImap } from '../../bench/load/imap.ts'
import { smtpLoad } from '../../bench/load/smtp.ts'
import { DOMAIN, PASSWORD, startPostern } from '../../bench/postern.ts'

const PORT = 25_600

test('a full disk defers, loses nothing, and is got over', async (t) => {
  if (userInfo().uid !== 0) return t.skip('mounting needs root')
  const folder = mkdtempSync(join(tmpdir(), 'postern-full-'))
  const data = join(folder, 'data')
  mkdirSync(data)
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', data], { encoding: 'utf8' })
  if (mounted.status !== 0) {
    rmSync(folder, { recursive: true, force: true })
    return t.skip(`cannot mount: ${mounted.stderr}`)
  }
  const ballast = join(data, 'ballast')
  const server = await startPostern({ portBase: PORT, users: 1, folder, quiet: true })
  t.after(async () => {
    await server.stop()
    spawnSync('umount', [data])
    rmSync(folder, { recursive: true, force: true })
  })
  const noise = (n: number): Buffer =>
    Buffer.from(
      `From: a@b.example\r\nSubject: ${n}\r\n\r\n${randomBytes(24_000).toString('base64').replaceAll(/.{76}/g, '$&\r\n')}\r\n`,
    )
  const taken: number[] = []
  const send = (from: number, count: number) =>
    smtpLoad({
      host: '127.0.0.1',
      port: server.smtp,
      sessions: 4,
      messages: count,
      size: 0,
      to: () => [`user0@${DOMAIN}`],
      message: (n) => noise(from + n),
      accepted: (n) => taken.push(from + n),
    })
  writeFileSync(ballast, Buffer.alloc(2_500_000))
  const full = await send(0, 400)
  assert.ok(full.accepted > 0 && full.accepted < 400, `${full.accepted} were taken`)
  const answers = [...full.refused.keys()]
  assert.ok(answers.length > 0 && answers.every((line) => /^45[12] 4\.3\.[0-9]/.test(line)), answers.join(' | '))
  rmSync(ballast)
  const after = await send(1000, 5)
  assert.equal(after.accepted, 5, [...after.refused.keys()].join(' | '))
  const imap = await openImap({
    host: '127.0.0.1',
    port: server.imap,
    tls: false,
    user: `user0@${DOMAIN}`,
    password: PASSWORD,
    mailbox: 'INBOX',
  })
  const { text } = await imap.command('FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)])', { keep: true })
  imap.close()
  const found = new Set([...text.matchAll(/^Subject: (\d+)\r$/gm)].map(([, n]) => Number(n)))
  assert.deepEqual(
    taken.filter((n) => !found.has(n)),
    [],
    'acknowledged and missing',
  )
})
