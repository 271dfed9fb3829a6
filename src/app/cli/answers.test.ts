/** What the command line answers to a newcomer: said twice, mistyped, one word too many, nothing there. Without a server, over the store itself. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { commands } from './commands.ts'
import { runCli } from './run.ts'
import { shellOf } from './testing.ts'

const folder = mkdtempSync(join(tmpdir(), 'postern-answers-'))
after(() => rmSync(folder, { recursive: true }))
const config = join(folder, 'postern.toml')
writeFileSync(config, 'host = "mail.here.example"\ndata = "data"\n')
writeFileSync(join(folder, 'password'), 'a long enough password\n')

const type = async (...words: readonly string[]) => {
  const { shell, said } = shellOf()
  return { code: await runCli(commands, words, shell), ...said }
}
const ask = (...words: readonly string[]) => type(...words, '--config', config)

test('who adds a domain, an account or an alias is told what is so now, also the second time', async () => {
  assert.match((await ask('domain', 'add', 'here.example')).out, /^added here\.example\n/)
  assert.match((await ask('domain', 'add', 'Here.example')).out, /^here\.example is served here already\n/)
  assert.equal(JSON.parse((await ask('domain', 'add', 'here.example', '--json')).out).isNew, false)

  const account = ['account', 'add', 'anna@here.example', '--password-file', join(folder, 'password')]
  assert.equal((await ask(...account)).code, 0)
  const again = await ask(...account)
  assert.equal(again.code, 1)
  assert.match(again.err, /anna@here\.example is there already; `postern account password`/)

  const aliases: readonly (readonly [readonly string[], RegExp])[] = [
    [['a@here.example', 'anna@here.example', 'b@c.example'], /^a@here\.example leads to anna@.* and b@c\.example\n$/],
    [['--forward', 'b@here.example', 'b@c.example'], /^b@here\.example has moved: its mail goes on to b@c\.example\n$/],
    [['--spamtrap', 'c@here.example'], /^c@here\.example is a spamtrap: mail for it is spam/],
    [['--reject', 'gone', 'd@here.example'], /^d@here\.example is a refused address: mail for it is refused\n$/],
  ]
  for (const [words, answer] of aliases) assert.match((await ask('alias', 'add', ...words)).out, answer)
})

test('nobody banned is a sentence, and no firewall process is data with --json and exit code 1', async () => {
  assert.equal((await ask('ban', 'list')).out, 'nobody is kept out\n')
  assert.equal((await ask('ban', 'list', '--json')).out, '[]\n')
  const { code, out } = await ask('firewall', 'status', '--json')
  assert.equal(code, 1)
  assert.equal(JSON.parse(out).connected, false)
  assert.match((await ask('firewall', 'status')).err, /no firewall process listens/)
})

test('a mistyped command is told its nearest neighbour, within its family', async () => {
  const typed: readonly (readonly [readonly string[], RegExp])[] = [
    [['queue', 'lsit'], /did you mean "queue list"\?\n\npostern queue is one of:/],
    [['account', 'freez'], /did you mean "account freeze"\?/],
    [['account', 'app-password', 'lst'], /did you mean "account app-password list"\?/],
    [['account', 'app-password'], /^postern account app-password is one of:\n {2}account app-password add +[^\n]+\n/],
    [['acount', 'list'], /did you mean "account list"\?/],
    [['ban', 'list', 'anna'], /^postern ban list: "anna" is not understood; it takes only options\n/],
    [['dkim', 'rotate'], /write DOMAIN, as in `postern dkim rotate example\.org`/],
  ]
  for (const [words, answer] of typed) {
    const { code, err, out } = await type(...words)
    assert.deepEqual([code, out], [2, ''], words.join(' '))
    assert.match(err, answer)
  }
})
