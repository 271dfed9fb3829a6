/** Data: our tests of pages (HTML) and of how text is packed: hidden words, pictures instead of words, forms, scripts, odd charsets. Pure. */

import type { Look } from '../look.ts'
import type { Rendered } from '../mail/html.ts'
import { headerOf } from '../mail/message.ts'
import type { SpamTest } from '../row.ts'

const some = (look: Look, test: (page: Rendered) => boolean): boolean => look.pages().some(test)
const inText = (look: Look): string => look.text()

export const pageTests: readonly SpamTest[] = [
  {
    name: 'PAGE_ONLY',
    says: 'a web page without a plain text beside it',
    score: 0.9,
    hit: (look) => look.pages().length > 0 && !look.hasPlain(),
  },
  {
    name: 'PAGE_HIDDEN_TEXT',
    says: 'words are hidden from the reader by colour, size or style',
    score: 0.5,
    hit: (look) =>
      some(look, (page) => page.invisible.trim().length > 40 && page.invisible.length > page.visible.length * 0.3),
  },
  {
    name: 'PAGE_PICTURE',
    says: 'a picture and hardly a word',
    score: 1.2,
    hit: (look) => some(look, (page) => page.images > 0 && page.visible.replaceAll(/\s+/g, ' ').trim().length < 200),
  },
  {
    name: 'PAGE_SPLIT_WORDS',
    says: 'words are cut up with tags or remarks, to get past filters',
    score: 1.8,
    hit: (look) => some(look, (page) => page.backhairs >= 2 || page.obfuscations > 10),
  },
  {
    name: 'PAGE_NONSENSE_TAGS',
    says: 'the page is full of tags that do not exist',
    score: 1.5,
    hit: (look) => some(look, (page) => page.tagsSeen > 4 && page.knownSeen / page.tagsSeen < 0.75),
  },
  {
    name: 'PAGE_FORM',
    says: 'the page asks to fill in a form',
    score: 0.3,
    hit: (look) => some(look, (page) => page.tags.has('form') && (page.tags.has('input') || page.tags.has('textarea'))),
  },
  {
    name: 'PAGE_FORM_MAIL',
    says: 'a form in the page sends what is filled in by mail',
    score: 2.0,
    hit: (look) => some(look, (page) => page.formMailto),
  },
  {
    name: 'PAGE_SCRIPT',
    says: 'the page has a script in it',
    score: 0.4,
    hit: (look) => some(look, (page) => page.scripts.some((script) => script.trim() !== '')),
  },
  {
    name: 'PAGE_UNPACKS',
    says: 'a script in the page unpacks a file or another page (HTML smuggling)',
    score: 3.5,
    hit: (look) =>
      some(look, (page) =>
        page.scripts.some((script) =>
          /\batob\s*\(|\bunescape\s*\(|new\s+Blob\s*\(|msSaveOrOpenBlob|fromCharCode|createObjectURL/.test(
            script.slice(0, 200_000),
          ),
        ),
      ),
  },
  {
    name: 'PAGE_FRAME',
    says: 'the page loads another page into itself',
    score: 0.2,
    hit: (look) =>
      some(
        look,
        (page) =>
          page.tags.has('iframe') || page.tags.has('frame') || page.tags.has('object') || page.tags.has('embed'),
      ),
  },
  {
    name: 'PAGE_BIG_LETTERS',
    says: 'the page shouts in very large letters',
    score: 1.2,
    hit: (look) => some(look, (page) => page.largest >= 6),
  },
  {
    name: 'PAGE_UNCLOSED',
    says: 'the page opens with a tag and never ends: it was put together by a poor program',
    score: 0.3,
    hit: (look) => some(look, (page) => page.tags.has('html') && !page.closedHtml),
  },
  {
    name: 'PAGE_NO_FRAME',
    says: 'the page lacks the tags that every mail program writes',
    score: 0.6,
    hit: (look) =>
      some(look, (page) => page.tagCount > 0 && !page.tags.has('html') && !page.tags.has('body')) &&
      !look.has('list-id'),
  },
  {
    name: 'PAGE_POOR_CONTRAST',
    says: 'text in nearly the colour of its background',
    score: 0.6,
    hit: (look) => some(look, (page) => page.lowContrast),
  },
  {
    name: 'TEXT_BASE64',
    says: 'plain text was packed as if it were a file, to hide it from filters',
    score: 1.2,
    hit: (look) =>
      look
        .leaves()
        .some(
          (leaf) =>
            /^text\/(?:plain|html)$/.test(leaf.type) &&
            leaf.name === '' &&
            headerOf(leaf, 'content-transfer-encoding').toLowerCase() === 'base64',
        ) &&
      !/[^\x00-\x7f]/.test(inText(look)) &&
      inText(look) !== '',
  },
  {
    name: 'TEXT_MIXED_LETTERS',
    says: 'Latin words with letters of other alphabets in them, to get past filters',
    score: 2.0,
    hit: (look) =>
      (inText(look).match(/\p{Script=Latin}[\p{Script=Cyrillic}\p{Script=Greek}]\p{Script=Latin}/gu)?.length ?? 0) >= 2,
  },
  {
    name: 'TEXT_UNSEEN_LETTERS',
    says: 'invisible characters stand inside words, to get past filters',
    score: 1.8,
    hit: (look) => (inText(look).match(/\p{L}[\u00ad\u200b-\u200d\u2060\ufeff]+(?=\p{L})/gu)?.length ?? 0) >= 5,
  },
  {
    name: 'TEXT_FOREIGN_CHARSET',
    says: 'a charset of a far country around text in plain Latin letters',
    score: 0.9,
    hit: (look) =>
      look
        .leaves()
        .some((leaf) =>
          /^(?:gb|big5|euc-kr|ks_c|iso-2022-kr|koi8|windows-1251|windows-874)/i.test(leaf.charset ?? ''),
        ) &&
      inText(look).length > 40 &&
      !/[^\x00-\x7f]/.test(inText(look)),
  },
  {
    name: 'TEXT_UNREADABLE_CHARSET',
    says: 'letters that fit no charset it names',
    score: 0.6,
    hit: (look) =>
      look
        .leaves()
        .some((leaf) => /^text\//.test(leaf.type) && /^(?:x-|unknown|default_charset|%)/i.test(leaf.charset ?? '')),
  },
  {
    name: 'PARTS_TOO_MANY',
    says: 'more parts than any mail program makes',
    score: 2.0,
    hit: (look) => look.mail.oddities.tooManyParts,
  },
  {
    name: 'SIGNED_PGP',
    says: 'signed with OpenPGP or S/MIME',
    score: -0.8,
    hit: (look) =>
      /^multipart\/signed/i.test(look.field('content-type')) || look.text().includes('-----BEGIN PGP SIGNATURE-----'),
  },
  {
    name: 'QUOTES_ANSWERED',
    says: 'it quotes lines of an earlier message, as people do when they answer',
    score: -1.0,
    hit: (look) =>
      (look.view
        .rawbody()[0]
        ?.slice(0, 20_000)
        .match(/^[>|] ?\S/gm)?.length ?? 0) >= 2,
  },
]
