/** Replies as servers have said them (addresses and names changed), by who says them, and what each must come to. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { classify } from './classify.ts'
import type { BounceClass, BounceDetail, Said, Stage } from './said.ts'

type Recorded = readonly [
  reply: string,
  stage: Stage,
  comesTo: BounceClass,
  detail?: BounceDetail | '',
  /** Where it is not what the first digit says. */
  permanent?: boolean,
]
type Group = { readonly host: string; readonly replies: readonly Recorded[] }

const said = (reply: string, stage: Stage, host: string): Said => {
  const [, code = '0', enhanced = '', text = ''] =
    /^(?:(\d{3})(?:[ -]|$))?(?:([245]\.\d{1,3}\.\d{1,3})[ ,]*)?(.*)$/s.exec(reply) ?? []
  return { code: Number(code), enhanced, text, host, stage }
}

const google: Group = {
  host: 'gmail-smtp-in.l.google.com',
  replies: [
    [
      "550 5.1.1 The email account that you tried to reach does not exist. Please try double-checking the recipient's email address for typos or unnecessary spaces. For more information, go to https://support.google.com/mail/?p=NoSuchUser - gsmtp",
      'rcpt',
      'unknown-user',
    ],
    [
      '550 5.2.1 The email account that you tried to reach is inactive. For more information, go to https://support.google.com/mail/?p=DisabledUser - gsmtp',
      'rcpt',
      'unknown-user',
      'disabled',
    ],
    ['550 5.2.1 The email account that you tried to reach is disabled. - gsmtp', 'rcpt', 'unknown-user', 'disabled'],
    [
      '550 5.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages from being delivered. https://support.google.com/mail/?p=ReceivingRatePerm - gsmtp',
      'rcpt',
      'rate',
      'receives-too-much',
    ],
    [
      '450 4.2.1 The user you are trying to contact is receiving mail too quickly. Please resend your message at a later time. - gsmtp',
      'rcpt',
      'rate',
      'receives-too-much',
    ],
    [
      "452 4.2.2 The recipient's inbox is out of storage space. Please direct the recipient to https://support.google.com/mail/?p=OverQuotaTemp - gsmtp",
      'rcpt',
      'full',
    ],
    [
      "552 5.2.2 The recipient's inbox is out of storage space and inactive. https://support.google.com/mail/?p=OverQuotaPerm - gsmtp",
      'rcpt',
      'full',
    ],
    ['452 4.2.2 The email account that you tried to reach is over quota. - gsmtp', 'rcpt', 'full'],
    [
      '550 5.7.26 This mail has been blocked because the sender is unauthenticated. Gmail requires all senders to authenticate with either SPF or DKIM. Authentication results: DKIM = did not pass SPF [example.org] with ip: [192.0.2.1] = did not pass - gsmtp',
      'message',
      'authentication',
      '',
    ],
    [
      "550 5.7.26 Unauthenticated email from example.org is not accepted due to domain's DMARC policy. Please contact the administrator of example.org domain - gsmtp",
      'message',
      'authentication',
      'dmarc',
    ],
    [
      '550 5.7.26 The MAIL FROM domain [example.org] has an SPF record with a hard fail policy (-all) but it fails to pass SPF checks with the ip: [192.0.2.1] - gsmtp',
      'message',
      'authentication',
      'spf',
    ],
    [
      '550 5.7.26 This message does not have authentication information or fails to pass authentication checks (SPF or DKIM). - gsmtp',
      'message',
      'authentication',
      '',
    ],
    [
      "451 4.7.26 Unauthenticated email from example.org is not accepted due to domain's DMARC policy, but temporary DNS failures prevent authentication. - gsmtp",
      'message',
      'authentication',
      'dmarc',
    ],
    [
      '421 4.7.26 This mail has been rate limited because it is unauthenticated. Gmail requires all senders to authenticate with either SPF or DKIM. - gsmtp',
      'message',
      'authentication',
      '',
    ],
    [
      "421 4.7.27 Your email has been rate limited because SPF authentication didn't pass for this message. Gmail requires all bulk email senders to authenticate their email with SPF. - gsmtp",
      'message',
      'authentication',
      'spf',
    ],
    [
      '550 5.7.27 This mail has been blocked because SPF does not pass. Gmail requires all large senders to authenticate with SPF. - gsmtp',
      'message',
      'authentication',
      'spf',
    ],
    [
      '550 5.7.30 This mail has been blocked because DKIM does not pass. Gmail requires all large senders to authenticate with DKIM. Authentication results: DKIM = did not pass. - gsmtp',
      'message',
      'authentication',
      'dkim',
    ],
    [
      "421 4.7.30 Your email has been rate limited because DKIM authentication didn't pass for this message. Gmail requires all email bulk senders to authenticate their email with DKIM. - gsmtp",
      'message',
      'authentication',
      'dkim',
    ],
    [
      "421 4.7.32 Your email has been rate limited because the From: header (RFC5322) in this message isn't aligned with either the authenticated SPF or DKIM organizational domain. - gsmtp",
      'message',
      'authentication',
    ],
    [
      "421 4.7.40 Your email has been rate limited because the sending domain doesn't have a DMARC record, or the DMARC record doesn't specify a DMARC policy. - gsmtp",
      'message',
      'authentication',
      'dmarc',
    ],
    [
      '550 5.7.24 The SPF record of the sending domain has one or more suspicious entries. - gsmtp',
      'message',
      'authentication',
      'spf',
    ],
    [
      '550 5.7.25 The IP address sending this message does not have a PTR record setup, or the corresponding forward DNS entry does not point to the sending IP. As a policy, Gmail does not accept messages from IPs with missing PTR records. - gsmtp',
      'message',
      'authentication',
      'reverse-name',
    ],
    [
      "421 4.7.23 The sending IP address for this message doesn't have a PTR record, or the PTR record's forward DNS entry doesn't match the sending IP address. - gsmtp",
      'message',
      'authentication',
      'reverse-name',
    ],
    [
      '550 5.7.1 This message does not meet IPv6 sending guidelines regarding PTR records and authentication. - gsmtp',
      'message',
      'authentication',
      'reverse-name',
    ],
    [
      '421 4.7.28 Gmail has detected an unusual rate of mail originating from your IP address 192.0.2.1. To protect our users from spam, mail has been temporarily rate limited. https://support.google.com/mail/?p=UnsolicitedRateLimitError - gsmtp',
      'message',
      'rate',
    ],
    [
      '421 4.7.0 Our system has detected an unusual rate of unsolicited mail originating from your IP address. To protect our users from spam, mail sent from your IP address has been temporarily rate limited. - gsmtp',
      'message',
      'rate',
    ],
    [
      '550 5.7.28 There is an unusual rate of unsolicited mail originating from your IP address. To protect our users from spam, mail sent from your IP address has been blocked. - gsmtp',
      'message',
      'reputation',
    ],
    [
      '550 5.7.1 Our system has detected that this message is likely suspicious due to the very low reputation of the sending IP address. - gsmtp',
      'message',
      'reputation',
    ],
    [
      '550 5.7.1 Our system has detected that this message is likely suspicious due to the very low reputation of the sending domain. - gsmtp',
      'message',
      'reputation',
    ],
    [
      '550 5.7.1 Our system has detected that this message is likely unsolicited mail. To reduce the amount of spam sent to Gmail, this message has been blocked. https://support.google.com/mail/?p=UnsolicitedMessageError - gsmtp',
      'message',
      'content',
      'spam-like',
    ],
    [
      '421 4.7.0 This message is suspicious due to the nature of the content or the links within. - gsmtp',
      'message',
      'content',
      'spam-like',
    ],
    [
      '552 5.7.0 This message was blocked because its content presents a potential security issue. Please visit https://support.google.com/mail/?p=BlockedMessage - gsmtp',
      'message',
      'content',
      'attachment',
    ],
    [
      "552 5.3.4 Your message exceeded Google's message size limits. https://support.google.com/mail/?p=MaxSizeError - gsmtp",
      'message',
      'too-large',
    ],
    [
      '550 5.7.1 Messages missing a valid Message-ID: header are not accepted. https://support.google.com/mail/?p=RfcMessageNonCompliant - gsmtp',
      'message',
      'content',
      'header',
    ],
    [
      '550 5.7.1 This message is not RFC 5322 compliant because it has duplicate headers. - gsmtp',
      'message',
      'content',
      'header',
    ],
    [
      '550 5.7.1 The user or domain that you are sending to (or from) has a policy that prohibited the mail that you sent. - gsmtp',
      'message',
      'policy',
    ],
    ['550 5.7.1 This message violates example.com email policy. - gcdp 1a2b - gsmtp', 'message', 'policy'],
    [
      "550 5.7.1 The IP you're using to send mail is not authorized to send email directly to our servers. https://support.google.com/mail/?p=NotAuthorizedError - gsmtp",
      'mail',
      'reputation',
      'dynamic-address',
    ],
    ['421 4.7.0 TLS required for RCPT domain, closing connection. - gsmtp', 'rcpt', 'tls'],
    [
      "421 4.7.29 Your email has been rate limited because this message wasn't sent over a TLS connection. Gmail requires all bulk email senders to use TLS/SSL for SMTP connections. - gsmtp",
      'message',
      'tls',
    ],
    ['421 4.7.0 Try again later, closing connection. - gsmtp', 'mail', 'other', 'trouble-there'],
    ['421 4.3.0 Temporary System Problem. Try again later. - gsmtp', 'rcpt', 'other', 'trouble-there'],
    [
      '554 5.6.0 Message exceeded 50 hops, this may indicate a mail loop. https://support.google.com/mail/?p=MailLoop - gsmtp',
      'message',
      'other',
      'loop',
    ],
    [
      "452 4.5.3 Your message has too many recipients. For more information regarding Google's sending limits - gsmtp",
      'rcpt',
      'rate',
      'too-many-recipients',
    ],
    [
      '451 4.3.0 Multiple destination domains per transaction is unsupported. Please try again. - gsmtp',
      'rcpt',
      'rate',
      'too-many-recipients',
    ],
    [
      '501 5.5.4 HELO/EHLO argument "localhost" invalid, closing connection. https://support.google.com/mail/?p=helo - gsmtp',
      'greeting',
      'authentication',
      'greeting-name',
      false,
    ],
  ],
}

