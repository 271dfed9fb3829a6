/** The demo's senders at work: real SMTP connections, each from its sender's own loopback address. */
import { dial } from '../../net/client.ts'
import { openSmtp } from '../../session/smtp-client/client.ts'
import type { DemoDelivery } from './senders.ts'
import { type DemoKey, signDemo } from './sign.ts'
import { demoSelector } from './zone.ts'

const AT_ONCE = 12
const WAIT_MS = 60_000

/** What the sender saw. `barred`: the connection was closed without a word. */
export type Sent = {
  readonly delivery: DemoDelivery
  readonly outcome: 'taken' | 'refused' | 'later' | 'barred' | 'lost'
  readonly reply: string
}

const kindOf = (code: number): Sent['outcome'] => (code < 300 ? 'taken' : code < 500 ? 'later' : 'refused')

type To = { readonly port: number; readonly key: DemoKey }

const deliver = async (delivery: DemoDelivery, to: To): Promise<Omit<Sent, 'delivery'>> => {
  const { sender, message } = delivery
  const connection = await dial({
    host: '127.0.0.1',
    port: to.port,
    localAddress: sender.ip,
    connectMs: WAIT_MS,
    waitMs: WAIT_MS,
  })
  if (!connection.ok) return { outcome: connection.error === 'closed' ? 'barred' : 'lost', reply: connection.error }
  const link = connection.value
  try {
    const secure = () => link.secure({ verify: false })
    const client = await openSmtp(
      { some: link.some, send: link.send, secure },
      { name: sender.host, tls: 'if-offered' },
    )
    if (!client.ok) {
      if (client.error.kind === 'refused') return { outcome: 'refused', reply: client.error.reply.lines.join(' ') }
      return { outcome: 'barred', reply: client.error.kind }
    }
    const octets = sender.signs ? signDemo(message.bytes, sender.domain, demoSelector, to.key) : message.bytes
    const sent = await client.value.send({ from: delivery.mailFrom, to: [delivery.recipient], message: octets })
    if (!sent.ok) return { outcome: 'lost', reply: sent.error.kind }
    if (sent.value.untried !== undefined) return { outcome: 'lost', reply: sent.value.untried }
    const last = sent.value.message ?? sent.value.data ?? sent.value.recipients[0] ?? sent.value.sender
    const failed = [sent.value.sender, ...sent.value.recipients].find(
      (reply) => reply !== undefined && reply.code >= 400,
    )
    const telling = failed ?? last
    await client.value.quit()
    return telling === undefined
      ? { outcome: 'lost', reply: '' }
      : { outcome: kindOf(telling.code), reply: `${telling.code} ${telling.lines.join(' ')}` }
  } finally {
    link.destroy()
  }
}

/** Sends them all, some at once, in their order. @param told hears of each. @returns what became of each, in order of their ends. */
export const sendAll = async (
  deliveries: readonly DemoDelivery[],
  to: To,
  told: (sent: Sent, done: number) => void,
  stopped: () => boolean,
): Promise<readonly Sent[]> => {
  const all: Sent[] = []
  let next = 0
  const work = async (): Promise<void> => {
    while (next < deliveries.length && !stopped()) {
      const delivery = deliveries[next]
      next += 1
      if (delivery === undefined) return
      const sent = { delivery, ...(await deliver(delivery, to)) }
      all.push(sent)
      told(sent, all.length)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return all
}
