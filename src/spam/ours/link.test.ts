import { type Case, checkRows } from '../testing.ts'
import { linkTests } from './link.ts'

const to = (href: string, words = 'the page'): Case => ({ both: `<p>See <a href="${href}">${words}</a>, please.</p>` })

checkRows(linkTests, [
  ['LINK_NUMBER', to('http://192.0.2.1/x'), to('http://192.0.2.1.example/x')],
  ['LINK_PORT', to('http://shop.example:8123/'), to('http://shop.example:80/')],
  [
    'LINK_OTHER_HOST',
    to('http://evil.test/', 'https://www.bank.example/login'),
    to('http://login.bank.example/', 'www.bank.example'),
  ],
  ['LINK_SHORTENED', to('https://bit.ly/abc'), to('https://rabbit.ly/abc')],
  ['LINK_PUNYCODE', to('https://xn--pypal-4ve.example/'), to('https://example.org/xn--a')],
  ['LINK_USER', to('http://www.bank.example@evil.test/'), to('http://evil.test/@bank.example')],
  ['LINK_ENCODED', to('http://shop.example/%62%75%79'), to('http://shop.example/a%20b?q=%61')],
  ['LINK_ZONE', to('http://deal.top/'), to('http://top.example/')],
  ['LINK_OPEN_HOST', to('https://abc.web.app/'), to('https://myweb.app/')],
  ['LINK_BRAND', to('https://paypal-login.example/'), to('https://www.paypal.com/')],
  [
    'LINK_KNOWS_YOU',
    { ...to('http://shop.example/?u=BEN@example.org'), envelope: {} },
    { ...to('http://shop.example/?u=carl@example.org'), envelope: {} },
  ],
  ['LINK_REDIRECTS', to('http://search.example/url?q=http://evil.test/'), to('http://search.example/url?q=evil')],
  [
    'LINK_ALONE',
    { body: 'look\nhttp://shop.example/a\n' },
    { body: `${'some more words here '.repeat(4)}http://shop.example/a\n` },
  ],
  ['LINK_SCRIPT', to('javascript:alert(1)'), to('http://javascript.example/')],
])