const microsoft: Group = {
  host: 'example-com.mail.protection.outlook.com',
  replies: [
    [
      "550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Please contact your Internet service provider since part of their network is on our block list (S3140). You can also refer your provider to http://mail.live.com/mail/troubleshooting.aspx#errors.",
      'mail',
      'reputation',
    ],
    [
      "550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Please contact your Internet service provider since part of their network is on our block list (S3150).",
      'mail',
      'reputation',
    ],
    [
      "550 SC-001 (COL0-MC4-F44) Unfortunately, messages from 192.0.2.1 weren't sent. Please contact your Internet service provider since part of their network is on our block list.",
      'mail',
      'reputation',
    ],
    [
      '550 5.7.606 Access denied, banned sending IP [192.0.2.1]. To request removal from this list please visit https://sender.office.com/ and follow the directions. (AS16012609)',
      'rcpt',
      'reputation',
      'listed',
    ],
    [
      '550 5.7.511 Access denied, banned sender[192.0.2.1]. To request removal from this list please forward this message to delist@messaging.microsoft.com. AS(508)',
      'rcpt',
      'reputation',
      'listed',
    ],
    [
      '550 5.7.1 Service unavailable, Client host [192.0.2.1] blocked using Spamhaus. To request removal from this list see https://www.spamhaus.org/query/ip/192.0.2.1 (AS3130).',
      'rcpt',
      'reputation',
      'listed',
    ],
    [
      '550 5.7.513 Service unavailable, Client host [192.0.2.1] blocked by example.com using Customer Block list (AS16012607)',
      'rcpt',
      'reputation',
      'listed',
    ],
    [
      '550 5.7.509 Access denied, sending domain [example.org] does not pass DMARC verification and has a DMARC policy of reject.',
      'message',
      'authentication',
      'dmarc',
    ],
    [
      '550 5.7.515 Access denied, sending domain example.org does not meet the required authentication level.',
      'message',
      'authentication',
      'dmarc',
    ],
    [
      '550 5.7.23 The message was rejected because of Sender Policy Framework violation -> 550 5.7.1',
      'message',
      'authentication',
      'spf',
    ],
    [
      '450 4.7.26 Access denied, a message sent over IPv6 [2001:db8::1] must pass either SPF or DKIM validation, this message is not signed',
      'message',
      'authentication',
      '',
    ],
    [
      '550 5.7.25 Access denied, the sending IPv6 address [2001:db8::1] must have a reverse DNS record',
      'mail',
      'authentication',
      'reverse-name',
    ],
    ['550 5.7.506 Access Denied, Bad HELO', 'mail', 'authentication', 'greeting-name'],
    ['451 4.7.500 Server busy. Please try again later from [192.0.2.1]. (AS77712341)', 'rcpt', 'rate'],
    [
      '451 4.7.650 The mail server [192.0.2.1] has been temporarily rate limited due to IP reputation. For e-mail delivery information, see https://postmaster.live.com (S775)',
      'mail',
      'rate',
    ],
    [
      '451 4.7.651 The mail server [192.0.2.1] has been temporarily rate limited due to IP reputation. (S775)',
      'mail',
      'rate',
    ],
    [
      "421 RP-001 (SNT004-MC1F43) Unfortunately, some messages from 192.0.2.1 weren't sent. Please try again. We have limits for how many messages can be sent per hour and per day.",
      'greeting',
      'rate',
    ],
    [
      "421 RP-002 Unfortunately, some messages on this connection weren't sent. We have limits for how many messages can be sent per hour.",
      'greeting',
      'rate',
    ],
    [
      '421 RP-003 The mail server IP connecting to Outlook.com has exceeded the connection limit allowed.',
      'greeting',
      'rate',
    ],
    [
      "550 DY-001 (SNT) Unfortunately, messages from 192.0.2.1 weren't sent. We do not accept messages from dynamic IP ranges.",
      'mail',
      'reputation',
      'dynamic-address',
    ],
    [
      "550 OU-002 (BAY0-MC4) Unfortunately, messages from 192.0.2.1 weren't sent. Please contact your Internet service provider.",
      'mail',
      'reputation',
    ],
    [
      '550 5.4.1 Recipient address rejected: Access denied. AS(201806281) [AM5EUR02FT019.eop-EUR02.prod.protection.outlook.com]',
      'rcpt',
      'unknown-user',
    ],
    [
      '550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup',
      'message',
      'unknown-user',
    ],
    ['550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302).', 'rcpt', 'unknown-user'],
    ['550 5.7.504 Recipient address rejected: Access denied', 'rcpt', 'unknown-user'],
    ['552 5.2.2 Mailbox full', 'message', 'full'],
    [
      "550 5.7.129 RESOLVER.RST.RestrictedToRecipientsPermission; not authorized to send to recipient because the sender isn't on the recipient's list",
      'message',
      'policy',
      'members-only',
    ],
    [
      '550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required',
      'message',
      'policy',
      'members-only',
    ],
    ['550 5.7.124 Sender not in allowed-senders list', 'message', 'policy', 'members-only'],
    ['550 5.7.64 TenantAttribution; Relay Access Denied', 'rcpt', 'policy', 'relay-denied'],
    [
      "550 5.2.121 Recipient's per hour message receive limit from specific sender exceeded",
      'rcpt',
      'rate',
      'receives-too-much',
      false,
    ],
    [
      '550 5.2.122 The recipient has exceeded their limit for the number of messages they can receive per hour.',
      'rcpt',
      'rate',
      'receives-too-much',
      false,
    ],
    ['432 4.3.2 STOREDRV.Deliver; recipient thread limit exceeded', 'message', 'rate', 'receives-too-much'],
    ['550 5.7.512 Access denied, message must be RFC 5322 section 3.6.2 compliant', 'message', 'content', 'header'],
    ['550 5.4.14 Hop count exceeded - possible mail loop ATTR34', 'message', 'other', 'loop'],
    ['452 4.5.3 Too many recipients (AS780090)', 'rcpt', 'rate', 'too-many-recipients'],
    ['550 5.7.510 Access denied, contoso.com does not accept email over IPv6', 'rcpt', 'policy'],
    ['451 4.4.3 Temporary server error. Please try again later ATTR18', 'message', 'other', 'trouble-there'],
    ['451 4.7.500 Server busy. Please try again later from [192.0.2.2]. (AS761)', 'rcpt', 'rate'],
    ['550 5.7.708 Service unavailable. Access denied, traffic not accepted from this IP.', 'mail', 'reputation'],
  ],
}

