/** `postern dns`: every record that a domain of ours needs, and the MTA-STS policy that goes with them. */
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import * as z from 'zod'
import { fail, ok, type Result } from '../../base/result.ts'
import { writeStsPolicy } from '../../verify/mta-sts.ts'
import { type DnsRow, dnsRecords, writeRecords } from '../dns-records.ts'
import { ownFiles } from '../server/certificates.ts'
import { ownPolicy, POLICY_PATH, policyId } from '../server/trust.ts'
import { trustRows } from '../trust-records.ts'
import { ask } from './ask.ts'
import type { Command, Given, Shell } from './command.ts'
import { type Config, configOf, whereOptions } from './config-file.ts'
import { keyRows } from './dkim.ts'
import { domainShape } from './shapes.ts'

type DomainRecords = {
  readonly domain: string
  readonly records: readonly DnsRow[]
  readonly policy: { readonly url: string; readonly text: string }
  /** What is still to be done before it works. */
  readonly notes: readonly string[]
}

const readPem = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Error) return undefined // not there, or not ours to read
    throw error
  }
}

type Keys = { readonly certificate: string | undefined; readonly nextKey: string | undefined; readonly own: boolean }
const keysOf = (config: Config): Keys => {
  const { certificate, 'next-key': next } = config.settings.tls
  const own = certificate === ''
  const file = own ? ownFiles(config.folder).certificate : config.path(certificate)
  return { own, certificate: readPem(file), nextKey: next === '' ? undefined : readPem(config.path(next)) }
}

const names = (pem: string, host: string): boolean => {
  try {
    return new X509Certificate(pem).checkHost(host) !== undefined
  } catch (error) {
    if (error instanceof Error) return false
    throw error
  }
}

const notesOf = (config: Config, domain: string, keys: Keys): readonly string[] => {
  const { listen, 'mta-sts': sts, tls } = config.settings
  const { certificate, nextKey, own } = keys
  const notes: string[] = []
  if (certificate === undefined)
    notes.push(
      own
        ? 'There is no certificate yet: start the server once, then ask again for the TLSA record.'
        : `The certificate ${tls.certificate} cannot be read, so there is no TLSA record.`,
    )
  if (tls['next-key'] !== '' && nextKey === undefined) notes.push(`The next key ${tls['next-key']} cannot be read.`)
  if (listen.https.length === 0)
    notes.push('Nothing serves the policy yet: write https = ["0.0.0.0:443", "[::]:443"] below [listen].')
  if (own)
    notes.push(
      `The certificate is our own authority's: DANE is content with it; MTA-STS wants one that everybody trusts${sts.mode === 'enforce' ? ', and "enforce" keeps mail away until there is one' : ''}.`,
    )
  else if (certificate !== undefined)
    for (const host of [config.settings.host, `mta-sts.${domain}`])
      if (!names(certificate, host)) notes.push(`The certificate does not name ${host}.`)
  return notes
}

/** @returns the records of one domain; asks the house for its signing keys. */
const recordsOf = async (config: Config, domain: string, shell: Shell): Promise<Result<DomainRecords, string>> => {
  const signing = await ask(config, { verb: 'dkim-records', words: { domain } }, { now: shell.now })
  if (!signing.ok) return signing
  const { host } = config.settings
  const keys = keysOf(config)
  const policy = ownPolicy(config.settings)
  const trust = trustRows({ ...keys, host, domain, policyId: policyId(policy) })
  return ok({
    domain,
    records: dnsRecords(host, domain, [...keyRows(signing.value), ...trust]),
    policy: { url: `https://mta-sts.${domain}${POLICY_PATH}`, text: writeStsPolicy(policy) },
    notes: notesOf(config, domain, keys),
  })
}

const write = ({ domain, records, policy, notes }: DomainRecords): string =>
  [
    `${domain}\n\n${writeRecords(records)}`,
    `\nThe MTA-STS policy, at ${policy.url}:\n\n${policy.text.replaceAll('\r\n', '\n').replaceAll(/^(?=.)/gm, '  ')}`,
    ...(notes.length === 0 ? [] : [`\n${notes.map((note) => `  * ${note}\n`).join('')}`]),
  ].join('')

const domainsOf = async (given: Given, config: Config, shell: Shell): Promise<Result<readonly string[], string>> => {
  const all = await ask(config, { verb: 'domain-list', words: {} }, { now: shell.now })
  if (!all.ok) return all
  const ours = z
    .array(domainShape)
    .parse(all.value)
    .map(({ name }) => name)
  const wanted = given.words.map((word) => word.toLowerCase())
  const stranger = wanted.find((name) => !ours.includes(name))
  if (stranger !== undefined)
    return fail(`${stranger} is no domain of ours; \`postern domain add ${stranger}\` takes it on`)
  return ok(wanted.length > 0 ? wanted : ours)
}

export const dns: Command = {
  usage: 'dns [DOMAIN…]',
  about:
    'Prints every DNS record that a domain needs: MX, SPF, DKIM, DMARC, TLSA for the key in use and the next one, MTA-STS with its policy,\nTLS reports; and says what is still missing. Without a domain: all that are ours.',
  options: whereOptions,
  example: 'postern dns example.org',
  json: true,
  run: async (given, shell) => {
    const config = configOf(given, shell)
    if (config === undefined) return 2
    const domains = await domainsOf(given, config, shell)
    const found: DomainRecords[] = []
    for (const domain of domains.ok ? domains.value : []) {
      const records = await recordsOf(config, domain, shell)
      if (!records.ok) {
        shell.err(`postern: ${records.error}\n`)
        return 1
      }
      found.push(records.value)
    }
    if (!domains.ok) {
      shell.err(`postern: ${domains.error}\n`)
      return 1
    }
    shell.out(given.values['json'] === true ? `${JSON.stringify(found)}\n` : found.map(write).join('\n'))
    return 0
  },
}
