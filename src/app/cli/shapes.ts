/** The answers of the admin verbs as the commands read them; checked, because they came over a socket. */
import * as z from 'zod'

export const accountShape = z.object({
  name: z.string(),
  state: z.string(),
  quotaBytes: z.number(),
  usedBytes: z.number(),
  messages: z.number(),
  createdAt: z.string(),
})
export const appPasswordShape = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.string()),
  createdAt: z.string(),
  usedAt: z.string().optional(),
  usedFrom: z.string().optional(),
})
export const domainShape = z.object({ name: z.string() })
export const addressShape = z.object({
  address: z.string(),
  state: z.string(),
  targets: z.array(z.string()).optional(),
  says: z.string().optional(),
  from: z.number().optional(),
  until: z.number().optional(),
})
export const banShape = z.object({
  subject: z.string(),
  scope: z.string(),
  offence: z.string(),
  until: z.number(),
  times: z.number(),
  note: z.string().optional(),
})
export const receiptShape = z.object({
  at: z.number(),
  session: z.string(),
  ip: z.string(),
  helo: z.string(),
  mailFrom: z.string(),
  recipients: z.array(z.string()),
  messageId: z.string(),
  subject: z.string(),
  fromHeader: z.string(),
  size: z.number(),
  verdict: z.string(),
  score: z.number(),
  story: z.string(),
})
