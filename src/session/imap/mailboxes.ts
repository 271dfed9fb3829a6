/**
 * CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE, NAMESPACE. RFC 9051 sections 6.3.4 to 6.3.8 and 6.3.10; RFC 6154 (USE), RFC 8474 (MAILBOXID), RFC 4314
 * (rights k and x). Levels above a new mailbox are made with it. Others' mailboxes can be made below theirs only by their owner.
 */
import type { SpecialUse } from '../../store/store.ts'
import { mayBeName } from '../../wire/imap/mailbox-name.ts'
import type { Reply, Talk } from './state.ts'
import { accountOf, findNamed, findWith, leave, NO_RIGHT, nameOf, OTHERS, wireName } from './talk.ts'
import { wordsFor } from './words.ts'

const uses: readonly SpecialUse[] = ['all', 'archive', 'drafts', 'flagged', 'important', 'junk', 'sent', 'trash']
/** Uses that name a search and not a mailbox. */
const virtual: readonly string[] = ['all', 'flagged']

const useOf = (names: readonly string[]): SpecialUse | undefined | 'none' => {
  if (names.length === 0) return undefined
  const found = uses.find((use) => use === names[0])
  return names.length > 1 || found === undefined || virtual.includes(found) ? 'none' : found
}

/** The levels above a name, outermost first. */
const above = (name: string): readonly string[] => {
  const levels = name.split('/')
  return levels.slice(1).map((_, at) => levels.slice(0, at + 1).join('/'))
}

/** What `making` adds to the subscriptions is taken off again: to subscribe is the client's business (RFC 9051 section 6.3.7). */
const withoutSubscribing = async <T>(talk: Talk, making: () => Promise<T>): Promise<T> => {
  const { store } = talk.deps
  const account = accountOf(talk).id
  const before = await store.subscriptions({ account })
  const made = await making()
  const after = await store.subscriptions({ account })
  if (before.ok && after.ok)
    for (const name of after.value)
      if (!before.value.includes(name)) await store.subscribe({ account, name, on: false })
  return made
}

const makeAbove = async (talk: Talk, name: string): Promise<string | undefined> => {
  for (const level of above(name)) {
    const made = await talk.deps.store.addMailbox({ account: accountOf(talk).id, name: level, now: talk.deps.now() })
    if (!made.ok && made.error !== 'already-exists') return wordsFor(made.error)
  }
  return undefined
}

/** CREATE. A name that ends in `/` is made without it. */
export const create = async (
  talk: Talk,
  args: { readonly mailbox: string; readonly uses: readonly string[] },
): Promise<Reply> => {
  const named = nameOf(talk, args.mailbox.replace(/\/$/, ''))
  if (!named.ok) return ['', named.error]
  const name = named.value
  if (name.startsWith(OTHERS) || `${name}/` === OTHERS) return ['', NO_RIGHT]
  if (!mayBeName(name)) return ['', 'NO [CANNOT] A mailbox cannot have that name']
  const specialUse = useOf(args.uses)
  if (specialUse === 'none') return ['', 'NO [USEATTR] A mailbox cannot have that use']
  const { store, now } = talk.deps
  const account = accountOf(talk).id
  if (specialUse !== undefined) {
    const others = await store.mailboxes({ account })
    if (others.ok && others.value.some((one) => one.specialUse === specialUse))
      return ['', 'NO [USEATTR] Another mailbox has that use']
  }
  const use = specialUse === undefined ? {} : { specialUse }
  const made = await withoutSubscribing(talk, () => store.addMailbox({ account, name, now: now(), ...use }))
  if (!made.ok) return ['', wordsFor(made.error)]
  return ['', `OK [MAILBOXID (${made.value.mailboxId})] Created`]
}

/** DELETE. Where there are others below, the name stays as a level above them (RFC 3501 section 6.3.4). */
export const remove = async (talk: Talk, octets: string): Promise<Reply> => {
  const found = await findWith(talk, octets, 'x')
  if (!found.ok) return ['', found.error]
  const { mailbox } = found.value
  if (mailbox.name === 'INBOX') return ['', 'NO [CANNOT] INBOX stays']
  if (talk.selected?.mailbox.id === mailbox.id) leave(talk)
  const dropped = await talk.deps.store.dropMailbox({ id: mailbox.id, evenAbove: true })
  if (!dropped.ok) return ['', wordsFor(dropped.error)]
  talk.deps.views.forget(mailbox.id)
  return ['', 'OK Deleted']
}

/** RENAME. */
export const rename = async (talk: Talk, [oldOctets, newOctets]: readonly [string, string]): Promise<Reply> => {
  const found = await findWith(talk, oldOctets, 'x')
  if (!found.ok) return ['', found.error]
  const named = nameOf(talk, newOctets.replace(/\/$/, ''))
  if (!named.ok) return ['', named.error]
  const [from, to] = [found.value.name, named.value]
  if (!found.value.mine || to.startsWith(OTHERS) || `${to}/` === OTHERS) return ['', NO_RIGHT]
  if (!mayBeName(to)) return ['', 'NO [CANNOT] A mailbox cannot have that name']
  if (to === from || to === 'INBOX') return ['', wordsFor('already-exists')]
  if (to.startsWith(`${from}/`) && from !== 'INBOX') return ['', 'NO [CANNOT] A mailbox cannot go below itself']
  if ((await findNamed(talk, to)).ok) return ['', wordsFor('already-exists')]
  const stuck = await withoutSubscribing(talk, () => makeAbove(talk, to))
  if (stuck !== undefined) return ['', stuck]
  const done = await talk.deps.store.renameMailbox({ account: accountOf(talk).id, from, to, now: talk.deps.now() })
  if (!done.ok) return ['', wordsFor(done.error)]
  const said = talk.enabled.rev2 ? `* LIST () "/" ${wireName(talk, to)} ("OLDNAME" (${wireName(talk, from)}))\r\n` : ''
  return [said, 'OK Renamed']
}

const subscribing =
  (on: boolean) =>
  async (talk: Talk, octets: string): Promise<Reply> => {
    const named = nameOf(talk, octets)
    if (!named.ok) return ['', named.error]
    if (on) {
      const found = await findNamed(talk, named.value)
      if (!found.ok) return ['', found.error]
    }
    const done = await talk.deps.store.subscribe({ account: accountOf(talk).id, name: named.value, on })
    return ['', done.ok ? `OK ${on ? 'Subscribed' : 'Unsubscribed'}` : wordsFor(done.error)]
  }

/** SUBSCRIBE: only to what is there (RFC 9051 section 6.3.7 allows the check). */
export const subscribe = subscribing(true)
/** UNSUBSCRIBE: also from what is gone. */
export const unsubscribe = subscribing(false)

/** NAMESPACE. */
export const namespace = async (): Promise<Reply> => [
  `* NAMESPACE (("" "/")) (("${OTHERS}" "/")) NIL\r\n`,
  'OK Those are the namespaces',
]
