import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import * as files from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { keys as pairs, relaxField } from '../../test/verify-sign.ts'
import { type Table, zoneOf } from '../../test/verify-zone.ts'
import type { EventName } from '../base/events.ts'
import type { Fields } from '../base/log.ts'
import { openInline } from '../store/sqlite/inline.ts'
import type { Store } from '../store/store.ts'
import { verifyDkim } from '../verify/dkim.ts'
import { readMessage } from '../verify/fields.ts'
import { openSigning, type Signing, type SigningDeps } from './signing.ts'
import { piecesOver } from './spool-files.ts'

const DAY = 86_400_000
const START = Date.UTC(2026, 10, 25)
const folder = mkdtempSync(join(tmpdir(), 'postern-signing-'))
after(() => rmSync(folder, { recursive: true, force: true }))

type Told = { readonly name: EventName; readonly fields: Fields }
type Scene = {
  readonly signing: Signing
  readonly store: Store
  readonly deps: SigningDeps
  readonly told: Told[]
  readonly table: Record<string, Table[string]>
  readonly pass: (ms: number) => void
  /** Publishes all that `records` wants. */
  readonly obey: () => void
}
const scene = async (over: Partial<SigningDeps> = {}, domains: readonly string[] = ['example.org']): Promise<Scene> => {
  const opened = openInline({ folder: ':memory:' })
  assert.ok(opened.ok)
  const store = opened.value
  after(() => store.close())
  for (const name of domains) await store.putDomain({ name, settings: '{}' })
  let now = START
  const told: Told[] = []
  const table: Record<string, Table[string]> = {}
  const deps: SigningDeps = {
    store,
    // Two RSA keys are enough for all tests: making one takes a while.
    makeKey: async (algorithm) => {
      const pair = algorithm === 'rsa-sha256' ? pairs.rsa : pairs.ed
      return String(pair.privateKey.export({ type: 'pkcs8', format: 'pem' }))
    },
    resolve: (name, type) => zoneOf(table)(name, type),
    publish: () => undefined,
    rules: () => ({
      everyMs: 180 * DAY,
      settleMs: 3_600_000,
      overlapMs: 12 * DAY,
      revokedMs: 30 * DAY,
      patienceMs: 21_600_000,
    }),
    on: () => true,
    now: () => now,
    pieces: piecesOver(files),
    log: { event: (name, fields) => void told.push({ name, fields }) },
    ...over,
  }
  const signing = openSigning(deps)
  assert.ok((await signing.load()).ok)
  const obey = (): void => {
    for (const { name, value, todo } of signing.records())
      if (todo === 'remove') delete table[name]
      else table[name] = { TXT: [value] }
  }
  const pass = (ms: number): void => {
    now += ms
  }
  return { signing, store, deps, told, table, pass, obey }
}
const signs = ({ signing }: Scene): readonly string[] =>
  signing
    .records()
    .filter((key) => key.signs)
    .map((key) => key.selector)
const states = ({ signing }: Scene): readonly string[] =>
  signing.records().map(({ selector, state }) => `${selector} ${state}`)

const text =
  'From: Anna <anna@example.org>\r\nTo: carl@elsewhere.example\r\nSubject: Hi\r\nDate: Wed, 25 Nov 2026 10:00:00 +0000\r\n\r\nHow  are you?\r\n'
const given = (message: string) => ({ bytes: Buffer.from(message, 'latin1'), size: message.length })
const verdicts = async (world: Scene, message: string): Promise<readonly string[]> =>
  (await verifyDkim(readMessage(Buffer.from(message, 'latin1')), zoneOf(world.table), { now: world.deps.now() })).map(
    ({ result, domain, algorithm }) => `${algorithm} ${domain} ${result}`,
  )
const both = (domain: string, word: string): readonly string[] => [
  `rsa-sha256 ${domain} ${word}`,
  `ed25519-sha256 ${domain} ${word}`,
]

