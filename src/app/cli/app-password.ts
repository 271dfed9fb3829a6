/** `postern account app-password add|list|revoke` and `postern account programs`. */
import * as z from 'zod'
import { appScopes } from '../../post/app-passwords.ts'
import { writeTable } from '../text/table.ts'
import { askAndPrint } from './ask.ts'
import type { Command, Given, Shell } from './command.ts'
import { whereOptions } from './config-file.ts'
import { appPasswordShape } from './shapes.ts'

const addedShape = appPasswordShape.extend({ password: z.string() })
const revokedShape = z.object({ names: z.array(z.string()), sessions: z.number() })

/** @returns so many words, or undefined, and then the operator was told. */
const wordsOf = (given: Given, shell: Shell, command: Command, count: number): readonly string[] | undefined => {
  if (given.words.length === count) return given.words
  shell.err(`postern ${command.usage}: for example \`${command.example}\`\n`)
  return undefined
}

const scopesOf = (given: Given): readonly string[] => {
  const { for: services } = given.values
  return typeof services === 'string' ? services.split(',').map((word) => word.trim()) : ['all']
}

export const appPasswordAdd: Command = {
  usage: 'account app-password add ADDRESS NAME',
  about:
    "Makes a password for one program or device of an account, and shows it this once. It can be revoked without touching the\nothers; whoever steals it gets neither the account's own password nor the rest.",
  options: [
    {
      name: 'for',
      value: 'SERVICES',
      says: `what it opens: ${appScopes.join(', ')}, with commas between`,
      byDefault: 'all',
    },
    ...whereOptions,
  ],
  example: 'postern account app-password add anna@example.org phone --for imap,submission',
  json: true,
  run: async (given, shell) => {
    const [account, label] = wordsOf(given, shell, appPasswordAdd, 2) ?? []
    const scopes = scopesOf(given)
    const wrong = scopes.find((scope) => !appScopes.some((known) => known === scope))
    if (account === undefined || label === undefined) return 2
    if (wrong !== undefined) {
      shell.err(`postern account app-password add: --for takes ${appScopes.join(', ')}, not "${wrong}"\n`)
      return 2
    }
    const request = { verb: 'app-password-add', words: { account, label, scopes } }
    return askAndPrint(given, shell, request, (value) => {
      const { name, password } = addedShape.parse(value)
      return `"${name}" of ${account} has the password\n\n    ${password}\n\nIt is shown only now. Type it with or without the dashes, in place of the account's own.\n`
    })
  },
}

export const appPasswordList: Command = {
  usage: 'account app-password list ADDRESS',
  about: 'Lists the app passwords of an account: what each opens, and when and from where it was used last.',
  options: whereOptions,
  example: 'postern account app-password list anna@example.org',
  json: true,
  run: async (given, shell) => {
    const [account] = wordsOf(given, shell, appPasswordList, 1) ?? []
    if (account === undefined) return 2
    return askAndPrint(given, shell, { verb: 'app-password-list', words: { account } }, (value) =>
      writeTable(
        [
          { head: 'name' },
          { head: 'id' },
          { head: 'opens' },
          { head: 'made' },
          { head: 'last used' },
          { head: 'from' },
        ],
        z
          .array(appPasswordShape)
          .parse(value)
          .map((one) => [
            one.name,
            one.id,
            one.scopes.join(' '),
            one.createdAt.slice(0, 10),
            one.usedAt?.slice(0, 16).replace('T', ' ') ?? 'never',
            one.usedFrom ?? '',
          ]),
      ),
    )
  },
}

export const appPasswordRevoke: Command = {
  usage: 'account app-password revoke ADDRESS NAME',
  about:
    'Ends an app password, by its name or id, and the sessions that are logged in with it. A new one can be made any time.',
  options: [{ name: 'all', says: 'end all of the account, and leave the name out' }, ...whereOptions],
  example: 'postern account app-password revoke anna@example.org phone',
  json: true,
  run: async (given, shell) => {
    const all = given.values['all'] === true
    const [account, which] = wordsOf(given, shell, appPasswordRevoke, all ? 1 : 2) ?? []
    if (account === undefined) return 2
    const words = { account, ...(which === undefined ? {} : { which }) }
    return askAndPrint(given, shell, { verb: 'app-password-revoke', words }, (value) => {
      const { names, sessions } = revokedShape.parse(value)
      const ended = sessions === 0 ? '' : `; ${sessions} sessions ended`
      return names.length === 0 ? `${account} has none\n` : `revoked ${names.join(', ')} of ${account}${ended}\n`
    })
  },
}

const choices = ['any', 'known-networks', 'app-passwords'] as const

export const accountPrograms: Command = {
  usage: 'account programs ADDRESS WITH',
  about: `With what mail programs log in to an account:
  any             an app password or the account's own password
  known-networks  its own password only from addresses where it was used in the last 30 days
  app-passwords   app passwords alone: a stolen or guessed password opens no mail program`,
  options: whereOptions,
  example: 'postern account programs anna@example.org app-passwords',
  json: true,
  run: async (given, shell) => {
    const [account, programs] = wordsOf(given, shell, accountPrograms, 2) ?? []
    if (account === undefined) return 2
    if (!choices.some((choice) => choice === programs)) {
      shell.err(`postern account programs: say one of ${choices.join(', ')}\n`)
      return 2
    }
    const request = { verb: 'account-programs', words: { account, programs } }
    return askAndPrint(given, shell, request, () => `mail programs log in to ${account} with: ${programs}\n`)
  },
}