const yahoo: Group = {
  host: 'mta7.am0.yahoodns.net',
  replies: [
    [
      '421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user complaints - 4.16.55.1; see https://postmaster.yahooinc.com/error-codes',
      'mail',
      'rate',
    ],
    [
      '421 4.7.0 [TS01] Messages from 192.0.2.1 temporarily deferred due to user complaints - 4.16.55.1; see http://postmaster.yahoo.com/421-ts01.html',
      'mail',
      'rate',
    ],
    [
      '421 4.7.1 [TS03] All messages from 192.0.2.1 will be permanently deferred; Retrying will NOT succeed. See http://postmaster.yahoo.com/421-ts03.html',
      'mail',
      'reputation',
      '',
      true,
    ],
    [
      '553 5.7.2 [TSS09] All messages from 192.0.2.1 will be permanently deferred; Retrying will NOT succeed. See https://postmaster.yahooinc.com/error-codes',
      'mail',
      'reputation',
    ],
    [
      "553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.1, because the ip is in Spamhaus's list; see https://help.yahoo.com/kb/postmaster/SLN5070.html",
      'mail',
      'reputation',
      'listed',
    ],
    [
      '553 Mail from 192.0.2.1 not allowed - 5.7.1 [BL23] Connections not accepted from IP addresses on Spamhaus XBL; see http://postmaster.yahoo.com/errors/550-bl23.html [550]',
      'mail',
      'reputation',
      'listed',
    ],
    [
      '554 Message not allowed - [PH01] Email not accepted for policy reasons. Please visit https://postmaster.yahooinc.com/error-codes',
      'message',
      'content',
      'spam-like',
    ],
    [
      '554 5.7.9 Message not accepted for policy reasons. See https://postmaster.yahooinc.com/error-codes',
      'message',
      'reputation',
    ],
    [
      '550 5.7.9 This mail has been blocked because the sender is unauthenticated. Yahoo requires all senders to authenticate with either SPF or DKIM.',
      'message',
      'authentication',
      '',
    ],
    [
      '554 5.7.5 (AU01) Message not accepted for policy reasons. See https://postmaster.yahoo.com/errors/postmaster-28.html',
      'message',
      'authentication',
      'dkim',
    ],
    [
      "554 delivery error: dd This user doesn't have a yahoo.com account (anna@yahoo.com) [-5]",
      'message',
      'unknown-user',
    ],
    ['552 1 Requested mail action aborted, mailbox not found', 'message', 'unknown-user'],
    [
      '554 30 Sorry, your message to anna@aol.com cannot be delivered. This mailbox is disabled (554.30).',
      'message',
      'unknown-user',
      'disabled',
    ],
    [
      '554 delivery error: dd Sorry your message to anna@yahoo.com cannot be delivered. This account has been disabled or discontinued [#102].',
      'message',
      'unknown-user',
      'disabled',
    ],
    ['450 User is receiving mail too quickly', 'rcpt', 'rate', 'receives-too-much'],
    [
      '451 Message temporarily deferred due to unresolvable RFC.5321 from domain. See https://senders.yahooinc.com/error-codes#unresolvable-from-domain',
      'mail',
      'authentication',
      'sender-address',
    ],
    ['421 Max message per connection reached, closing transmission channel', 'mail', 'rate', 'too-many-connections'],
    [
      '451 mta1234.mail.yahoo.com Resources temporarily unavailable. Please try again later [#4.16.1].',
      'greeting',
      'other',
      'trouble-there',
    ],
    ['451 VS1-IP Excessive unknown recipients - possible Open Relay', 'rcpt', 'reputation'],
    [
      '554 5.7.1 (RTR:BB) https://postmaster.aol.com/error-codes#554rtrbb',
      'greeting',
      'reputation',
      'dynamic-address',
      false,
    ],
    ['554 5.7.1 (HVU:B2) https://postmaster.aol.com/error-codes#554hvub2', 'message', 'content', 'spam-like'],
    ['421 4.7.1 : (DYN:T1) https://postmaster.aol.com/error-codes#421dynt1', 'mail', 'rate'],
    [
      '554 5.7.1 : (RTR:RD) https://postmaster.aol.com/error-codes#554rtrrd',
      'greeting',
      'authentication',
      'reverse-name',
      false,
    ],
  ],
}

