/** People and their mail programs (nodemailer) at the submission port: each comes from an address of 127.0.0.0/8, logs in, and sends. */
import SMTPConnection from 'nodemailer/lib/smtp-connection/index.js'

const WAIT_MS = 30_000
const PATIENCE = 3

export type Sent = {
  readonly kind: 'taken' | 'refused' | 'no-login' | 'cut'
  readonly at: number
  readonly ms: number
  readonly says: string
}
export type Person = {
  readonly name: string
  readonly password: string
  readonly ip: string
  readonly port: number
}
export type Letter = { readonly to: readonly string[]; readonly message: string | Uint8Array }
type Client = InstanceType<typeof SMTPConnection>

const asError = (error: unknown): { readonly code: string; readonly says: string } => ({
  code: typeof error === 'object' && error !== null && 'responseCode' in error ? String(error.responseCode) : '',
  says: error instanceof Error ? error.message : String(error),
})

/** @returns the client, logged in; or what the server said. */
const enter = ({ name, password, ip, port }: Person): Promise<Client | string> => {
  const client = new SMTPConnection({
    host: '127.0.0.1',
    port,
    secure: true,
    localAddress: ip,
    tls: { rejectUnauthorized: false },
    connectionTimeout: WAIT_MS,
    socketTimeout: WAIT_MS,
  })
  return new Promise((resolve) => {
    client.on('error', (error) => resolve(asError(error).says))
    client.connect((refused) => {
      if (refused !== undefined && refused !== null) return resolve(refused.message)
      return client.login({ user: name, pass: password }, (error) => {
        if (error === null || error === undefined) return resolve(client)
        client.close()
        return resolve(error.message)
      })
    })
  })
}

const hand = (client: Client, from: string, { to, message }: Letter): Promise<Omit<Sent, 'at' | 'ms'>> =>
  new Promise((resolve) => {
    const cut = (): void => resolve({ kind: 'cut', says: 'the connection was closed' })
    client.once('end', cut)
    client.send({ from, to: [...to] }, typeof message === 'string' ? message : Buffer.from(message), (error, info) => {
      client.removeListener('end', cut)
      if (error === null || error === undefined) return resolve({ kind: 'taken', says: info.response })
      const { code, says } = asError(error)
      return resolve({ kind: code === '' ? 'cut' : 'refused', says })
    })
  })

/** A person's mail program: one connection, opened again when it is lost. */
class Program {
  readonly #person: Person
  #client: Client | undefined

  constructor(person: Person) {
    this.#person = person
  }

  /** @returns what became of it; a message that was cut off is tried once more, as mail programs do. */
  async send(letter: Letter, isAgain = false): Promise<Omit<Sent, 'at' | 'ms'>> {
    const entered = this.#client ?? (await enter(this.#person))
    if (typeof entered === 'string') return { kind: 'no-login', says: entered }
    this.#client = entered
    const sent = await hand(entered, this.#person.name, letter)
    if (sent.kind !== 'cut') return sent
    entered.close()
    this.#client = undefined
    return isAgain ? sent : this.send(letter, true)
  }

  quit(): void {
    this.#client?.quit()
  }
}

/**
 * Sends them one after another. Gives up when it is not let in `PATIENCE` times in a row.
 * @returns what became of each; those that were never tried are `no-login`.
 */
export const sendAll = async (
  person: Person,
  letters: readonly Letter[],
  so: { readonly gapMs?: number } = {},
): Promise<readonly Sent[]> => {
  const all: Sent[] = []
  const program = new Program(person)
  let outside = 0
  for (const letter of letters) {
    const began = performance.now()
    const { kind, says } =
      outside < PATIENCE ? await program.send(letter) : { kind: 'no-login' as const, says: 'not tried any more' }
    outside = kind === 'no-login' ? outside + 1 : 0
    all.push({ kind, says, at: performance.now(), ms: performance.now() - began })
    if (so.gapMs !== undefined) await new Promise((resolve) => setTimeout(resolve, so.gapMs))
  }
  program.quit()
  return all
}
