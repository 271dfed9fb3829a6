/**
 * Passwords at rest: argon2id as a PHC string (RFC 9106; parameters as a table), and beside it the keys that SCRAM-SHA-256 needs
 * (RFC 5802 section 3, RFC 7677), one line for both so that a change is one write. Salts are parameters. The hashing runs in the
 * thread pool, never on the event loop.
 *
 * What is typed is prepared first: the OpaqueString profile for argon2 (RFC 8265 section 4.2: spaces and NFC), NFKC for SCRAM
 * (RFC 4013, which clients of SCRAM apply). Refused on purpose: empty passwords, and those longer than MOST_PASSWORD octets.
 */
import { argon2, createHash, createHmac, pbkdf2, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

const MOST_PASSWORD = 1_024 // octets; more is somebody making us hash a book
export const SALT_OCTETS = 16
const HASH_OCTETS = 32

/** RFC 9106 section 4 asks for more memory than a small machine has to give at eight logins at once; these are OWASP's for that case. */
const argonParameters = { memory: 19_456, passes: 2, parallelism: 1 } as const
/** Between RFC 7677's 4,096 and what a phone's mail program computes in the blink of an eye. */
const SCRAM_ITERATIONS = 32_768

/** Structurally wire/sasl/scram.ts's type of the same name. */
export type ScramKeys = {
  readonly salt: Uint8Array
  readonly iterations: number
  readonly storedKey: Uint8Array
  readonly serverKey: Uint8Array
}

type Argon = { readonly memory: number; readonly passes: number; readonly parallelism: number }
const hash = promisify(argon2)
const stretch = promisify(pbkdf2)

const opaque = (password: string): string => password.replaceAll(/\p{Zs}/gu, ' ').normalize('NFC')
const saslPrepared = (password: string): string => password.replaceAll(/\p{Zs}/gu, ' ').normalize('NFKC')

/** Whether a password can be one at all. */
export const isPossible = (password: string): boolean =>
  password !== '' && Buffer.byteLength(password, 'utf8') <= MOST_PASSWORD && !password.includes('\0')

const argonOf = (password: string, nonce: Uint8Array, how: Argon): Promise<Buffer> =>
  hash('argon2id', { message: Buffer.from(opaque(password), 'utf8'), nonce, tagLength: HASH_OCTETS, ...how })

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64').replace(/=+$/, '')
const hmac = (key: Uint8Array, text: string): Buffer => createHmac('sha256', key).update(text).digest()

/** The keys that SCRAM needs of a password. */
const scramKeysOf = async (password: string, salt: Uint8Array, iterations: number): Promise<ScramKeys> => {
  const salted = await stretch(Buffer.from(saslPrepared(password), 'utf8'), salt, iterations, 32, 'sha256')
  const clientKey = hmac(salted, 'Client Key')
  const storedKey = createHash('sha256').update(clientKey).digest()
  return { salt, iterations, storedKey, serverKey: hmac(salted, 'Server Key') }
}

/**
 * @param salts fresh octets, SALT_OCTETS for each of the two.
 * @returns what is stored: `$argon2id$v=19$m=…,t=…,p=…$salt$hash $scram-sha-256$i=…$salt$storedKey$serverKey`.
 */
export const writePassword = async (
  password: string,
  salts: readonly [Uint8Array, Uint8Array],
  how: Argon = argonParameters,
): Promise<string> => {
  const [digest, scram] = await Promise.all([
    argonOf(password, salts[0], how),
    scramKeysOf(password, salts[1], SCRAM_ITERATIONS),
  ])
  const phc = `$argon2id$v=19$m=${how.memory},t=${how.passes},p=${how.parallelism}$${base64(salts[0])}$${base64(digest)}`
  return `${phc} $scram-sha-256$i=${scram.iterations}$${base64(scram.salt)}$${base64(scram.storedKey)}$${base64(scram.serverKey)}`
}

const PHC = /^\$argon2id\$v=19\$m=(\d{1,8}),t=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{43})$/
const SCRAM = /^\$scram-sha-256\$i=(\d{1,8})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{43})\$([A-Za-z0-9+/]{43})$/

type ReadHash = { readonly how: Argon; readonly salt: Buffer; readonly digest: Buffer }
const readHash = (stored: string): ReadHash | undefined => {
  const [, memory, passes, parallelism, salt = '', digest = ''] = PHC.exec(stored.split(' ')[0] ?? '') ?? []
  if (memory === undefined) return undefined
  const how = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) }
  return { how, salt: Buffer.from(salt, 'base64'), digest: Buffer.from(digest, 'base64') }
}

/** @returns the SCRAM keys in what is stored, null where there are none. */
export const readScramKeys = (stored: string): ScramKeys | null => {
  const [, iterations, salt = '', storedKey = '', serverKey = ''] = SCRAM.exec(stored.split(' ')[1] ?? '') ?? []
  if (iterations === undefined) return null
  const read = (text: string): Buffer => Buffer.from(text, 'base64')
  return { salt: read(salt), iterations: Number(iterations), storedKey: read(storedKey), serverKey: read(serverKey) }
}

/** Keys for a name that does not exist, the same at each try, so that an answer does not tell who exists. */
export const decoyScramKeys = (user: string, secret: Uint8Array): ScramKeys => ({
  salt: hmac(secret, `salt ${user}`).subarray(0, SALT_OCTETS),
  iterations: SCRAM_ITERATIONS,
  storedKey: hmac(secret, `stored ${user}`),
  serverKey: hmac(secret, `server ${user}`),
})

const decoySalt = Buffer.alloc(SALT_OCTETS)

/**
 * @param stored what `writePassword` gave; undefined for a user who does not exist, and then it takes as long and is false.
 * @returns whether the password is the one; false for stored text that cannot be read.
 */
export const isPassword = async (password: string, stored: string | undefined): Promise<boolean> => {
  const read = stored === undefined ? undefined : readHash(stored)
  if (read === undefined) {
    await argonOf(password, decoySalt, argonParameters)
    return false
  }
  return timingSafeEqual(await argonOf(password, read.salt, read.how), read.digest)
}

/** Whether what is stored was made with other parameters than today's. */
export const isOutdated = (stored: string): boolean => {
  const how = readHash(stored)?.how
  return (
    how === undefined ||
    how.memory !== argonParameters.memory ||
    how.passes !== argonParameters.passes ||
    how.parallelism !== argonParameters.parallelism ||
    readScramKeys(stored)?.iterations !== SCRAM_ITERATIONS
  )
}
