/** Run inside a namespace: asks the resolver at 127.0.0.1 with our own stub, and prints each answer as a line of JSON. Words: NAME TYPE, any number of times. */
import type { DnsType } from '../../../src/base/dns.ts'
import { createResolver } from '../../../src/net/dns/resolver.ts'

const resolver = createResolver({ servers: [{ ip: '127.0.0.1', port: 53 }] })
const words = process.argv.slice(2)
for (let at = 0; at + 1 < words.length; at += 2)
  console.log(JSON.stringify(await resolver.resolve(words[at] ?? '', (words[at + 1] ?? 'A') as DnsType))) // the caller's words
resolver.close()