test('a domain gets two keys, which sign only once their records are seen', async () => {
  const world = await scene()
  await world.signing.tend()
  assert.deepEqual(states(world), ['r20261125 next', 'e20261125 next'])
  assert.equal(await world.signing.sign({ domain: 'example.org', message: given(text), prefix: '' }), '')
  assert.deepEqual(
    world.told.filter(({ name }) => name === 'dkim-record-wanted').map(({ fields }) => fields['todo']),
    ['add', 'add'],
  )
  world.obey()
  await world.signing.tend()
  assert.deepEqual(signs(world), ['r20261125', 'e20261125'])
  const field = await world.signing.sign({ domain: 'example.org', message: given(text), prefix: '' })
  assert.deepEqual(await verdicts(world, field + text), both('example.org', 'pass'))
  assert.deepEqual(await verdicts(world, `${field}${text}more\r\n`), both('example.org', 'fail'))
})

test('fields that are put in front are signed with the message, and again in front of one that has none', async () => {
  const world = await scene()
  await world.signing.tend()
  world.obey()
  await world.signing.tend()
  const prefix = 'Received: by mail.example.org; now\r\nMessage-ID: <1@example.org>\r\n'
  const field = await world.signing.sign({ domain: 'example.org', message: given(text), prefix })
  assert.deepEqual(await verdicts(world, field + prefix + text), both('example.org', 'pass'))
  assert.deepEqual(await verdicts(world, field + prefix.replace('<1@', '<2@') + text), both('example.org', 'fail'))
  const [first] = field.split('DKIM-Signature:').slice(1)
  assert.match(relaxField(`DKIM-Signature:${first ?? ''}`).replaceAll(' ', ''), /from:from:.*message-id:message-id:/)
  const bare = await world.signing.sign({
    domain: 'example.org',
    message: given('\r\nbody'),
    prefix: `${text.split('\r\n\r\n')[0]}\r\n`,
  })
  assert.deepEqual(
    await verdicts(world, `${bare}${text.split('\r\n\r\n')[0]}\r\n\r\nbody`),
    both('example.org', 'pass'),
  )
})

test('a body in a spool file is signed as the same body in memory, wherever its pieces end', async () => {
  const world = await scene()
  await world.signing.tend()
  world.obey()
  await world.signing.tend()
  const long = `${text}${'line of a long letter  \t\r\n'.repeat(40_000)}\r\n\r\n`
  const file = join(folder, 'long.spool')
  writeFileSync(file, long, 'latin1')
  const message = { file, size: long.length }
  const whole = await world.signing.sign({ domain: 'example.org', message: given(long), prefix: 'X: y\r\n' })
  assert.equal(await world.signing.sign({ domain: 'example.org', message, prefix: 'X: y\r\n' }), whole)
  assert.deepEqual(await verdicts(world, `${whole}X: y\r\n${long}`), both('example.org', 'pass'))
  for (const size of [1, 7, 64]) {
    const cut = openSigning({
      ...world.deps,
      pieces: async function* () {
        const octets = Buffer.from(text, 'latin1')
        for (let at = 0; at < octets.length; at += size) yield octets.subarray(at, at + size)
      },
    })
    await cut.load()
    await cut.tend()
    assert.equal(
      await cut.sign({ domain: 'example.org', message: { file: 'any', size: text.length }, prefix: '' }),
      await world.signing.sign({ domain: 'example.org', message: given(text), prefix: '' }),
    )
  }
})

test('a subdomain is signed for by the domain above it that is served, a stranger by nobody', async () => {
  const world = await scene({}, ['example.org', 'own.example.org'])
  await world.signing.tend()
  for (const { name, value, domain } of world.signing.records())
    if (domain === 'example.org') world.table[name] = { TXT: [value] }
  await world.signing.tend()
  for (const [domain, want] of [
    ['lists.example.org', 'example.org'],
    ['own.example.org', 'example.org'], // until its own keys are seen
    ['EXAMPLE.org', 'example.org'],
    ['ample.org', undefined],
    ['org', undefined],
    ['', undefined],
  ] as const) {
    const field = await world.signing.sign({ domain, message: given(text), prefix: '' })
    assert.equal(/ d=([^;]*);/.exec(field)?.[1], want, domain)
  }
  world.obey()
  await world.signing.tend()
  assert.match(
    await world.signing.sign({ domain: 'own.example.org', message: given(text), prefix: '' }),
    / d=own\.example\.org;/,
  )
})