const apple: Group = {
  host: 'mx01.mail.icloud.com',
  replies: [
    [
      '550 5.7.1 [CS01] Message rejected due to local policy. Please visit https://support.apple.com/en-us/HT204137',
      'message',
      'content',
      'spam-like',
    ],
    [
      '554 5.7.1 [HM08] Message rejected due to local policy. Please visit https://support.apple.com/en-us/HT204137',
      'message',
      'content',
      'spam-like',
    ],
    [
      '554 5.7.1 [HME1] This message was blocked for failing both SPF and DKIM authentication checks. See https://support.apple.com/en-us/HT204137',
      'message',
      'authentication',
      '',
    ],
    [
      '550 5.7.1 Your message was rejected due to example.org DMARC policy. See https://support.apple.com/en-us/HT204137',
      'message',
      'authentication',
      'dmarc',
    ],
    ['550 5.1.1 <anna@icloud.com>: user does not exist', 'rcpt', 'unknown-user'],
    ['550 5.1.1 <anna@icloud.com>: inactive email address', 'rcpt', 'unknown-user', 'disabled'],
    ['550 5.1.6 recipient no longer on server: anna@icloud.com', 'rcpt', 'unknown-user', 'moved'],
    ['552 5.2.2 <anna@icloud.com>: user is over quota', 'rcpt', 'full'],
    [
      '421 4.7.1 Messages to anna@icloud.com deferred due to excessive volume. Try again later - https://support.apple.com/en-us/HT204137',
      'rcpt',
      'rate',
    ],
    [
      '550 5.7.1 Mail from IP 192.0.2.1 was rejected due to listing in Spamhaus SBL. For details please see http://www.spamhaus.org/query/bl?ip=192.0.2.1',
      'mail',
      'reputation',
      'listed',
    ],
    [
      '550 5.7.1 Your email was rejected due to having a domain present in the Spamhaus DBL -- see https://www.spamhaus.org/dbl/',
      'message',
      'content',
      'spam-like',
    ],
    [
      '450 4.1.8 <ben@example.org>: Sender address rejected: Domain not found',
      'mail',
      'authentication',
      'sender-address',
    ],
    ['554 5.7.1 <anna@icloud.com>: Relay access denied', 'rcpt', 'policy', 'relay-denied'],
  ],
}

