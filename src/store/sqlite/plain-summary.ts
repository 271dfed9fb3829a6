/** A summary that says nothing of a message but its size: what stands in where none was given and no reader of messages is at hand. Pure. */
import type { Summary } from '../../mime/summary.ts'

export const plainSummary = (message: Uint8Array): Summary => ({
  envelope: '(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)',
  body: `("TEXT" "PLAIN" ("CHARSET" "us-ascii") NIL NIL "8BIT" ${message.length} 0)`,
  bodystructure: `("TEXT" "PLAIN" ("CHARSET" "us-ascii") NIL NIL "8BIT" ${message.length} 0 NIL NIL NIL NIL)`,
  preview: '',
  subject: '',
  baseSubject: '',
  sentAt: null,
  sentDay: '',
  messageId: '',
  references: [],
  from: '',
  to: '',
  cc: '',
  bcc: '',
  sortFrom: '',
  sortTo: '',
  sortCc: '',
  displayFrom: '',
  displayTo: '',
  attachments: 0,
  parts: [],
})
