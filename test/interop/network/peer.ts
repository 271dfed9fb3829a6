/**
 * Run inside a namespace: a mail server that behaves as it is told, and perhaps a web server with an MTA-STS policy. The words on the command line are one JSON value of type `PeerPlan`; it prints a
 * line of JSON when it is ready and for each message that it took.
 */
import { createServer as createHttpsServer } from 'node:https'
import { createServer, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { TLSSocket } from 'node:tls'
import { newSecureContext } from '../../../src/net/secure.ts'

export type PeerPlan = {
  readonly name: string
  /** No STARTTLS without. */
  readonly tls?: { readonly certificate: string; readonly key: string }
  /** grey: each recipient is put off once. drop: the first message is taken, and the connection ends before the answer. */
  readonly behaves: 'well' | 'grey' | 'drop'
  /** Serves policies, by domain, at mta-sts.DOMAIN. */
  readonly web?: {
    readonly certificate: string
    readonly key: string
    readonly policies: Readonly<Record<string, string>>
  }
}
/** What a peer prints. `dropped`: it had the whole message, and gave no answer. */
export type PeerNews = {
  readonly event: 'ready' | 'message' | 'dropped' | 'put-off' | 'policy'
  readonly peer: string
  readonly to?: string
  readonly subject?: string
  readonly tls?: boolean
}

const plan = JSON.parse(process.argv[2] ?? '{}') as PeerPlan // the test's own words
const tell = (news: Omit<PeerNews, 'peer'>): void => console.log(JSON.stringify({ peer: plan.name, ...news }))

const seen = new Set<string>()
/** Whether this is the first time. */
const first = (key: string): boolean => !seen.has(key) && seen.add(key).has(key)

type Talk = { to: string; data: string[] | undefined; readonly tls: boolean }

const endOfData = (socket: Socket, talk: Talk): void => {
  const subject = /^Subject: (.*)$/im.exec(talk.data?.join('\n') ?? '')?.[1] ?? ''
  const news = { to: talk.to, subject, tls: talk.tls }
  talk.data = undefined
  if (plan.behaves === 'drop' && first(`dropped ${talk.to}`)) {
    tell({ event: 'dropped', ...news })
    socket.destroy()
    return
  }
  tell({ event: 'message', ...news })
  socket.write('250 2.0.0 taken\r\n')
}

/** Answers one line. */
const answer = (socket: Socket, talk: Talk, line: string, secure: () => void): void => {
  if (talk.data !== undefined) {
    if (line === '.') endOfData(socket, talk)
    else talk.data.push(line)
    return
  }
  const verb = line.slice(0, 4).toUpperCase()
  const offers = plan.tls === undefined || talk.tls ? '' : '250-STARTTLS\r\n'
  if (verb === 'EHLO') socket.write(`250-${plan.name}\r\n${offers}250-ENHANCEDSTATUSCODES\r\n250 8BITMIME\r\n`)
  else if (verb === 'STAR') {
    socket.write('220 2.0.0 go ahead\r\n')
    secure()
  } else if (verb === 'RCPT') {
    talk.to = /<([^>]*)>/.exec(line)?.[1] ?? ''
    const isPutOff = plan.behaves === 'grey' && first(`grey ${talk.to}`)
    if (isPutOff) tell({ event: 'put-off', to: talk.to })
    socket.write(isPutOff ? '451 4.7.1 Greylisted, please come back later\r\n' : '250 2.1.5 fine\r\n')
  } else if (verb === 'DATA') {
    talk.data = []
    socket.write('354 go ahead\r\n')
  } else if (verb === 'QUIT') socket.end('221 2.0.0 bye\r\n')
  else socket.write('250 2.0.0 fine\r\n')
}

const serve = (raw: Socket, tls: boolean): void => {
  const talk: Talk = { to: '', data: undefined, tls }
  raw.on('error', () => undefined)
  const lines = createInterface({ input: raw })
  lines.on('line', (line) =>
    answer(raw, talk, line, () => {
      lines.close()
      raw.removeAllListeners('data')
      if (plan.tls !== undefined)
        serve(new TLSSocket(raw, { isServer: true, secureContext: newSecureContext(plan.tls) }), true)
    }),
  )
}

const smtp = createServer((socket) => {
  socket.write(`220 ${plan.name} ESMTP\r\n`)
  serve(socket, false)
})
smtp.listen(25, '::', () => {
  const { web } = plan
  if (web === undefined) return tell({ event: 'ready' })
  createHttpsServer({ cert: web.certificate, key: web.key }, (request, response) => {
    const policy = web.policies[(request.headers.host ?? '').replace(/^mta-sts\./, '')]
    const found = policy !== undefined && request.url === '/.well-known/mta-sts.txt'
    if (found) tell({ event: 'policy', to: request.headers.host ?? '' })
    response.writeHead(found ? 200 : 404, { 'content-type': 'text/plain' }).end(found ? policy : '')
  }).listen(443, '::', () => tell({ event: 'ready' }))
})
process.on('SIGTERM', () => process.exit(0))
