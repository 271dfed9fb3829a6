/**
 * The table of IMAP commands: in which state each may come, what may be told with its answer, how its arguments are read, what runs. RFC 9051 section 6 and the
 * extensions named beside their readers. GENURLAUTH, URLFETCH and RESETKEY are refused on purpose (docs/decisions/0010-imap-without-urlauth.md).
 */
import {
  readAuthenticate,
  readEnable,
  readGetMetadata,
  readId,
  readLogin,
  readMailboxWho,
  readName,
  readNotify,
  readSetAcl,
  readSetMetadata,
  readSetQuota,
  readWord,
} from '../../wire/imap/extras.ts'
import { readCopy, readFetch, readStore, readUids } from '../../wire/imap/fetch.ts'
import {
  readCreate,
  readList,
  readLsub,
  readMailbox,
  readNothing,
  readSelect,
  readStatus,
  readTwo,
} from '../../wire/imap/mailbox.ts'
import { readEsearch, readSearch, readSort, readTags, readThread } from '../../wire/imap/search.ts'
import { finish } from './append.ts'
import { copying, expunge, moving, storing, uidExpunge } from './change.ts'
import { cancelUpdate } from './context.ts'
import { fetching } from './fetch.ts'
import { idle, noop } from './idle.ts'
import { list, lsub } from './list.ts'
import {
  authenticate,
  capability,
  compress,
  enable,
  identify,
  login,
  logout,
  startTls,
  unauthenticate,
} from './login.ts'
import { create, namespace, remove, rename, subscribe, unsubscribe } from './mailboxes.ts'
import { getMetadata, setMetadata } from './metadata.ts'
import { notifying } from './notify.ts'
import { deleteAcl, getAcl, getQuota, getQuotaRoot, listRights, myRights, setAcl, setQuota } from './rights.ts'
import { type Row, replies, repliesLate, streams } from './row.ts'
import { multisearch, searching, sorting, threading } from './search.ts'
import { close, examine, select, unselect } from './select.ts'
import { status } from './status.ts'

const appending = (state: 'in' | 'selected'): Row => ({
  state,
  tells: 'all',
  begin: (talk, frame) => {
    const appended = talk.appending
    talk.appending = undefined
    return replies(state, 'all', readNothing, () => finish(talk, appended, frame)).begin(talk, { ...frame, pieces: [] })
  },
})

/** Every command, by its verb. */
export const commands: ReadonlyMap<string, Row> = new Map<string, Row>([
  ['CAPABILITY', replies('any', 'all', readNothing, capability)],
  ['NOOP', replies('any', 'all', readNothing, noop)],
  ['LOGOUT', streams('any', 'nothing', readNothing, logout)],
  ['ID', replies('any', 'all', readId, identify)],
  ['STARTTLS', streams('none', 'nothing', readNothing, startTls)],
  ['LOGIN', streams('none', 'nothing', readLogin, login)],
  ['AUTHENTICATE', streams('none', 'nothing', readAuthenticate, authenticate)],
  ['ENABLE', replies('in', 'all', readEnable, enable)],
  ['COMPRESS', streams('in', 'nothing', readWord, compress)],
  ['UNAUTHENTICATE', replies('in', 'nothing', readNothing, unauthenticate)],
  ['NAMESPACE', replies('in', 'all', readNothing, namespace)],
  ['LIST', streams('in', 'all', readList, list)],
  ['LSUB', replies('in', 'all', readLsub, lsub)],
  ['STATUS', replies('in', 'all', readStatus, status)],
  ['CREATE', replies('in', 'all', readCreate, create)],
  ['DELETE', replies('in', 'all', readMailbox, remove)],
  ['RENAME', replies('in', 'all', readTwo, rename)],
  ['SUBSCRIBE', replies('in', 'all', readMailbox, subscribe)],
  ['UNSUBSCRIBE', replies('in', 'all', readMailbox, unsubscribe)],
  ['SELECT', streams('in', 'nothing', readSelect, select)],
  ['EXAMINE', streams('in', 'nothing', readSelect, examine)],
  ['APPEND', appending('in')],
  ['IDLE', streams('in', 'all', readNothing, idle)],
  ['NOTIFY', streams('in', 'all', readNotify, notifying)],
  ['ESEARCH', streams('in', 'all', readEsearch, multisearch)],
  ['GETQUOTA', replies('in', 'all', readName, getQuota)],
  ['GETQUOTAROOT', replies('in', 'all', readMailbox, getQuotaRoot)],
  ['SETQUOTA', replies('in', 'all', readSetQuota, setQuota)],
  ['GETMETADATA', replies('in', 'all', readGetMetadata, getMetadata)],
  ['SETMETADATA', replies('in', 'all', readSetMetadata, setMetadata)],
  ['SETACL', replies('in', 'all', readSetAcl, setAcl)],
  ['DELETEACL', replies('in', 'all', readMailboxWho, deleteAcl)],
  ['GETACL', replies('in', 'all', readMailbox, getAcl)],
  ['LISTRIGHTS', replies('in', 'all', readMailboxWho, listRights)],
  ['MYRIGHTS', replies('in', 'all', readMailbox, myRights)],
  ['CHECK', replies('selected', 'all', readNothing, noop)],
  ['CLOSE', replies('selected', 'nothing', readNothing, close)],
  ['UNSELECT', replies('selected', 'nothing', readNothing, unselect)],
  ['EXPUNGE', repliesLate('all', readNothing, expunge)],
  ['UID EXPUNGE', repliesLate('all', readUids, uidExpunge)],
  ['FETCH', streams('selected', 'no-expunge', readFetch, fetching(false))],
  ['UID FETCH', streams('selected', 'all', readFetch, fetching(true))],
  ['STORE', streams('selected', 'no-expunge', readStore, storing(false))],
  ['UID STORE', streams('selected', 'all', readStore, storing(true))],
  ['COPY', repliesLate('all', readCopy, copying(false))],
  ['UID COPY', repliesLate('all', readCopy, copying(true))],
  ['MOVE', repliesLate('all', readCopy, moving(false))],
  ['UID MOVE', repliesLate('all', readCopy, moving(true))],
  ['REPLACE', appending('selected')],
  ['UID REPLACE', appending('selected')],
  ['SEARCH', repliesLate('no-expunge', readSearch, searching(false))],
  ['UID SEARCH', repliesLate('all', readSearch, searching(true))],
  ['SORT', repliesLate('no-expunge', readSort, sorting(false))],
  ['UID SORT', repliesLate('all', readSort, sorting(true))],
  ['THREAD', repliesLate('no-expunge', readThread, threading(false))],
  ['UID THREAD', repliesLate('all', readThread, threading(true))],
  ['CANCELUPDATE', replies('selected', 'all', readTags, cancelUpdate)],
])

/** Verbs that name messages by number, which a client that enabled UIDONLY has given up (RFC 9586). */
export const byNumber: ReadonlySet<string> = new Set([
  'FETCH',
  'STORE',
  'COPY',
  'MOVE',
  'REPLACE',
  'SEARCH',
  'SORT',
  'THREAD',
])
