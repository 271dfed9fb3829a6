/** `postern dkim list|records|rotate|import`: the keys that mail is signed with, and the DNS records that they need. */
import { readFileSync } from 'node:fs'
import * as z from 'zod'
import { type DnsRow, txtRow, writeRecords } from '../dns-records.ts'
import { writeTable } from '../text/table.ts'
import { askAndPrint } from './ask.ts'
import type { Command, Given, Shell } from './command.ts'
import { whereOptions } from './config-file.ts'

const keyShape = z.object({
  domain: z.string(),
  selector: z.string(),
  algorithm: z.string(),
  state: z.string(),
  since: z.number(),
  signs: z.boolean(),
  name: z.string(),
  value: z.string(),
  todo: z.enum(['add', 'replace', 'remove', 'nothing']),
})
type Key = z.output<typeof keyShape>

const todoWords: Readonly<Record<Key['todo'], string>> = {
  add: 'add it',
  replace: 'put this in place of the old value',
  remove: 'remove it',
  nothing: 'seen in the DNS',
}
/** @returns the rows of the records that an answer of the admin verbs holds. */
export const keyRows = (value: unknown): readonly DnsRow[] =>
  z
    .array(keyShape)
    .parse(value)
    .map(({ name, value: text, algorithm, state, todo }) =>
      txtRow(name, text, `DKIM, ${algorithm}, ${state}: ${todoWords[todo]}`),
    )

const writeKeys = (value: unknown): string => {
  const keys = z.array(keyShape).parse(value)
  if (keys.length === 0) return 'no keys yet; the server makes them when it starts\n'
  return writeTable(
    [{ head: 'domain' }, { head: 'selector' }, { head: 'kind' }, { head: 'state' }, { head: 'since' }, { head: 'DNS' }],
    keys.map((key) => [
      key.domain,
      key.selector,
      key.algorithm,
      key.signs ? `${key.state}, signs` : key.state,
      new Date(key.since).toISOString().slice(0, 10),
      key.todo === 'nothing' ? 'as it should be' : `to do: ${todoWords[key.todo]}`,
    ]),
  )
}

const writeTodo = (value: unknown): string => {
  const open = z
    .array(keyShape)
    .parse(value)
    .filter(({ todo }) => todo !== 'nothing')
  return open.length === 0
    ? `${writeRecords(keyRows(value))}\nAll of it is in the DNS; there is nothing to do.\n`
    : `${writeRecords(keyRows(value))}\nA key signs as soon as its record is seen in the DNS; it is looked for every five minutes.\n`
}

/** @returns the words, as many as there should be; undefined when there are others, and then it was said. */
const wordsOf = (
  given: Given,
  shell: Shell,
  usage: string,
  names: string,
  example: string,
): readonly string[] | undefined => {
  if (given.words.length === names.split(' ').length) return given.words
  shell.err(`postern ${usage}: write ${names}, as in \`${example}\`\n`)
  return undefined
}

export const dkimList: Command = {
  usage: 'dkim list',
  about:
    'Lists the keys that mail is signed with. next: waits for its record; active: signs; retiring: is published until late mail was\nverified; revoked: published without its key; gone: its record can be removed.',
  options: whereOptions,
  example: 'postern dkim list',
  json: true,
  run: (given, shell) => askAndPrint(given, shell, { verb: 'dkim-list', words: {} }, writeKeys),
}

export const dkimRecords: Command = {
  usage: 'dkim records DOMAIN',
  about: 'Looks for the DNS records of the signing keys of a domain, and prints them with what is to be done.',
  options: whereOptions,
  example: 'postern dkim records example.org',
  json: true,
  run: async (given, shell) => {
    const words = wordsOf(given, shell, 'dkim records', 'DOMAIN', dkimRecords.example)
    if (words === undefined) return 2
    return askAndPrint(given, shell, { verb: 'dkim-records', words: { domain: words[0] } }, writeTodo)
  },
}

export const dkimRotate: Command = {
  usage: 'dkim rotate DOMAIN',
  about:
    'Makes successors for the signing keys of a domain and prints their records. They take over an hour after their records are seen;\nthe old ones stay published for twelve days. The server does this by itself as often as [dkim] rotate says.',
  options: [
    {
      name: 'now',
      says: 'the old keys may be in wrong hands: the new ones sign as soon as they are seen, and the old ones are revoked then',
    },
    ...whereOptions,
  ],
  example: 'postern dkim rotate example.org',
  json: true,
  run: async (given, shell) => {
    const words = wordsOf(given, shell, 'dkim rotate', 'DOMAIN', dkimRotate.example)
    if (words === undefined) return 2
    const request = { verb: 'dkim-rotate', words: { domain: words[0], now: given.values['now'] === true } }
    return askAndPrint(given, shell, request, writeTodo)
  },
}

const readKeyFile = (file: string, shell: Shell): string | undefined => {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    shell.err(`postern: cannot read ${file}: ${error instanceof Error ? error.message : 'unknown'}\n`)
    return undefined
  }
}

export const dkimImport: Command = {
  usage: 'dkim import DOMAIN SELECTOR FILE',
  about:
    'Takes over a private key (PEM, RSA of 2,048 bits or more, or Ed25519) that a server before this one signed with. Where its record is\nin the DNS it signs at once, or takes over from the key of its kind in an hour.',
  options: whereOptions,
  example: 'postern dkim import example.org mail /etc/dkimkeys/mail.private',
  json: true,
  run: async (given, shell) => {
    const words = wordsOf(given, shell, 'dkim import', 'DOMAIN SELECTOR FILE', dkimImport.example)
    const key = words === undefined ? undefined : readKeyFile(words[2] ?? '', shell)
    if (words === undefined || key === undefined) return 2
    const [domain, selector] = words
    return askAndPrint(given, shell, { verb: 'dkim-import', words: { domain, selector, key } }, writeTodo)
  },
}
