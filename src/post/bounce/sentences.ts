/**
 * Data: the words of our delivery reports for people, all in one place: for each class of refusal and each finer detail what happened and what to do,
 * and whose matter it is. Short sentences for somebody who knows nothing of mail servers; English.
 */
import type { BounceClass, BounceDetail, Classified } from './said.ts'

export type Facts = {
  /** The recipient's domain. */
  readonly domain: string
  /** Our own name. */
  readonly host: string
}
type Sentences = { readonly what: (facts: Facts) => string; readonly todo: (facts: Facts) => string }

const tell = (what: (facts: Facts) => string, todo: (facts: Facts) => string): Sentences => ({ what, todo })
const admin = ({ host }: Facts): string =>
  `Please forward this report to whoever looks after ${host}; sending the message again will not help before that is mended.`
const askByOtherWays = (): string =>
  'Tell the recipient by another way, and let them ask whoever looks after their mail to let you through.'

export const ofClass: Readonly<Record<BounceClass, Sentences>> = {
  'unknown-user': tell(
    ({ domain }) => `There is no such address at ${domain}.`,
    () => 'Check the spelling of the address. If it is right, ask the recipient by another way for the new one.',
  ),
  full: tell(
    () => "The recipient's mailbox is full.",
    () => 'Tell the recipient by another way; once there is room again, send the message once more.',
  ),
  policy: tell(({ domain }) => `The rules of ${domain} do not allow this message.`, askByOtherWays),
  reputation: tell(
    ({ domain, host }) => `${domain} does not trust our mail server ${host} enough to take mail from it.`,
    admin,
  ),
  authentication: tell(({ domain }) => `${domain} could not make sure that the message really comes from you.`, admin),
  greylisted: tell(
    ({ domain }) => `${domain} makes mail of senders that it does not know yet wait for a while.`,
    () => 'Try again later; the second message usually passes at once.',
  ),
  rate: tell(
    ({ domain }) => `${domain} takes only so much mail from us in a certain time, and that was reached.`,
    () => 'Send the message again later, and large mailings in smaller portions.',
  ),
  tls: tell(
    ({ domain }) => `No connection to ${domain} could be made that is safe from listeners.`,
    ({ domain }) => `The administrators of ${domain} have to mend this; tell the recipient by another way.`,
  ),
  'no-such-domain': tell(
    ({ domain }) => `There is no domain ${domain}, or it has no mail server.`,
    () => 'Check what stands behind the @ of the address.',
  ),
  'no-mail': tell(
    ({ domain }) => `${domain} does not take any mail.`,
    () => 'Check what stands behind the @ of the address, and ask the recipient by another way for the right one.',
  ),
  'too-large': tell(
    ({ domain }) => `The message is larger than ${domain} allows.`,
    () => 'Send it without its attachments or with smaller ones, or give the recipient a link to them.',
  ),
  content: tell(
    ({ domain }) => `${domain} does not like something in the message.`,
    () => 'Change the message, for instance its attachments or links, and send it again.',
  ),
  connection: tell(
    ({ domain }) => `The mail server of ${domain} could not be reached.`,
    () => 'Check what stands behind the @ of the address; if it is right, try again later.',
  ),
  other: tell(
    ({ domain }) => `${domain} did not take the message.`,
    () => 'Its own words below may say more. Try again later, or tell the recipient by another way.',
  ),
}