const german: Group = {
  host: 'mx00.gmx.net',
  replies: [
    [
      '554 gmx.net (mxgmx104) Nemesis ESMTP Service not available No SMTP service IP address is block listed. For explanation visit https://postmaster.gmx.net/en/case?c=r0201&i=ip&v=192.0.2.1',
      'greeting',
      'reputation',
      'listed',
      false,
    ],
    [
      '554 web.de (mxweb010) Nemesis ESMTP Service not available No SMTP service Bad DNS PTR resource record. For explanation visit http://postmaster.web.de/en/error-messages?ip=192.0.2.1&c=rdns',
      'greeting',
      'authentication',
      'reverse-name',
      false,
    ],
    [
      '550 <ben@example.org>: Reject due to SPF policy. The originating IP of the message is not permitted by the domain owner',
      'mail',
      'authentication',
      'spf',
    ],
    [
      '550 Requested action not taken: mailbox unavailable For explanation visit https://postmaster.gmx.net/en/error-messages',
      'rcpt',
      'unknown-user',
    ],
    [
      '421 Rate limit reached. Please try again later. For explanation visit https://postmaster.gmx.net/en/error-messages',
      'mail',
      'rate',
    ],
    [
      '550 Benutzer hat das Speichervolumen ueberschritten. / User has exhausted allowed storage space.',
      'rcpt',
      'full',
    ],
    ['550 Benutzer nicht bekannt/User unknown', 'rcpt', 'unknown-user'],
    [
      '554 Transaction failed Reject due to policy restrictions. For explanation visit https://postmaster.gmx.net/de/error-messages?ip=192.0.2.1&c=hi',
      'message',
      'reputation',
    ],
  ],
}

const telekom: Group = {
  host: 'mx02.t-online.de',
  replies: [
    [
      '554 IP=192.0.2.1 - None/bad reputation. Ask your postmaster for help or to contact tobr@rx.t-online.de for reset. (NOWL)',
      'greeting',
      'reputation',
      '',
      false,
    ],
    [
      '554 IP=192.0.2.1 - A problem occurred. (Ask your postmaster for help or to contact tosa@rx.t-online.de to clarify.) (BL)',
      'greeting',
      'reputation',
      '',
      false,
    ],
    [
      '554 IP=192.0.2.1 - Dialup/transient IP not allowed. Use a mailgateway or contact toda@rx.t-online.de if obsolete. (DIAL)',
      'greeting',
      'reputation',
      'dynamic-address',
      false,
    ],
    ['550 5.1.1 user unknown', 'rcpt', 'unknown-user'],
    ['552 5.2.2 Over STORAGE quota', 'rcpt', 'full'],
    ['550 5.7.0 Message considered as spam or virus, rejected', 'message', 'content', 'spam-like'],
  ],
}

