/**
 * NOTIFY: what happens in other mailboxes is told unasked. RFC 5465. The bell says that something changed; the list of mailboxes as it was told last is held
 * against the list as it is, and the difference is told: STATUS, LIST, METADATA. A slow client loses nothing but intermediate states.
 */
import type { MailboxId } from '../../base/ids.ts'
import type { Mailbox } from '../../store/store.ts'
import type { EventGroup, NotifyArguments, NotifyEvent } from '../../wire/imap/extras.ts'
import type { MailboxFilter } from '../../wire/imap/search.ts'
import { writeAstring } from '../../wire/imap/write.ts'
import type { Running } from './row.ts'
import type { Notify, Seen, Talk } from './state.ts'
import { ALL_RIGHTS, accountOf, nameOf, sharedWith, wireName } from './talk.ts'
import type { MetadataChange } from './view.ts'

const supported: readonly NotifyEvent[] = [
  'MESSAGENEW',
  'MESSAGEEXPUNGE',
  'FLAGCHANGE',
  'MAILBOXNAME',
  'SUBSCRIPTIONCHANGE',
  'MAILBOXMETADATACHANGE',
  'SERVERMETADATACHANGE',
]

const spelled =
  'MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange MailboxMetadataChange ServerMetadataChange'

const own = async (talk: Talk): Promise<readonly Mailbox[]> => {
  const answer = await talk.deps.store.mailboxes({ account: accountOf(talk).id })
  return answer.ok ? answer.value : []
}

const selectedId = (talk: Talk): MailboxId | undefined => talk.selected?.mailbox.id

/** Whether a filter means this mailbox. Names were read once, by `readFilters`. */
type Meant = (mailbox: Pick<Mailbox, 'id' | 'name' | 'subscribed'>) => boolean

const meant = (talk: Talk, filter: MailboxFilter): Meant => {
  if (filter.which === 'selected' || filter.which === 'selected-delayed') return ({ id }) => id === selectedId(talk)
  if (filter.which === 'inboxes') return ({ name }) => name === 'INBOX'
  if (filter.which === 'personal') return () => true
  if (filter.which === 'subscribed') return ({ subscribed }) => subscribed
  const names = filter.names.map((octets) => nameOf(talk, octets)).flatMap((name) => (name.ok ? [name.value] : []))
  if (filter.which === 'mailboxes') return ({ name }) => names.includes(name)
  const below = (name: string, top: string): boolean =>
    top === '' ||
    name === top ||
    (name.startsWith(`${top}/`) && (filter.which === 'subtree' || !name.slice(top.length + 1).includes('/')))
  return ({ name }) => names.some((top) => below(name, top))
}

/** @returns the mailboxes that filters mean, each once; undefined where the selected one is meant and there is none. */
export const filteredMailboxes = async (
  talk: Talk,
  filters: readonly MailboxFilter[],
): Promise<readonly Seen[] | undefined> => {
  if (filters.some(({ which }) => which === 'selected') && talk.selected === undefined) return undefined
  const mine = (await own(talk)).map(
    (mailbox): Seen => ({ mailbox, name: mailbox.name, rights: ALL_RIGHTS, mine: true }),
  )
  const others = (await sharedWith(talk)).filter((seen) => seen.rights.includes('r'))
  const tests = filters.map((filter) => ({ test: meant(talk, filter), personal: filter.which === 'personal' }))
  return [...mine, ...others].filter((seen) =>
    tests.some(({ test, personal }) => (seen.mine || !personal) && test({ ...seen.mailbox, name: seen.name })),
  )
}

/** RFC 5465 sections 5.1 to 5.3: the counts, and the mod-sequence where changes of flags were asked for. */
const statusOf = (talk: Talk, mailbox: Mailbox, events: readonly NotifyEvent[]): string => {
  const withModSeq = events.includes('FLAGCHANGE') || talk.enabled.condstore
  const modSeq = withModSeq ? ` HIGHESTMODSEQ ${Math.max(1, mailbox.highestModSeq)}` : ''
  const { messages, uidNext, uidValidity, unseen } = mailbox
  const counts = `MESSAGES ${messages} UIDNEXT ${uidNext} UIDVALIDITY ${uidValidity} UNSEEN ${unseen}`
  return `* STATUS ${wireName(talk, mailbox.name)} (${counts}${modSeq})\r\n`
}

/** The first group that means a mailbox says which events of it are told (RFC 5465 section 3.1). */
const groupOf = (talk: Talk, notify: Pick<Notify, 'groups'>, mailbox: Mailbox): EventGroup | undefined =>
  notify.groups.find(
    (group) =>
      !(group.mailboxes.which.startsWith('selected') && mailbox.id !== selectedId(talk)) &&
      meant(talk, group.mailboxes)(mailbox),
  )

