import { checkRows } from '../testing.ts'
import { pageTests } from './page.ts'

const words = 'These are enough words for a page that somebody would really read with interest. '.repeat(4)
const page = (inner: string): string => `<html><body><p>${words}</p>${inner}</body></html>`
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const packed = { 'Content-Transfer-Encoding': 'base64' }

checkRows(pageTests, [
  ['PAGE_ONLY', { html: page('') }, { both: page('') }],
  [
    'PAGE_HIDDEN_TEXT',
    { html: `<html><body bgcolor="#ffffff"><p>Buy now</p><font color="#ffffff">${words}</font></body></html>` },
    { html: `<html><body><p>${words}</p><div style="display:none">preview</div></body></html>` },
  ],
  [
    'PAGE_PICTURE',
    { html: '<html><body><img src="http://a.example/x.png"></body></html>' },
    { html: page('<img src="http://a.example/x.png">') },
  ],
  [
    'PAGE_SPLIT_WORDS',
    { html: page('via<b></b>gra cia<!-- x -->lis sof<i></i>tware mort<u></u>gage') },
    { html: page('<b>viagra</b> and <i>more</i>') },
  ],
  [
    'PAGE_NONSENSE_TAGS',
    { html: page('<qx>a</qx><zzk>b</zzk><wuw>c</wuw><rrr>d</rrr>') },
    { html: page('<b>a</b><i>b</i><u>c</u><hr>') },
  ],
  [
    'PAGE_FORM',
    { html: page('<form action="http://a.example"><input name=pin></form>') },
    { html: page('<form action="http://a.example">text</form>') },
  ],
  [
    'PAGE_FORM_MAIL',
    { html: page('<form action="mailto:a@b.example"><input></form>') },
    { html: page('<a href="mailto:a@b.example">write</a>') },
  ],
  ['PAGE_SCRIPT', { html: page('<script>var a = 1</script>') }, { html: page('<script> </script>') }],
  [
    'PAGE_UNPACKS',
    { html: page('<script>document.write(atob("PGI+"))</script>') },
    { html: page('<script>latob = 1</script>') },
  ],
  ['PAGE_FRAME', { html: page('<iframe src="http://a.example/"></iframe>') }, { html: page('<p>iframe</p>') }],
  ['PAGE_BIG_LETTERS', { html: page('<font size=7>SALE</font>') }, { html: page('<font size=5>Sale</font>') }],
  ['PAGE_UNCLOSED', { html: `<html><body><p>${words}` }, { html: page('') }],
  ['PAGE_NO_FRAME', { html: `<p>${words}</p>` }, { html: page('') }],
  [
    'PAGE_POOR_CONTRAST',
    { html: page('<font color="#fffffe">x y z</font>') },
    { html: page('<font color="#404040">x y z</font>') },
  ],
  [
    'TEXT_BASE64',
    { fields: packed, body: base64('Hello, plain letters only.\n') },
    { fields: packed, body: base64('Grüße aus München\n') },
  ],
  ['TEXT_MIXED_LETTERS', { body: 'Dear pаypаl user, your pаssword' }, { body: 'Привет, Ben. Дела ok?' }],
  [
    'TEXT_UNSEEN_LETTERS',
    { body: 'b\u200bi\u200bt\u200bc\u200bo\u200bi\u200bn' },
    { body: 'A soft\u00adly broken word' },
  ],
  [
    'TEXT_FOREIGN_CHARSET',
    { fields: { 'Content-Type': 'text/plain; charset=gb2312' }, body: words },
    { fields: { 'Content-Type': 'text/plain; charset=iso-8859-1' }, body: words },
  ],
  ['TEXT_UNREADABLE_CHARSET', { fields: { 'Content-Type': 'text/plain; charset=x-user-defined' } }, {}],
  [
    'PARTS_TOO_MANY',
    { fields: { 'Content-Type': 'multipart/mixed; boundary=q' }, body: `${'--q\n\nx\n'.repeat(1100)}--q--\n` },
    { fields: { 'Content-Type': 'multipart/mixed; boundary=q' }, body: `${'--q\n\nx\n'.repeat(100)}--q--\n` },
  ],
  [
    'SIGNED_PGP',
    { body: 'hello\n-----BEGIN PGP SIGNATURE-----\nabc\n' },
    { body: 'hello\n-----BEGIN PGP MESSAGE-----\nabc\n' },
  ],
  [
    'QUOTES_ANSWERED',
    { body: 'Anna wrote:\n> shall we?\n> on Friday?\n\nYes.\n' },
    { body: 'Anna wrote:\n> shall we?\nYes, 3 > 2.\n' },
  ],
])