const blocklists: Group = {
  host: 'mx.example.com',
  replies: [
    [
      '554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org; https://www.spamhaus.org/query/ip/192.0.2.1',
      'rcpt',
      'reputation',
      'listed',
    ],
    [
      '550 5.7.1 Service unavailable; client [192.0.2.1] blocked using b.barracudacentral.org',
      'rcpt',
      'reputation',
      'listed',
    ],
    ['550 192.0.2.1 blacklisted see http://www.spamhaus.org/query/bl?ip=192.0.2.1', 'rcpt', 'reputation', 'listed'],
    [
      '550 5.2.1 Mailbox unavailable. Your IP address 192.0.2.1 is blacklisted using SPAMHAUS-XBL. Details: https://www.spamhaus.org/query/ip/192.0.2.1.',
      'rcpt',
      'reputation',
      'listed',
    ],
    [
      '554 5.7.1 Service unavailable; Client host [mail.example.org] blocked using bl.spamcop.net; Blocked - see https://www.spamcop.net/bl.shtml?192.0.2.1',
      'rcpt',
      'reputation',
      'listed',
    ],
    [
      '550 The sending IP (192.0.2.1) is listed on https://spamrl.com/. Please resolve this and retry.',
      'rcpt',
      'reputation',
      'listed',
    ],
    [
      '550 Black listed at hostkarma http://ipadmin.junkemailfilter.com/remove.php?ip=192.0.2.1',
      'rcpt',
      'reputation',
      'listed',
    ],
    ['550 Rejected due to DNSBL server response (dnsbl.cobion.com - 192.0.2.1)', 'rcpt', 'reputation', 'listed'],
    [
      '554 resimta-po-11v.sys.comcast.net 192.0.2.1 found on one or more DNSBLs, see http://postmaster.comcast.net/smtp-error-codes.php#BL000010',
      'greeting',
      'reputation',
      'listed',
      false,
    ],
    [
      '553 5.3.0 flph825 DNSBL:ATTRBL 521< 192.0.2.1 >_is_blocked.For assistance forward this email to abuse_rbl@abuse-att.net',
      'mail',
      'reputation',
      'listed',
    ],
    [
      '550-JunkMail rejected - mail.example.org [192.0.2.1]:39153 is in an RBL on csi.cloudmark.com/reset-request/?ip=192.0.2.1 , see Poor Reputation Sender',
      'rcpt',
      'reputation',
    ],
    [
      '554 5.7.1 Service unavailable; Sender address [ben@example.org] blocked using dbl.spamhaus.org; https://www.spamhaus.org/query/domain/example.org',
      'rcpt',
      'content',
      'spam-like',
    ],
    [
      '550 csi.mimecast.org Poor Reputation Sender. - https://community.mimecast.com/docs/DOC-1369#550 [vH7Ns8biNg]',
      'rcpt',
      'reputation',
    ],
    [
      "554 mx.example.com Your access to this mail system has been rejected due to the sending MTA's poor reputation. If you believe that this failure is in error, please contact the intended recipient via alternate means.",
      'greeting',
      'reputation',
      '',
      false,
    ],
    [
      '554 5.7.1 The message from (<ben@example.org>) with the subject of (Hi) matches a profile the Internet community may consider spam. Please revise your message before resending.',
      'message',
      'content',
      'spam-like',
    ],
    ['550 Message contains a link to a site on uribl.com', 'message', 'content', 'spam-like'],
  ],
}

const postfix: Group = {
  host: 'mx.example.com',
  replies: [
    [
      '550 5.1.1 <anna@example.com>: Recipient address rejected: User unknown in local recipient table',
      'rcpt',
      'unknown-user',
    ],
    [
      '550 5.1.1 <anna@example.com>: Recipient address rejected: User unknown in virtual mailbox table',
      'rcpt',
      'unknown-user',
    ],
    [
      '450 4.1.1 <anna@example.com>: Recipient address rejected: unverified address: connect to 192.0.2.9',
      'rcpt',
      'unknown-user',
    ],
    [
      '450 4.2.0 <anna@example.com>: Recipient address rejected: Greylisted, see http://postgrey.schweikert.ch/help/example.com.html',
      'rcpt',
      'greylisted',
    ],
    [
      '450 4.1.8 <ben@example.org>: Sender address rejected: Domain not found',
      'mail',
      'authentication',
      'sender-address',
    ],
    [
      '450 4.7.1 Client host rejected: cannot find your hostname, [192.0.2.1]',
      'rcpt',
      'authentication',
      'reverse-name',
    ],
    [
      '450 4.7.25 Client host rejected: cannot find your reverse hostname, [192.0.2.1]',
      'rcpt',
      'authentication',
      'reverse-name',
    ],
    [
      '504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname',
      'rcpt',
      'authentication',
      'greeting-name',
    ],
    ['450 4.7.1 <mail.example.org>: Helo command rejected: Host not found', 'rcpt', 'authentication', 'greeting-name'],
    ['554 5.7.1 <anna@example.com>: Relay access denied', 'rcpt', 'policy', 'relay-denied'],
    ['454 4.7.1 <anna@example.com>: Relay access denied', 'rcpt', 'policy', 'relay-denied'],
    ['552 5.3.4 Message size exceeds fixed limit', 'mail', 'too-large'],
    ['552 5.3.4 Error: message file too big', 'message', 'too-large'],
    ['452 4.3.1 Insufficient system storage', 'mail', 'other', 'trouble-there'],
    ['451 4.3.0 Error: queue file write error', 'message', 'other', 'trouble-there'],
    ['421 4.7.0 mx.example.com Error: too many connections from 192.0.2.1', 'greeting', 'rate', 'too-many-connections'],
    ['452 4.5.3 Error: too many recipients', 'rcpt', 'rate', 'too-many-recipients'],
    ['530 5.7.0 Must issue a STARTTLS command first', 'mail', 'tls'],
    ['554 5.7.1 <anna@example.com>: Recipient address rejected: Access denied', 'rcpt', 'unknown-user'],
    ['550 5.7.1 Message content rejected, UBE, id=12345-01', 'message', 'content', 'spam-like'],
    ['554 5.4.6 Error: too many hops', 'message', 'other', 'loop'],
    [
      '550 5.7.23 <anna@example.com>: Recipient address rejected: Message rejected due to: SPF fail - not authorized. Please see http://www.openspf.net/Why',
      'rcpt',
      'authentication',
      'spf',
    ],
    ['550 5.7.1 rejected by DMARC policy for example.org', 'message', 'authentication', 'dmarc'],
    [
      '552 5.2.2 <anna@example.com>: Recipient address rejected: Quota exceeded (mailbox for user is full)',
      'rcpt',
      'full',
    ],
    ['451 4.3.5 Server configuration error', 'rcpt', 'other', 'trouble-there'],
    ['451 4.7.1 Service unavailable - try again later', 'rcpt', 'other', 'trouble-there'],
  ],
}