test('what cannot be signed goes out unsigned, and the log says why', async () => {
  const world = await scene()
  await world.signing.tend()
  world.obey()
  await world.signing.tend()
  const sign = (message: Parameters<Signing['sign']>[0]['message']) =>
    world.signing.sign({ domain: 'example.org', message, prefix: '' })
  assert.equal(await sign(given('Subject: no author\r\n\r\n')), '')
  assert.equal(await sign({ file: join(folder, 'not-there'), size: 5 }), '')
  assert.equal(await sign(given(`${'X: y\r\n'.repeat(3_000)}${text}`)), '')
  const why = world.told.filter(({ name }) => name === 'dkim-unsigned').map(({ fields }) => String(fields['why']))
  assert.ok(why.includes('no-from') && why.includes('message-cut') && why.some((one) => one.includes('ENOENT')))
})

test('keys outlive the server, and no private half is kept of a revoked one', async () => {
  const world = await scene()
  await world.signing.tend()
  world.obey()
  await world.signing.tend()
  const again = openSigning(world.deps)
  assert.ok((await again.load()).ok)
  assert.deepEqual(again.records(), world.signing.records())
  assert.notEqual(await again.sign({ domain: 'example.org', message: given(text), prefix: '' }), '')
  world.pass(DAY)
  await world.signing.rotate('example.org', true)
  world.obey()
  await world.signing.tend()
  const memos = await world.store.recall({ space: 'dkim', now: START })
  assert.ok(memos.ok)
  const kept = memos.value.map(({ value }) => JSON.parse(Buffer.from(value).toString('utf8')))
  assert.deepEqual(kept.map((one) => [one.state, one.privateKey !== '']).toSorted(), [
    ['active', true],
    ['active', true],
    ['revoked', false],
    ['revoked', false],
  ])
})

test('the whole life of a key, the owner doing what the records say', async () => {
  const world = await scene()
  const tend = async (): Promise<readonly string[]> => {
    await world.signing.tend()
    return states(world).filter((one) => one.startsWith('r'))
  }
  await tend()
  world.obey()
  assert.deepEqual(await tend(), ['r20261125 active'])
  world.pass(180 * DAY)
  assert.deepEqual(await tend(), ['r20261125 active', 'r20270524 next'])
  world.pass(300 * DAY)
  assert.deepEqual(await tend(), ['r20261125 active', 'r20270524 next'])
  world.obey()
  await tend()
  world.pass(3_600_000)
  assert.deepEqual(await tend(), ['r20261125 retiring', 'r20270524 active'])
  world.pass(12 * DAY)
  assert.deepEqual(await tend(), ['r20261125 revoked', 'r20270524 active'])
  assert.equal(world.signing.records().find(({ state }) => state === 'revoked')?.todo, 'replace')
  world.obey()
  world.pass(30 * DAY)
  assert.deepEqual(await tend(), ['r20261125 gone', 'r20270524 active'])
  await tend()
  assert.equal(world.signing.records().find(({ state }) => state === 'gone')?.todo, 'remove')
  world.obey()
  assert.deepEqual(await tend(), ['r20270524 active'])
})

test('a record that goes stops the signing after some patience, and no answer does not', async () => {
  const world = await scene()
  await world.signing.tend()
  world.obey()
  await world.signing.tend()
  const kept = { ...world.table }
  for (const name of Object.keys(kept)) world.table[name] = 'servfail'
  world.pass(100 * DAY)
  await world.signing.tend()
  assert.equal(signs(world).length, 2)
  for (const name of Object.keys(kept)) delete world.table[name]
  await world.signing.tend()
  assert.equal(signs(world).length, 2)
  world.pass(21_600_000)
  await world.signing.tend()
  assert.equal(signs(world).length, 0)
  Object.assign(world.table, kept)
  await world.signing.tend()
  assert.equal(signs(world).length, 2)
})

