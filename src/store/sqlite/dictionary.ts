/**
 * Data: what mail has in common, as the dictionaries of zstd: text that a small message would otherwise spell out. The most common comes last (it is
 * the cheapest to point at). A dictionary is never changed once a release has it: a new one gets a new kind in body.ts or head.ts.
 */
const lines = (...texts: readonly string[]): Buffer => Buffer.from(`${texts.join('\r\n')}\r\n`, 'latin1')

/** For bodies: headers, MIME, HTML and the phrases of letters. */
export const textDictionary = lines(
  '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN"><html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8">',
  '<meta name="viewport" content="width=device-width, initial-scale=1"><title></title><style type="text/css">body { margin: 0; padding: 0; }</style></head>',
  '<body bgcolor="#FFFFFF" text="#000000"><table width="100%" border="0" cellpadding="0" cellspacing="0" align="center"><tr><td align="left" valign="top">',
  '<font face="Arial, Helvetica, sans-serif" size="2" color="#000000"><p><b><a href="https://www.example.com/" target="_blank"><img src="http://" width="1" height="1" border="0" alt=""></a></b></p></font></td></tr></table></body></html>',
  '<div><br></div><p>&nbsp;</p><span style="font-family: Arial, sans-serif; font-size: 14px; color: #333333; line-height: 1.5; text-decoration: none;">',
  'unsubscribe from this list, please click here. To unsubscribe, send mail to the mailing list at http://lists. _______________________________________________',
  'This e-mail and any attachments are confidential. If you are not the intended recipient, please notify the sender. Sent from my iPhone',
  'Thank you for your order. Please do not reply to this message. The following has been that this with have from your will would about which there when they what',
  '-----BEGIN PGP SIGNATURE----- -----Original Message----- Best regards, Kind regards, Hello Dear Hi all, On Mon, wrote: > ',
  'List-Unsubscribe: <mailto:>, <https://>',
  'List-Unsubscribe-Post: List-Unsubscribe=One-Click',
  'List-Id: List-Post: <mailto: List-Help: <mailto: List-Subscribe: <http:// List-Archive: <http://',
  'Precedence: bulk Errors-To: Sender: Reply-To: X-Mailer: Microsoft Outlook Express 6.00.2600.0000 X-MimeOLE: Produced By Microsoft MimeOLE V6.00.2600.0000',
  'X-Priority: 3 (Normal) X-MSMail-Priority: Normal Importance: Normal User-Agent: Mozilla/5.0 Thunderbird X-Spam-Status: No, score=',
  'Authentication-Results: dkim=pass header.d= header.i=@ header.b= spf=pass smtp.mailfrom= dmarc=pass (p=none) header.from=',
  'ARC-Seal: i=1; a=rsa-sha256; cv=none; d=google.com; s=arc-20160816; t= ARC-Message-Signature: i=1; X-Google-DKIM-Signature: X-Gm-Message-State:',
  'DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=gmail.com; s=20230601; h=from:to:subject:date:message-id:mime-version:content-type; bh=; b=',
  'Received: (from root@localhost) by localhost (8.11.6/8.11.6) id ; Received: from [127.0.0.1] (HELO ',
  'Received: from mail-.google.com (mail-.google.com [209.85.]) by mx with ESMTPS id for <>; (version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 bits=256/256)',
  'Received: from localhost (localhost [127.0.0.1])',
  '\tby localhost (Postfix) with ESMTP id ',
  '\tfor <localhost>; Thu, 22 Aug 2002 12:36:23 -0400 (EDT)',
  'Received: from unknown (unknown [192.168.1.1]) by with SMTP (fetchmail-5.9.0) for (single-drop); Mon, Tue, Wed, Fri, Sat, Sun, Jan Feb Mar Apr May Jun Jul Sep Oct Nov Dec +0000 +0100 -0700 (PDT)',
  'Content-Type: multipart/alternative; boundary="----=_NextPart_000_0000_01C2"',
  'Content-Type: multipart/mixed; boundary="=_',
  'This is a multi-part message in MIME format.',
  'Content-Type: application/octet-stream; name=" Content-Disposition: attachment; filename="',
  'Content-Type: text/html; charset="iso-8859-1"',
  'Content-Transfer-Encoding: quoted-printable',
  'Content-Transfer-Encoding: base64',
  'Content-Type: text/plain; charset="utf-8"; format=flowed',
  'Content-Type: text/plain; charset=us-ascii',
  'Content-Transfer-Encoding: 8bit Content-Transfer-Encoding: 7bit',
  'Content-Disposition: inline',
  'MIME-Version: 1.0',
  'In-Reply-To: < References: < Cc: Bcc: Delivered-To: Return-Path: < X-Original-To:',
  'Message-ID: <@mail.gmail.com>',
  'Message-Id: <',
  'Subject: Re: [ Subject: Fwd: ',
  'Date: Wed, 25 Nov 2026 ',
  'To: ',
  'From: "',
)

/** For heads: the summary's JSON with its keys, and the texts that ENVELOPE and BODYSTRUCTURE are made of. */
export const headDictionary = Buffer.from(
  [
    '["Received: from localhost (localhost [127.0.0.1])\\r\\n\\tby with ESMTPS id \\r\\n\\tfor <>; X-Spam-Status: No, score= Authentication-Results: ; spf=pass smtp.mailfrom=; dkim=pass header.d=; dmarc=pass header.from=; iprev=pass policy.iprev=\\r\\nReturn-Path: <>\\r\\nDelivered-To: ',
    '"APPLICATION" "OCTET-STREAM" ("NAME" "IMAGE" "JPEG" "GIF" "BASE64" ("ATTACHMENT" ("FILENAME" "MESSAGE" "RFC822" "CHARSET" "ISO-8859-1" "WINDOWS-1252"',
    '(("TEXT" "PLAIN" ("CHARSET" "utf-8") NIL NIL "QUOTED-PRINTABLE" 1000 20 NIL NIL NIL NIL)("TEXT" "HTML" ("CHARSET" "utf-8") NIL NIL "7BIT" "ALTERNATIVE" ("BOUNDARY" "----=_NextPart_000_") NIL NIL NIL) "MIXED"',
    '","envelope":"(\\"Wed, 25 Nov 2026 04:00:00 +0000\\" \\"Re: [\\" ((NIL NIL \\"',
    '","body":"(\\"TEXT\\" \\"PLAIN\\" (\\"CHARSET\\" \\"us-ascii\\") NIL NIL \\"7BIT\\" ',
    '","bodystructure":"(\\"TEXT\\" \\"PLAIN\\" (\\"CHARSET\\" \\"utf-8\\") NIL NIL \\"8BIT\\" NIL NIL NIL NIL)',
    '","preview":"","subject":"Re: [","baseSubject":"","sentAt":null,"sentAt":1030000000000,"sentDay":"2026-11-25","messageId":"<@mail.gmail.com>","references":["<',
    '","from":"","to":"","cc":"","bcc":"","sortFrom":"","sortTo":"","sortCc":"","displayFrom":"","displayTo":"","attachments":0,"parts":[0,0,0,0]}]',
  ].join(''),
  'latin1',
)