/** NOTIFY. */
export async function* notifying(talk: Talk, args: NotifyArguments): Running {
  talk.notify?.stop()
  talk.notify = undefined
  if (args === null) return 'OK Nothing is told unasked now'
  const unknown = args.groups.some(
    (group) => group.unknown.length > 0 || group.events.some((event) => !supported.includes(event)),
  )
  if (unknown) return `NO [BADEVENT (${spelled})] There are only those events`
  const mailboxes = await own(talk)
  const metadata: MetadataChange[] = []
  const stopWatching = talk.deps.views.watch(accountOf(talk).id, (change) => {
    if ('entries' in change) {
      if (metadata.length < 1000) metadata.push(change)
    }
    notify.dirty = true
    talk.ring()
  })
  const notify: Notify = {
    groups: args.groups,
    known: new Map(mailboxes.map((mailbox) => [mailbox.id, mailbox])),
    metadata,
    dirty: false,
    stop: stopWatching,
  }
  talk.notify = notify
  if (args.status)
    for (const mailbox of mailboxes) {
      const group = groupOf(talk, notify, mailbox)
      if (mailbox.id !== selectedId(talk) && group?.events.includes('MESSAGENEW') === true)
        yield statusOf(talk, mailbox, group.events)
    }
  return 'OK Changes are told unasked now'
}

const listed = (talk: Talk, attributes: string, name: string, more = ''): string =>
  `* LIST (${attributes}) "/" ${wireName(talk, name)}${more}\r\n`

const differences = (talk: Talk, notify: Notify, before: Mailbox | undefined, after: Mailbox): string => {
  const events = groupOf(talk, notify, after)?.events ?? []
  let out = ''
  if (events.includes('MAILBOXNAME') && before?.name !== after.name) {
    const old = before === undefined ? '' : ` ("OLDNAME" (${wireName(talk, before.name)}))`
    out += listed(talk, after.subscribed ? '\\Subscribed' : '', after.name, old)
  }
  if (before === undefined)
    return out + (events.includes('MESSAGENEW') && after.messages > 0 ? statusOf(talk, after, events) : '')
  if (events.includes('SUBSCRIPTIONCHANGE') && before.subscribed !== after.subscribed)
    out += listed(talk, after.subscribed ? '\\Subscribed' : '', after.name)
  const moved = before.messages !== after.messages || before.uidNext !== after.uidNext
  const flagged = before.highestModSeq !== after.highestModSeq
  if (after.id === selectedId(talk)) return out
  if ((moved && events.includes('MESSAGENEW')) || (!moved && flagged && events.includes('FLAGCHANGE')))
    out += statusOf(talk, after, events)
  return out
}

const metadataTold = (talk: Talk, notify: Notify): string =>
  notify.metadata
    .splice(0)
    .map((change) => {
      const mailbox = change.mailbox === null ? undefined : notify.known.get(change.mailbox)
      const wants =
        mailbox === undefined
          ? notify.groups.some(({ events }) => events.includes('SERVERMETADATACHANGE'))
          : groupOf(talk, notify, mailbox)?.events.includes('MAILBOXMETADATACHANGE') === true
      if (!wants || (change.mailbox !== null && mailbox === undefined)) return ''
      const name = mailbox === undefined ? '""' : wireName(talk, mailbox.name)
      return `* METADATA ${name} ${change.entries.map(writeAstring).join(' ')}\r\n`
    })
    .join('')

/** @returns what happened in other mailboxes since the last time, as untagged responses. */
export const tellNotify = async (talk: Talk): Promise<string> => {
  const { notify } = talk
  if (notify === undefined || !notify.dirty) return ''
  notify.dirty = false
  const now = await own(talk)
  const known = new Map(now.map((mailbox) => [mailbox.id, mailbox]))
  let out = ''
  for (const before of notify.known.values())
    if (!known.has(before.id) && groupOf(talk, notify, before)?.events.includes('MAILBOXNAME') === true)
      out += listed(talk, '\\NonExistent', before.name)
  for (const after of now) out += differences(talk, notify, notify.known.get(after.id), after)
  notify.known = known
  return out + metadataTold(talk, notify)
}

/** What NOTIFY says of the selected mailbox: whether changes are told at once, EXPUNGE too, and what is told of a new message. */
export const selectedGroup = (
  talk: Talk,
): { readonly atOnce: boolean; readonly expunge: boolean; readonly fetch: EventGroup['fetch'] } => {
  const group = talk.notify?.groups.find(({ mailboxes }) => mailboxes.which.startsWith('selected'))
  return {
    atOnce: group?.events.includes('MESSAGENEW') === true,
    expunge: group?.mailboxes.which === 'selected',
    fetch: group?.fetch ?? [],
  }
}