test('a publishing program is called for what is missing, and the rest goes by itself', async () => {
  const calls: string[] = []
  const world: { scene?: Scene } = {}
  const publish: NonNullable<ReturnType<SigningDeps['publish']>> = async ({ act, name, value }) => {
    calls.push(`${act} ${name}`)
    const table = world.scene?.table
    if (table === undefined) return false
    if (act === 'add') table[name] = { TXT: [value] }
    else delete table[name]
    return true
  }
  world.scene = await scene({ publish: () => publish })
  const { signing, pass } = world.scene
  const years = async (days: number): Promise<void> => {
    for (let day = 0; day < days; day += 1) {
      pass(DAY)
      await signing.tend()
    }
  }
  await years(2)
  assert.deepEqual(signs(world.scene), ['r20261126', 'e20261126'])
  await years(240)
  assert.equal(signs(world.scene).length, 2)
  assert.ok(signing.records().every(({ state, selector }) => state === 'active' && selector !== 'r20261126'))
  assert.deepEqual(
    Object.keys(world.scene.table).toSorted(),
    signing
      .records()
      .map(({ name }) => name)
      .toSorted(),
  )
  assert.deepEqual(
    calls.filter((call) => call.includes('r20261126')).map((call) => call.split(' ')[0]),
    ['add', 'remove', 'add', 'remove'],
  )
})

test('a program that fails is called again after an hour, and no oftener', async () => {
  let calls = 0
  const world = await scene({
    publish: () => async () => {
      calls += 1
      return false
    },
  })
  for (let minute = 0; minute < 61; minute += 1) {
    await world.signing.tend()
    world.pass(60_000)
  }
  assert.equal(calls, 4)
  assert.equal(world.told.filter(({ name }) => name === 'dkim-publish-failed').length, 4)
})

const pemOf = (pair: { readonly privateKey: (typeof pairs.rsa)['privateKey'] }): string =>
  String(pair.privateKey.export({ type: 'pkcs8', format: 'pem' }))
for (const [name, domain, selector, pem, want] of [
  ['of a stranger', 'stranger.example', 'mail', pemOf(pairs.rsa), 'no-such-domain'],
  ['under no selector', 'example.org', 'a b', pemOf(pairs.rsa), 'bad-selector'],
  ['that is too weak', 'example.org', 'mail', pemOf(pairs.rsa2), 'key-too-weak'],
  ['that is none', 'example.org', 'mail', 'hello', 'key-unreadable'],
  ['under a selector that is there', 'example.org', 'r20261125', pemOf(pairs.rsa), 'already-exists'],
] as const)
  test(`a key ${name} is not taken over`, async () => {
    const world = await scene()
    await world.signing.tend()
    const taken = await world.signing.take(domain, selector, pem)
    assert.deepEqual(taken, { ok: false, error: want })
    assert.equal(world.signing.records().length, 2)
  })

test('a key of the server before this one signs at once where its record stands', async () => {
  const world = await scene()
  await world.signing.tend()
  world.table['mail._domainkey.example.org'] = { TXT: [world.signing.records()[0]?.value ?? ''] }
  assert.ok((await world.signing.take('example.org', 'mail', pemOf(pairs.rsa))).ok)
  assert.deepEqual(states(world), ['e20261125 next', 'mail active'])
})

test('a store that refuses loses no key and makes no second one', async () => {
  const world = await scene()
  const broken = openSigning({
    ...world.deps,
    store: { ...world.store, domains: world.store.domains, remember: async () => ({ ok: false, error: 'disk-full' }) },
  })
  assert.deepEqual(await broken.tend(), { ok: false, error: 'disk-full' })
  assert.deepEqual(broken.records(), [])
})

test('signing can be switched off', async () => {
  const world = await scene({ on: () => false })
  await world.signing.tend()
  world.obey()
  await world.signing.tend()
  assert.equal(await world.signing.sign({ domain: 'example.org', message: given(text), prefix: '' }), '')
})