const exim: Group = {
  host: 'mx.example.com',
  replies: [
    ['550 Unrouteable address', 'rcpt', 'unknown-user'],
    ['550 unknown user', 'rcpt', 'unknown-user'],
    ['550 No Such User Here', 'rcpt', 'unknown-user'],
    ['550 relay not permitted', 'rcpt', 'policy', 'relay-denied'],
    ['550 Administrative prohibition', 'rcpt', 'policy', 'relay-denied'],
    ['550 Sender verify failed', 'rcpt', 'authentication', 'sender-address'],
    [
      '550 Verification failed for <ben@example.org> The mail server could not deliver mail to ben@example.org. Sender verify failed',
      'rcpt',
      'authentication',
      'sender-address',
    ],
    ['451 Temporary local problem - please try later', 'rcpt', 'other', 'trouble-there'],
    ['451 Greylisted, please try again in 300 seconds', 'rcpt', 'greylisted'],
    [
      '451 You have been greylisted. This is part of our standard anti-spam measures and your mail system should automatically try again later.',
      'rcpt',
      'greylisted',
    ],
    ['552 Message size exceeds maximum permitted', 'message', 'too-large'],
    ['550 maximum allowed line length is 998 octets, got 1204', 'message', 'content', 'header'],
    ['421 Too many concurrent SMTP connections; please try again later.', 'greeting', 'rate', 'too-many-connections'],
    ['550 This message was classified as SPAM and may not be delivered', 'message', 'content', 'spam-like'],
    ['550 "REJECTED - Bad HELO - Host impersonating [mail.example.com]"', 'rcpt', 'authentication', 'greeting-name'],
    [
      '550 Domain example.org has exceeded the max emails per hour (150/150 (100%)) allowed. Message discarded.',
      'rcpt',
      'rate',
    ],
    ['550 mailbox is full', 'rcpt', 'full'],
    ['550 Too many "Received" headers - suspected mail loop', 'message', 'content', 'header'],
  ],
}

const others: Group = {
  host: 'mx.example.net',
  replies: [
    ['550 5.1.1 <anna@example.net>... User unknown', 'rcpt', 'unknown-user'],
    ['550 5.7.1 <anna@example.net>... Relaying denied', 'rcpt', 'policy', 'relay-denied'],
    [
      '553 5.1.8 <ben@example.org>... Domain of sender address ben@example.org does not exist',
      'mail',
      'authentication',
      'sender-address',
    ],
    ['451 4.7.1 Greylisting in action, please come back in 00:05:00', 'rcpt', 'greylisted'],
    ['451 4.7.1 Greylisting in action, please come back later', 'rcpt', 'greylisted'],
    ['450 4.7.1 Greylisting in effect, please come back later', 'rcpt', 'greylisted'],
    [
      '421 4.7.1 Service unavailable; Client host [192.0.2.1] blocked using grey.rbl - Rechazo temporal. Greylisting in action, please try again later',
      'rcpt',
      'greylisted',
    ],
    ['550 5.7.1 Greylisted - please try again in 5 minutes', 'rcpt', 'greylisted', '', false],
    ['550 #5.1.0 Address rejected.', 'rcpt', 'unknown-user'],
    ['550 5.1.1 RESOLVER.ADR.ExRecipNotFound; not found', 'message', 'unknown-user'],
    ['550 5.7.1 RESOLVER.RST.AuthRequired; authentication required', 'message', 'policy', 'members-only'],
    ['550 5.2.3 RESOLVER.RST.RecipSizeLimit; message too large for this recipient', 'message', 'too-large'],
    ['452 4.2.2 <anna@example.net> Quota exceeded (mailbox for user is full)', 'message', 'full'],
    ['550 5.2.1 <anna@example.net> Mailbox disabled for this recipient', 'rcpt', 'unknown-user', 'disabled'],
    ['554 Sorry, no mailbox here by that name. (#5.1.1)', 'rcpt', 'unknown-user'],
    ["553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", 'rcpt', 'unknown-user'],
    ['552 Requested mail action aborted: exceeded storage allocation', 'rcpt', 'full'],
    ['551 User not local; please try <anna@example.com>', 'rcpt', 'unknown-user', 'moved'],
    ['550 5.7.1 Requested action not taken: message refused', 'message', 'content', 'spam-like'],
    [
      '550 spam message rejected. Please visit http://help.mail.ru/notspam-support/id',
      'message',
      'content',
      'spam-like',
    ],
    ['554 5.7.1 [1] Message rejected under suspicion of SPAM; https://ya.cc/1IrBc', 'message', 'content', 'spam-like'],
    ['450 4.7.1 Client host 192.0.2.1 has no PTR record (G1F)', 'rcpt', 'authentication', 'reverse-name'],
    ['451 4.7.1 Received too many messages from a new or untrusted IP (G28)', 'rcpt', 'rate'],
    ['521 5.3.2 Host does not accept mail', 'greeting', 'no-mail', '', true],
    ['556 5.1.10 Recipient address has null MX', 'rcpt', 'no-mail'],
    ['550 5.7.10 Encryption needed', 'mail', 'tls'],
    ['550 5.7.27 Sender address has null MX', 'mail', 'authentication', 'sender-address'],
    ['550 5.6.7 SMTPUTF8 required but not supported', 'mail', 'content', 'international'],
    ['550 5.7.30 REQUIRETLS support required', 'mail', 'tls', 'require-tls'],
    ['554 5.7.0 Virus found in message (Eicar-Test-Signature)', 'message', 'content', 'virus'],
    ['550 5.7.1 Banned file: invoice.exe', 'message', 'content', 'attachment'],
    ['552 5.5.3 Too many recipients', 'rcpt', 'rate', 'too-many-recipients', false],
    ['550 5.1.0 Mailbox unavailable', 'rcpt', 'unknown-user'],
    ['550 Casella inesistente', 'rcpt', 'unknown-user'],
    [
      '550 5.1.1 Adresse d au moins un destinataire invalide. Invalid recipient. OFR204_416 [416]',
      'rcpt',
      'unknown-user',
    ],
    ['550 5.2.0 Mail rejete. Mail rejected. OFR_506 [506]', 'message', 'policy'],
    ['571 5.7.1 message classified as spam', 'message', 'content', 'spam-like'],
    ['550', 'rcpt', 'unknown-user'],
    ['550', 'message', 'policy'],
    ['554', 'greeting', 'reputation', '', false],
    ['421', 'message', 'other', 'trouble-there'],
    ['451', 'rcpt', 'other', 'trouble-there'],
  ],
}

