/** Run inside Postern's namespace: hands messages over on port 587 as a mail program does. Standard input is one JSON value of type `Submission`; prints the last reply to each message, a line each. */
import { readFileSync } from 'node:fs'
import { type Connection, dial } from '../../../src/net/client.ts'

export type Submission = {
  readonly user: string
  readonly password: string
  readonly mail: readonly { readonly to: string; readonly subject: string }[]
}

const { user, password, mail } = JSON.parse(readFileSync(0, 'utf8')) as Submission // the test's own words

const reply = async (smtp: Connection): Promise<string> => {
  for (;;) {
    const line = await smtp.line()
    if (!line.ok) return `closed: ${line.error}`
    if (line.value[3] !== '-') return line.value
  }
}
const dialled = await dial({ host: '127.0.0.1', port: 587 })
if (!dialled.ok) throw new Error(`no submission port: ${dialled.error}`)
const smtp = dialled.value
const say = async (text: string): Promise<string> => {
  await smtp.send(`${text}\r\n`)
  return reply(smtp)
}
await reply(smtp)
await say('EHLO laptop.us.test')
const login = await say(`AUTH PLAIN ${Buffer.from(`\0${user}\0${password}`).toString('base64')}`)
if (!login.startsWith('235')) throw new Error(login)
for (const { to, subject } of mail) {
  const text = `From: Anna <${user}>\r\nTo: <${to}>\r\nSubject: ${subject}\r\n\r\nHello, about ${subject}.\r\n`
  const replies = [await say(`MAIL FROM:<${user}>`), await say(`RCPT TO:<${to}>`)]
  replies.push(replies[1]?.startsWith('250') === true ? await say('DATA') : '')
  console.log(replies[2]?.startsWith('354') === true ? await say(`${text}.`) : replies.join(' '))
  if (replies[2]?.startsWith('354') !== true) await say('RSET')
}
await say('QUIT')
smtp.destroy()
