/** `postern domain add|list|remove`: the domains whose mail is taken here. */
import * as z from 'zod'
import { dnsRecords, writeRecords } from '../dns-records.ts'
import { ask, askAndPrint } from './ask.ts'
import type { Command, Given, Shell } from './command.ts'
import { configOf, whereOptions } from './config-file.ts'
import { keyRows } from './dkim.ts'
import { domainShape } from './shapes.ts'

const oneDomain = (given: Given, shell: Shell, usage: string): string | undefined => {
  const [name, ...more] = given.words
  if (name !== undefined && more.length === 0) return name.toLowerCase()
  shell.err(`postern ${usage}: name one domain, as in example.org\n`)
  return undefined
}

export const domainAdd: Command = {
  usage: 'domain add DOMAIN',
  about: 'Takes on a domain: mail for its addresses is accepted from now on. Prints the DNS records that it needs.',
  options: whereOptions,
  example: 'postern domain add example.org',
  json: true,
  run: async (given, shell) => {
    const name = oneDomain(given, shell, 'domain add')
    const config = configOf(given, shell)
    if (name === undefined || config === undefined) return 2
    const so = { now: shell.now, make: true }
    const added = await ask(config, { verb: 'domain-add', words: { name } }, so)
    const keys = added.ok ? await ask(config, { verb: 'dkim-records', words: { domain: name } }, so) : added
    if (!added.ok || !keys.ok) {
      shell.err(`postern: ${added.ok ? '' : added.error}${keys.ok ? '' : keys.error}\n`)
      return 1
    }
    const { isNew } = z.object({ isNew: z.boolean() }).parse(added.value)
    const records = dnsRecords(config.settings.host, name, keyRows(keys.value))
    if (given.values['json'] === true) shell.out(`${JSON.stringify({ name, isNew, records })}\n`)
    else
      shell.out(
        `${isNew ? `added ${name}` : `${name} is served here already`}\n\nIts DNS records:\n${writeRecords(records)}`,
      )
    return 0
  },
}

export const domainList: Command = {
  usage: 'domain list',
  about: 'Lists the domains whose mail is taken here.',
  options: whereOptions,
  example: 'postern domain list',
  json: true,
  run: (given, shell) =>
    askAndPrint(given, shell, { verb: 'domain-list', words: {} }, (value) =>
      z
        .array(domainShape)
        .parse(value)
        .map(({ name }) => `${name}\n`)
        .join(''),
    ),
}

export const domainRemove: Command = {
  usage: 'domain remove DOMAIN',
  about: 'Gives up a domain that has no addresses left.',
  options: whereOptions,
  example: 'postern domain remove example.org',
  json: true,
  run: async (given, shell) => {
    const name = oneDomain(given, shell, 'domain remove')
    if (name === undefined) return 2
    return askAndPrint(given, shell, { verb: 'domain-remove', words: { name } }, () => `removed ${name}\n`)
  },
}
