/** Data: our tests of the links in a message: where they lead and what they say. RFC 3986 section 3.2 (authority), RFC 3492 (punycode). Pure. */

import { brandHosts, openHosts, shorteners, suspectZones } from '../data/links.ts'
import type { Anchor, Look } from '../look.ts'
import type { SpamTest } from '../row.ts'

const parent = (host: string): string => host.split('.').slice(-2).join('.')
const some = (look: Look, test: (link: Anchor) => boolean): boolean =>
  look.links().some((link) => link.host !== '' && test(link))
const authority = (href: string): string => /^\s*[a-z]+:[/\\]{2,}([^/\\?#]*)/i.exec(href)?.[1] ?? ''
const isNumber = (host: string): boolean => /^(?:\d{1,3}\.){3}\d{1,3}$|^\d{8,10}$|^0x[0-9a-f]{8}$/.test(host)
const onList = (host: string, list: ReadonlySet<string>): boolean => {
  const labels = host.split('.')
  return labels.some((_, i) => list.has(labels.slice(i).join('.')))
}

export const linkTests: readonly SpamTest[] = [
  {
    name: 'LINK_NUMBER',
    says: 'a link leads to a bare address instead of a name',
    score: 2.2,
    hit: (look) => some(look, (link) => isNumber(link.host)),
  },
  {
    name: 'LINK_PORT',
    says: 'a link leads to an unusual port',
    score: 0.8,
    hit: (look) => some(look, (link) => /:(?!(?:80|443|8080|8443)$)\d+$/.test(authority(link.href))),
  },
  {
    name: 'LINK_OTHER_HOST',
    says: 'a link shows one address and leads to another',
    score: 0.7,
    hit: (look) =>
      some(look, (link) => {
        const shown = /^(?:https?:\/\/)?((?:[a-z0-9-]+\.)+[a-z]{2,12})(?:[/:?#]\S*)?$/i
          .exec(link.text)?.[1]
          ?.toLowerCase()
        return shown !== undefined && link.marked && !look.has('list-id') && parent(shown) !== parent(link.host)
      }),
  },
  {
    name: 'LINK_SHORTENED',
    says: 'a link hides where it leads behind a shortening service',
    score: 0.6,
    hit: (look) => some(look, (link) => onList(link.host, shorteners)),
  },
  {
    name: 'LINK_PUNYCODE',
    says: 'a link’s name is written in encoded letters of another alphabet',
    score: 1.5,
    hit: (look) => some(look, (link) => /(?:^|\.)xn--/.test(link.host) || /[^\x00-\x7f]/.test(link.host)),
  },
  {
    name: 'LINK_USER',
    says: 'a link has a user name before the real host, to look like another site',
    score: 2.6,
    hit: (look) => some(look, (link) => /[^@]@/.test(authority(link.href))),
  },
  {
    name: 'LINK_ENCODED',
    says: 'a link writes plain letters in percent signs to hide them',
    score: 1.2,
    hit: (look) =>
      some(
        look,
        (link) =>
          /%(?:4[1-9a-f]|5[0-9a]|6[1-9a-f]|7[0-9a])/i.test(link.href.slice(0, 1000).replace(/\?.*/s, '')) ||
          authority(link.href).includes('%'),
      ),
  },
  {
    name: 'LINK_ZONE',
    says: 'a link leads to a top-level domain that is mostly used for spam',
    score: 0.7,
    hit: (look) => some(look, (link) => suspectZones.has(link.host.slice(link.host.lastIndexOf('.') + 1))),
  },
  {
    name: 'LINK_OPEN_HOST',
    says: 'a link leads to a page that anybody can put up without a name: free hosting, a form, a bucket',
    score: 0.8,
    hit: (look) =>
      some(look, (link) => onList(link.host, openHosts) || /\/\/docs\.google\.com\/forms|\/ipfs\//.test(link.href)),
  },
  {
    name: 'LINK_BRAND',
    says: 'a link’s name contains a well-known firm’s, but the site is not theirs',
    score: 2.5,
    hit: (look) =>
      some(look, (link) =>
        brandHosts.some(
          ({ word, domains }) =>
            link.host.includes(word) && !domains.some((own) => link.host === own || link.host.endsWith(`.${own}`)),
        ),
      ),
  },
  {
    name: 'LINK_KNOWS_YOU',
    says: 'a link carries the recipient’s address, to tell who opened it',
    score: 0.2,
    hit: (look) => {
      const who = look.input.envelope?.recipients ?? [
        /[^\s<>",;]+@[^\s<>",;]+/.exec(look.field('to').slice(0, 500))?.[0] ?? '',
      ]
      return some(look, (link) =>
        who.some((one) => one.length > 5 && link.href.toLowerCase().includes(one.toLowerCase())),
      )
    },
  },
  {
    name: 'LINK_REDIRECTS',
    says: 'a link leads through another site’s redirection',
    score: 0.9,
    hit: (look) =>
      some(look, (link) => /[/?&=*-]https?(?::|%3a)/i.test(link.href.slice(10, 2000)) && !look.has('list-id')),
  },
  {
    name: 'LINK_ALONE',
    says: 'next to nothing but a link',
    score: 0.5,
    hit: (look) =>
      look.links().length > 0 &&
      look
        .text()
        .replaceAll(/(?:https?:\/\/|www\.)\S+/gi, '')
        .trim().length < 60 &&
      look.files().length === 0,
  },
  {
    name: 'LINK_SCRIPT',
    says: 'a link runs a script or carries a page within itself',
    score: 2.5,
    hit: (look) => look.links().some((link) => /^\s*(?:javascript|vbscript|data:text\/html)/i.test(link.href)),
  },
]
