/** `postern account add|list|password|quota|remove`; frozen.ts has freeze and thaw. */
import * as z from 'zod'
import { readSize, writeSize } from '../settings/kinds.ts'
import { writeTable } from '../text/table.ts'
import { ask, askAndPrint } from './ask.ts'
import type { Command, Given, Shell } from './command.ts'
import { configOf, whereOptions } from './config-file.ts'
import { secretOf, secretOptions } from './secret.ts'
import { accountShape } from './shapes.ts'

const room = (octets: number): string => (octets === 0 ? 'no limit' : writeSize(octets))
const used = (octets: number): string => `${(octets / 1_048_576).toFixed(1)} MB`

const oneName = (given: Given, shell: Shell, usage: string): string | undefined => {
  const [name, ...more] = given.words
  if (name !== undefined && more.length === 0) return name
  shell.err(`postern ${usage}: name one address, as in anna@example.org\n`)
  return undefined
}

/** Asks for a verb that takes a password, and shows the password when it was made here. */
const withSecret = async (given: Given, shell: Shell, name: string, verb: string, done: string): Promise<number> => {
  const config = configOf(given, shell)
  if (config === undefined) return 2
  const secret = await secretOf(given, shell)
  if (!secret.ok) {
    shell.err(`postern: ${secret.error}\n`)
    return 2
  }
  const { password, made } = secret.value
  const words = { name, password, ...(verb === 'account-add' ? { quotaBytes: config.settings.quota } : {}) }
  const answer = await ask(config, { verb, words }, { now: shell.now, make: true })
  if (!answer.ok) {
    shell.err(`postern: ${answer.error}\n`)
    return 1
  }
  if (given.values['json'] === true)
    shell.out(`${JSON.stringify({ ...accountShape.parse(answer.value), ...(made ? { password } : {}) })}\n`)
  else shell.out(`${done} ${name}\n${made ? `password: ${password}\nIt is shown only now.\n` : ''}`)
  return 0
}

export const accountAdd: Command = {
  usage: 'account add ADDRESS',
  about:
    'Makes an account with its mailboxes; mail for the address is delivered there. The domain must be served here.\nWithout an option a password is made and shown once.',
  options: [...secretOptions, ...whereOptions],
  example: 'postern account add anna@example.org',
  json: true,
  run: async (given, shell) => {
    const name = oneName(given, shell, 'account add')
    return name === undefined ? 2 : withSecret(given, shell, name, 'account-add', 'added')
  },
}

export const accountPassword: Command = {
  usage: 'account password ADDRESS',
  about:
    'Gives an account another password; sessions that are open go on. Without an option one is made and shown once.',
  options: [...secretOptions, ...whereOptions],
  example: 'postern account password anna@example.org',
  json: true,
  run: async (given, shell) => {
    const name = oneName(given, shell, 'account password')
    return name === undefined ? 2 : withSecret(given, shell, name, 'account-password', 'changed the password of')
  },
}

export const accountList: Command = {
  usage: 'account list',
  about: 'Lists the accounts: state, messages, room used and allowed.',
  options: whereOptions,
  example: 'postern account list --json',
  json: true,
  run: (given, shell) =>
    askAndPrint(given, shell, { verb: 'account-list', words: {} }, (value) =>
      writeTable(
        [
          { head: 'account' },
          { head: 'state' },
          { head: 'messages', right: true },
          { head: 'used', right: true },
          { head: 'room', right: true },
        ],
        z
          .array(accountShape)
          .parse(value)
          .map((one) => [one.name, one.state, String(one.messages), used(one.usedBytes), room(one.quotaBytes)]),
      ),
    ),
}

export const accountQuota: Command = {
  usage: 'account quota ADDRESS SIZE',
  about: 'Sets the room for the mail of an account; "0 B" is no limit.',
  options: whereOptions,
  example: 'postern account quota anna@example.org "20 GB"',
  json: true,
  run: async (given, shell) => {
    const [name, ...size] = given.words
    const quotaBytes = readSize(size.join(' '))
    if (name === undefined || quotaBytes === undefined) {
      shell.err('postern account quota: name an address and a size, as in anna@example.org "20 GB"\n')
      return 2
    }
    const request = { verb: 'account-quota', words: { name, quotaBytes } }
    return askAndPrint(given, shell, request, () => `${name} has ${room(quotaBytes)}\n`)
  },
}

export const accountRemove: Command = {
  usage: 'account remove ADDRESS',
  about: 'Removes an account with all its mail, for good, and the addresses that lead to it.',
  options: [{ name: 'yes', says: 'remove it: there is no undo' }, ...whereOptions],
  example: 'postern account remove anna@example.org --yes',
  json: true,
  run: async (given, shell) => {
    const name = oneName(given, shell, 'account remove')
    if (name === undefined) return 2
    if (given.values['yes'] !== true) {
      shell.err(
        `postern: this removes ${name} and all its mail for good. Say --yes to do it; \`postern account freeze ${name}\` only closes it.\n`,
      )
      return 2
    }
    return askAndPrint(given, shell, { verb: 'account-remove', words: { name } }, () => `removed ${name}\n`)
  },
}