/** Where nobody replied: the form in which the queue tells of it. */
const ourselves: Group = {
  host: 'example.net',
  replies: [
    ['5.1.10 example.net accepts no mail (null MX)', 'dns', 'no-mail', '', true],
    ['5.1.2 There is no such domain', 'dns', 'no-such-domain', '', true],
    ['5.4.4 The domain has neither MX nor address', 'dns', 'no-such-domain', '', true],
    ['550 5.4.6 the mail of example.net is to come to this server, which does not serve it', 'dns', 'other', 'loop'],
    ['451 4.7.5 the policy of example.net (MTA-STS) allows none of its hosts', 'policy', 'tls', 'mta-sts'],
    ['550 5.4.4 no mail server of example.net has an address', 'dns', 'no-such-domain'],
    ['4.4.3 The name servers do not answer', 'dns', 'connection', 'dns-trouble', false],
    [
      '4.7.8 the relay refuses our login: 535 Username and Password not accepted',
      'policy',
      'policy',
      'login-wanted',
      false,
    ],
    ['4.4.1 connection refused', 'connect', 'connection', '', false],
    ['4.4.2 connection lost while waiting for the reply', 'message', 'connection', '', false],
    ['4.7.5 certificate has expired', 'tls', 'tls', 'certificate', false],
    ['4.7.5 MTA-STS: the policy does not allow mx.example.net', 'policy', 'tls', 'mta-sts', false],
    ['4.7.5 DANE: no TLSA record matches the certificate', 'tls', 'tls', 'dane', false],
    ['4.7.4 STARTTLS is not offered', 'tls', 'tls', 'no-starttls', false],
    ['5.7.30 REQUIRETLS is not offered', 'policy', 'tls', 'require-tls', true],
    ['5.6.7 The server does not offer SMTPUTF8', 'mail', 'content', 'international', true],
  ],
}

const groups = { google, microsoft, yahoo, apple, german, telekom, blocklists, postfix, exim, others, ourselves }

for (const [name, { host, replies }] of Object.entries(groups))
  for (const [reply, stage, comesTo, detail, permanent] of replies)
    test(`${name}: ${reply.slice(0, 90)}`, () => {
      const asked = said(reply, stage, host)
      const found = classify(asked)
      assert.equal(found.class, comesTo)
      if (detail !== undefined) assert.equal(found.detail ?? '', detail)
      assert.equal(found.permanent, permanent ?? asked.code >= 500)
    })

test('at least 150 replies are recorded', () => {
  assert.ok(Object.values(groups).reduce((sum, { replies }) => sum + replies.length, 0) >= 150)
})

test('whose matter it is, and what is to wait', () => {
  const of = (reply: string, stage: Stage = 'rcpt'): readonly [string, boolean] => {
    const { blame, destination } = classify(said(reply, stage, 'mx.example.com'))
    return [blame, destination]
  }
  assert.deepEqual(of('550 5.1.1 User unknown'), ['recipient', false])
  assert.deepEqual(of('554 5.7.1 Client host [192.0.2.1] blocked using zen.spamhaus.org'), ['us', true])
  assert.deepEqual(of('550 5.7.1 SPF check failed', 'message'), ['us', false])
  assert.deepEqual(of('552 5.3.4 Message too big', 'message'), ['sender', false])
  assert.deepEqual(of('450 4.2.0 Greylisted'), ['peer', false])
  assert.deepEqual(of('421 4.3.2 Shutting down'), ['peer', true])
  assert.deepEqual(of('4.4.1 connection timed out', 'connect'), ['peer', true])
})

test('any reply comes to something, and the first digit decides where no row says otherwise', () => {
  const stages: readonly Stage[] = ['dns', 'connect', 'tls', 'greeting', 'mail', 'rcpt', 'data', 'message', 'policy']
  fc.assert(
    fc.property(
      fc.constantFrom(0, 250, 354, 421, 450, 451, 452, 500, 521, 550, 552, 553, 554, 599),
      fc.oneof(fc.constant(''), fc.stringMatching(/^[245]\.\d{1,3}\.\d{1,3}$/), fc.string()),
      fc.oneof(fc.string({ maxLength: 4000 }), fc.constantFrom('list '.repeat(2000), 'user '.repeat(2000))),
      fc.string(),
      fc.constantFrom(...stages),
      (code, enhanced, text, host, stage) => {
        const found = classify({ code, enhanced, text, host, stage })
        assert.equal(typeof found.permanent, 'boolean')
        if (code === 250) assert.equal(found.permanent, false)
      },
    ),
  )
})
