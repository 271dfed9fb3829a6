/**
 * A SASL exchange as a session leads it, whatever the protocol: base64 lines out and in, keys and passwords asked of the house, the outcome at its end.
 * RFC 4422 section 3; the mechanisms are in wire/sasl. Refused on purpose: acting as another user (an authorization identity that is not the user).
 */
import type { Peer } from '../base/act.ts'
import { type Exchange, readBase64Line, readMechanism, startExchange, type Turn } from '../wire/sasl/sasl.ts'
import type { Login, LoginOutcome, Scram } from './login.ts'

export type SaslHouse = { readonly login: Login; readonly scram?: Scram }
/** Why an exchange came to no login. */
export type SaslFault = 'no-mechanism' | 'cancelled' | 'not-base64' | 'endless'
/** How an exchange ends: a login that was decided, or none. */
export type SaslEnd = LoginOutcome | { readonly unfinished: SaslFault }

/** A mechanism has at most three turns; the bound is for what it might become. */
const MOST_TURNS = 8

const refusedTurn = (house: SaslHouse, peer: Peer, turn: Extract<Turn, { turn: 'failed' }>): Promise<LoginOutcome> =>
  turn.user === '' ? Promise.resolve({ kind: 'bad-credentials' }) : house.login(turn.user, { proven: false }, peer)

/** The outcome that a turn leads to, or undefined where the exchange goes on with `turn` said. */
const outcomeOf = (house: SaslHouse, peer: Peer, turn: Turn): Promise<LoginOutcome> | undefined => {
  if (turn.turn === 'password') {
    const other = turn.authzid !== '' && turn.authzid.toLowerCase() !== turn.user.toLowerCase()
    if (other) return Promise.resolve({ kind: 'bad-credentials' })
    return house.login(turn.user, { password: turn.password }, peer)
  }
  if (turn.turn === 'proven') return house.login(turn.user, { proven: true }, peer)
  return turn.turn === 'failed' ? refusedTurn(house, peer, turn) : undefined
}

const withKeys = async (house: SaslHouse, exchange: Exchange, turn: Turn): Promise<Turn> =>
  turn.turn === 'keys' ? exchange.keys((await house.scram?.keys(turn.user)) ?? null) : turn

/**
 * @param name of the mechanism, in any case. @param initial the initial response in base64 (`=` for an empty one), where one came with the command.
 * @returns a generator that yields base64 to say and is given the client's next line (`*` cancels), and returns how it ended.
 */
export async function* saslExchange(
  house: SaslHouse,
  peer: Peer,
  name: string,
  initial: string | undefined,
): AsyncGenerator<string, SaslEnd, string> {
  const mechanism = readMechanism(name)
  const { scram } = house
  if (mechanism === undefined || (mechanism.startsWith('SCRAM') && scram === undefined))
    return { unfinished: 'no-mechanism' }
  const exchange = startExchange(mechanism, {
    bindings: peer.tls?.bindings ?? {},
    nonce: scram?.nonce ?? (() => ''),
    secret: scram?.secret ?? new Uint8Array(0),
  })
  let line = initial
  let say = exchange.open
  for (let turns = 0; turns < MOST_TURNS; turns += 1) {
    line ??= yield Buffer.from(say).toString('base64')
    if (line === '*') return { unfinished: 'cancelled' }
    const bytes = readBase64Line(line)
    if (bytes === undefined) return { unfinished: 'not-base64' }
    const turn = await withKeys(house, exchange, exchange.hear(bytes))
    const outcome = await outcomeOf(house, peer, turn)
    if (outcome !== undefined) return outcome
    if (turn.turn === 'say') say = turn.bytes
    line = undefined
  }
  return { unfinished: 'endless' }
}
