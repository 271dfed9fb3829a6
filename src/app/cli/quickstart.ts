/** `postern quickstart`: from nothing to a server that can be started: configuration, store, domain, account, traps, and what to do next. */
import { randomInt } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { ok, type Result } from '../../base/result.ts'
import { readAddress } from '../../post/accounts.ts'
import { type DnsRow, dnsRecords, writeRecords } from '../dns-records.ts'
import { writeConfig } from '../settings/describe.ts'
import { settingsSchema } from '../settings/schema.ts'
import { ask } from './ask.ts'
import type { Command, Given, Shell } from './command.ts'
import { FILE_NAME, loadConfig } from './config-file.ts'
import { keyRows } from './dkim.ts'
import { secretOf, secretOptions } from './secret.ts'

const FIRST = ['sales', 'jsmith', 'webadmin', 'mary', 'accounts', 'dave', 'support', 'peter']
/** Two names that nobody has: plausible to a list seller, unknown to people. */
const trapNames = (): readonly string[] => {
  const at = randomInt(FIRST.length)
  return [0, 1].map((step) => `${FIRST[(at + step) % FIRST.length] ?? 'sales'}.${randomInt(1970, 2010)}`)
}

type Plan = { readonly file: string; readonly address: string; readonly host: string; readonly domain: string }

const planOf = (given: Given): Plan | string => {
  const [word, ...more] = given.words
  const address = word === undefined || more.length > 0 ? undefined : readAddress(word)
  if (address === undefined || address.startsWith('@')) return 'name your own address, as in you@example.org'
  const domain = address.slice(address.lastIndexOf('@') + 1)
  const host = given.values['host']
  const file = given.values['config']
  return {
    file: resolve(typeof file === 'string' ? file : FILE_NAME),
    address,
    domain,
    host: typeof host === 'string' ? host : `mail.${domain}`,
  }
}

const next = (
  plan: Plan,
  password: string | undefined,
  traps: readonly string[],
  records: readonly DnsRow[],
): string => `
Wrote ${plan.file}: every setting is in it, with its default.
Added the domain ${plan.domain} and the account ${plan.address}.
${password === undefined ? '' : `\n    password: ${password}\n\nIt is shown only now; \`postern account password ${plan.address}\` makes another.\n`}
Two addresses that nobody has ever used are spamtraps from today: ${traps.join(', ')}.
Mail for them is spam, teaches the filter, and bans its sender. Put them where only robots look.

DNS records to add for ${plan.domain}:

${writeRecords(records)}
And where the address of this server is registered (your provider's panel), its reverse name: ${plan.host}

Next:
  1. postern config check${plan.file === resolve(FILE_NAME) ? '' : ` ${plan.file}`}
  2. postern serve        (ports below 1024 need root or CAP_NET_BIND_SERVICE; docs/running.md has a systemd unit)
  3. Put a certificate for ${plan.host} into [tls]. Until then the server makes one that mail programs warn about.
  4. In your mail program: IMAP, ${plan.host}, port 993, SSL/TLS, user ${plan.address}
     and for sending: SMTP, ${plan.host}, port 465, SSL/TLS, the same user and password
`

/** Makes the domain with its signing keys, the account and the traps. @returns the records of the keys, or what went wrong. */
const fill = async (
  plan: Plan,
  shell: Shell,
  password: string,
  traps: readonly string[],
): Promise<Result<readonly DnsRow[], string>> => {
  const config = loadConfig(plan.file)
  if (!config.ok) return config
  const requests = [
    { verb: 'domain-add', words: { name: plan.domain } },
    { verb: 'account-add', words: { name: plan.address, password, quotaBytes: config.value.settings.quota } },
    ...traps.map((address) => ({ verb: 'alias-put', words: { address, state: 'spamtrap' } })),
  ]
  for (const request of requests) {
    const answer = await ask(config.value, request, { now: shell.now, make: true })
    if (!answer.ok) return answer
  }
  const keys = await ask(config.value, { verb: 'dkim-records', words: { domain: plan.domain } }, { now: shell.now })
  return keys.ok ? ok(keyRows(keys.value)) : keys
}

export const quickstart: Command = {
  usage: 'quickstart ADDRESS',
  about:
    'Writes a documented configuration, makes the mail store with your domain and account, and prints the DNS records and what to do next.\nWrites nothing over: where there is a configuration already it stops.',
  options: [
    { name: 'host', value: 'NAME', says: "this server's own name", byDefault: 'mail.YOUR-DOMAIN' },
    { name: 'config', value: 'FILE', says: 'where the configuration goes', byDefault: `./${FILE_NAME}` },
    ...secretOptions,
  ],
  example: 'postern quickstart you@example.org',
  json: true,
  run: async (given, shell) => {
    const plan = planOf(given)
    if (typeof plan === 'string') {
      shell.err(`postern quickstart: ${plan}\n`)
      return 2
    }
    if (existsSync(plan.file)) {
      shell.err(
        `postern: ${plan.file} is there already. \`postern serve\` starts with it; to begin anew, move it away.\n`,
      )
      return 1
    }
    const secret = await secretOf(given, shell)
    if (!secret.ok) {
      shell.err(`postern: ${secret.error}\n`)
      return 2
    }
    mkdirSync(dirname(plan.file), { recursive: true })
    const text = writeConfig(
      settingsSchema,
      { host: plan.host, data: 'postern-data', postmaster: plan.address },
      'Postern',
    )
    writeFileSync(plan.file, text, { mode: 0o640, flag: 'wx' })
    const traps = trapNames().map((name) => `${name}@${plan.domain}`)
    const keys = await fill(plan, shell, secret.value.password, traps)
    if (!keys.ok) {
      shell.err(`postern: ${keys.error}\n`)
      return 1
    }
    const password = secret.value.made ? secret.value.password : undefined
    const records = dnsRecords(plan.host, plan.domain, keys.value)
    if (given.values['json'] === true) shell.out(`${JSON.stringify({ ...plan, password, traps, records })}\n`)
    else shell.out(next(plan, password, traps, records))
    return 0
  },
}
