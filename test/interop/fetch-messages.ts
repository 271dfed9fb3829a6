/** The messages whose FETCH is compared with Dovecot's: real ones, those that the comparison of structures breaks and damages, those of the parser's fuzz target, and some of its own. */
import { target } from '../../fuzz/mime-message.ts'
import { broken, crlf, damagedMessages, real, sample } from './messages.ts'

type Named = { readonly name: string; readonly message: Buffer }

/** Encodings, names and nestings that the corpus lacks. */
const own = [
  'Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Transfer-Encoding: quoted-printable\n\na=20=\nb =C3=A9 =4\n=zz\n--b\nContent-Transfer-Encoding: base64\n\nAAEC\nAwQ=\n--b\nContent-Transfer-Encoding: x-uuencode\n\nbegin\n--b\nContent-Transfer-Encoding: 8bit\n\n\xe9\n--b--\n',
  'Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Transfer-Encoding: base64\n\nAAEC*AwQ=\nAAEC\n--b\nContent-Transfer-Encoding: base64\n\nAAE\n--b\nContent-Transfer-Encoding: base64\n\n\n--b\nContent-Transfer-Encoding: BASE64 \n\n  QUJD  \n\tREVG\n--b--\n',
  'Subject: m\nContent-Type: message/rfc822\n\nSubject: n\nContent-Type: message/rfc822\n\nSubject: o\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n\ntwo\n--b--\n',
  'Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\nSubject: inner\n\n--b\nContent-Type: message/rfc822\n\n\nno header\n--b\nContent-Type: message/rfc822\n\nSubject: x\n Y\nFrom: a@b\n--b--\n',
  'Content-Type: multipart/alternative; boundary="b c"\n\npreamble\n--b c\nContent-Type: multipart/related; boundary=d\n\n--d\nX-A: 1\n\nhtml\n--d\nContent-ID: <p>\n\npicture\n--d--\nafter\n--b c\n\nlast\n--b c--\nepilogue\n',
  'Subject: one\nX-Folded: a\n b\n\tc\nX-Empty:\nSubject: two\nSUBJECT : three\nX-Long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\nNo colon here\nFrom: a@b\n\ntext\n',
  ' starts with a fold\nSubject: x\n\ntext',
  'Subject: only a header\nFrom: a@b\n',
  'Subject: no end of line\nFrom: a@b',
  '\n',
  '\n\n\n',
  'Content-Type: text/plain; charset="unknown-8bit"; format=flowed; delsp=yes\nContent-MD5: abc\nContent-Location: http://x/y\nContent-Language: (c) en, de\nContent-Disposition: inline\nContent-Description: =?utf-8?q?d=C3=A9?=\n\nx\n',
  'Content-Type: multipart/signed; boundary=s; micalg=pgp-sha1; protocol="application/pgp-signature"\n\n--s\n\nsigned \n\n--s\nContent-Type: application/pgp-signature; name="a\\"b.asc"\n\nsig\n--s--\n',
  `Content-Type: multipart/mixed; boundary=m\n\n${Array.from({ length: 60 }, (_, n) => `--m\nContent-Type: text/x-${n}\n\npart ${n}\n`).join('')}--m--\n`,
  `${Array.from({ length: 12 }, (_, n) => `Content-Type: multipart/mixed; boundary=n${n}\n\n--n${n}\n`).join('')}\ndeep\n`,
  'Content-Type: text/plain; charset=utf-8; CHARSET=us-ascii; name=a; x=1; name=b\nContent-Disposition: attachment; filename=a; filename=b\n\nx\n',
].map(crlf)

/** Each with a name that leads to it. */
export const fetchMessages: readonly Named[] = [
  ...real.map((message, index) => ({ name: sample[index]?.split('/').slice(-2).join('/') ?? '', message })),
  ...broken.map((message, index) => ({ name: `broken ${index}`, message })),
  ...own.map((message, index) => ({ name: `own ${index}`, message })),
  ...target
    .seeds()
    .map((seed, index) => ({ name: `seed ${index}`, message: crlf(Buffer.from(seed).toString('latin1')) })),
  ...damagedMessages(250).map((message, index) => ({ name: `damaged ${index}`, message })),
].filter(({ message }) => message.length > 0) // no octets are no message: APPEND refuses them