export const ofDetail: Readonly<Record<BounceDetail, Sentences>> = {
  attachment: tell(
    ({ domain }) => `${domain} does not take attachments of this kind.`,
    () => 'Send the file in another form, or give the recipient a link to it.',
  ),
  certificate: tell(
    ({ domain }) => `The mail server of ${domain} could not prove who it is: its certificate is not right.`,
    ofClass.tls.todo,
  ),
  dane: tell(
    ({ domain }) => `The certificate of the mail server of ${domain} is not the one that the domain announces (DANE).`,
    ofClass.tls.todo,
  ),
  disabled: tell(
    ({ domain }) => `The mailbox at ${domain} is closed or no longer in use.`,
    () => 'Ask the recipient by another way for the new address.',
  ),
  dkim: tell(({ domain }) => `${domain} found the signature of the message (DKIM) missing or wrong.`, admin),
  dmarc: tell(
    ({ domain }) =>
      `The rules of your own domain (DMARC) made ${domain} refuse the message, for want of a proof that it is yours.`,
    admin,
  ),
  'dns-trouble': tell(
    ({ domain }) =>
      `The mail server of ${domain} could not be found out: the domain's name servers do not answer properly.`,
    () => 'Check what stands behind the @ of the address; if it is right, try again later.',
  ),
  'dynamic-address': tell(
    ({ domain, host }) =>
      `${domain} takes ${host} for a computer with an ordinary home connection and takes no mail from such.`,
    admin,
  ),
  expired: tell(
    ({ domain }) => `${domain} did not take the message in all the time that we tried.`,
    () => 'Check the address; if it is right, try again later.',
  ),
  'greeting-name': tell(
    ({ domain, host }) => `${domain} does not accept the name ${host} that our mail server gives itself.`,
    admin,
  ),
  header: tell(
    ({ domain }) => `${domain} found the head of the message malformed.`,
    () => 'Write it anew, or with another mail program.',
  ),
  international: tell(
    ({ domain }) => `The mail server of ${domain} cannot deal with letters like those in the address.`,
    () => 'Ask the recipient for an address with plain letters, or use one yourself.',
  ),
  listed: tell(
    ({ domain, host }) => `Our mail server ${host} stands on a list of senders of spam that ${domain} goes by.`,
    admin,
  ),
  'login-wanted': tell(({ domain }) => `Our mail server has to log in on the way to ${domain}, and could not.`, admin),
  loop: tell(
    ({ domain }) => `The message goes in circles at ${domain}: the address forwards to itself.`,
    () => 'Tell the recipient by another way.',
  ),
  'members-only': tell(
    () => 'The recipient takes mail from certain senders only, and you are not among them.',
    () => 'Ask the recipient by another way to allow your address.',
  ),
  moved: tell(
    () => 'The recipient has another address now.',
    () => 'The words of the other server below may name it; otherwise ask by another way.',
  ),
  'mta-sts': tell(
    ({ domain }) => `The connection to ${domain} does not meet the rules that the domain itself announces (MTA-STS).`,
    ofClass.tls.todo,
  ),
  'no-starttls': tell(
    ({ domain }) => `The mail server of ${domain} does not encrypt, though it must.`,
    ofClass.tls.todo,
  ),
  'receives-too-much': tell(
    () => 'The recipient gets more mail just now than the mailbox takes in a certain time.',
    () => 'Try again in an hour or later.',
  ),
  'relay-denied': tell(
    ({ domain }) => `The server that stands for ${domain} says that it does not take mail for this address.`,
    () => 'Check what stands behind the @ of the address, and tell the recipient by another way.',
  ),
  'require-tls': tell(
    ({ domain }) => `You wanted the message encrypted all the way, and ${domain} cannot promise that.`,
    () => 'Send it without that wish, or in another way.',
  ),
  'reverse-name': tell(
    ({ domain, host }) => `${domain} found that the address of our mail server does not belong to the name ${host}.`,
    admin,
  ),
  'sender-address': tell(({ domain }) => `${domain} does not accept your own address as a sender.`, admin),
  'spam-like': tell(
    ({ domain }) => `${domain} takes the message for spam.`,
    () => 'Write it in other words and without links or attachments, or tell the recipient by another way.',
  ),
  spf: tell(
    ({ domain, host }) => `${domain} found that your domain does not allow ${host} to send its mail (SPF).`,
    admin,
  ),
  'too-many-connections': tell(
    ({ domain }) => `${domain} is busy, or found our mail server calling too often.`,
    () => 'Send the message again later.',
  ),
  'too-many-recipients': tell(
    ({ domain }) => `The message has more recipients than ${domain} takes at once.`,
    () => 'Send it again to fewer recipients at a time.',
  ),
  'trouble-there': tell(
    ({ domain }) => `The mail server of ${domain} has trouble of its own.`,
    () => 'Try again later.',
  ),
  virus: tell(
    ({ domain }) => `${domain} found something in the message that it takes for harmful.`,
    () => 'Check your computer and the attachments for harmful software before you send anything again.',
  ),
}

/** Whose matter it is. */
export const ofBlame: Readonly<Record<Classified['blame'], (facts: Facts) => string>> = {
  recipient: () => 'This is about the address or mailbox, not about you or your message.',
  peer: ({ domain }) => `This is a matter of ${domain}; you did nothing wrong.`,
  us: ({ host }) => `This is a matter of our own mail server (${host}) or its domains; you did nothing wrong.`,
  sender: () => 'This is about the message itself.',
}

export type Kind = 'failed' | 'delayed' | 'delivered' | 'relayed' | 'expanded'
type KindWords = {
  readonly subject: string
  readonly opening: (recipients: number) => string
  /** RFC 3464 section 2.3.3. */
  readonly action: Kind
}
const several = (count: number): string => (count === 1 ? 'one recipient' : `${count} recipients`)

export const ofKind: Readonly<Record<Kind, KindWords>> = {
  failed: {
    subject: 'Not delivered',
    opening: (count) => `Your message could not be delivered to ${several(count)}.`,
    action: 'failed',
  },
  delayed: {
    subject: 'Still on its way',
    opening: (count) =>
      `Your message has not reached ${several(count)} yet. You need not send it again: we keep trying, and tell you if we give up.`,
    action: 'delayed',
  },
  delivered: {
    subject: 'Delivered',
    opening: (count) => `Your message was delivered to ${several(count)}, as you wanted to be told.`,
    action: 'delivered',
  },
  relayed: {
    subject: 'Passed on',
    opening: (count) =>
      `Your message for ${several(count)} was taken by a mail server that sends no confirmations itself. You will hear of it only if it fails there.`,
    action: 'relayed',
  },
  expanded: {
    subject: 'Passed on to several',
    opening: (count) =>
      `Your message to ${several(count)} was taken and goes on to the addresses behind. There will be no more confirmations.`,
    action: 'expanded',
  },
}

export const words = {
  from: 'Mail Delivery',
  intro: (host: string): string => `This is the mail server ${host}.`,
  subject: 'Subject',
  sent: 'Sent',
  todo: 'What to do: ',
  whose: 'Whose matter: ',
  answered: (host: string): string => `${host} answered:`,
  found: 'What our mail server noted:',
  gaveUp: (tries: number, since: string): string =>
    `We tried ${tries === 1 ? 'once' : `${tries} times`} since ${since} and have given up.`,
  refused: (at: string): string => `This was the answer on ${at}; we do not try again.`,
  until: (tries: number, at: string): string =>
    `We have tried ${tries === 1 ? 'once' : `${tries} times`} so far and go on until ${at}.`,
  goOn: 'We go on trying.',
  original: (full: boolean): string =>
    full ? 'The message is attached below.' : 'The head of the message is attached below, without its text.',
} as const
