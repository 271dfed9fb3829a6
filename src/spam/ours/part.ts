/**
 * Data: our tests of attachments: programs, programs under false names, locked archives, macros. The ZIP form is that of APPNOTE 6.3 sections
 * 4.3.7 and 4.3.12 (local and central headers), looked at in the first octets only; nothing is unpacked here. Pure.
 */
import type { Attached, Look } from '../look.ts'
import type { SpamTest } from '../row.ts'

const program =
  /\.(?:exe|scr|pif|com|bat|cmd|vbs|vbe|jse?|wsf|wsh|hta|lnk|msi|msix|appx|jar|cpl|ps1|reg|dll|sys|chm|hlp|inf|application|gadget|scf|url|appref-ms|xll|ade|adp|mde)$/i
const disk = /\.(?:iso|img|vhdx?|udf|one|onepkg|ace|arj|cab|wim|uue|lzh)$/i
const page = /\.(?:x?html?|shtml|mht|mhtml|svg)$/i
const archive = /\.(?:zip|7z|rar|gz|tgz|bz2|xz|tar)$/i
const some = (look: Look, test: (file: Attached) => boolean): boolean => look.files().some(test)

const MOST_NAMES = 200
type Zipped = { readonly name: string; readonly locked: boolean }

/** The names in the local headers of a ZIP file's first octets. */
const zipNames = (head: string): readonly Zipped[] => {
  const out: Zipped[] = []
  const number = (at: number): number => (head.charCodeAt(at) || 0) | ((head.charCodeAt(at + 1) || 0) << 8)
  let at = head.indexOf('PK\x03\x04')
  while (at >= 0 && out.length < MOST_NAMES) {
    out.push({
      name: head.slice(at + 30, at + 30 + Math.min(400, number(at + 26))),
      locked: (number(at + 6) & 1) === 1,
    })
    at = head.indexOf('PK\x03\x04', at + 30)
  }
  return out
}

export const partTests: readonly SpamTest[] = [
  {
    name: 'FILE_PROGRAM',
    says: 'a program or script is attached',
    score: 3.5,
    hit: (look) => some(look, (file) => program.test(file.name)),
  },
  {
    name: 'FILE_TWO_ENDINGS',
    says: 'an attachment’s name has a second, false ending: invoice.pdf.exe',
    score: 3.0,
    hit: (look) =>
      some(
        look,
        (file) =>
          /\.(?:pdf|docx?|xlsx?|jpe?g|png|gif|txt|zip|mp3|avi|csv|rtf)[\s_.-]*\.[a-z0-9]{2,5}$/i.test(file.name) &&
          (program.test(file.name) || disk.test(file.name) || page.test(file.name)),
      ),
  },
  {
    name: 'FILE_BACKWARDS',
    says: 'an attachment’s name is written partly backwards to hide its ending',
    score: 4.0,
    hit: (look) => some(look, (file) => /[\u202a-\u202e\u2066-\u2069]/.test(file.name)),
  },
  {
    name: 'FILE_DISGUISED',
    says: 'an attachment is a program, whatever its name says',
    score: 3.5,
    hit: (look) =>
      some(
        look,
        (file) => !program.test(file.name) && /^(?:MZ[\s\S]{58,}PE\0\0|\x7fELF|#!\/)/.test(file.head().slice(0, 4096)),
      ),
  },
  {
    name: 'FILE_DISK',
    says: 'a disk image or rare archive is attached, as hides programs from scanners',
    score: 2.5,
    hit: (look) => some(look, (file) => disk.test(file.name)),
  },
  {
    name: 'FILE_MACROS',
    says: 'an office document with macros is attached',
    score: 2.0,
    hit: (look) =>
      some(look, (file) => {
        if (/\.(?:doc|xls|ppt|dot|xlt)[mb]$/i.test(file.name)) return true
        const head = file.head()
        return (
          (head.startsWith('PK\x03\x04') && head.includes('vbaProject.bin')) ||
          (head.startsWith('\xd0\xcf\x11\xe0') &&
            /_\0V\0B\0A\0_|A\0u\0t\0o\0O\0p\0e\0n|Attribut\0? ?e? ?VB_/.test(head))
        )
      }),
  },
  {
    name: 'FILE_LOCKED',
    says: 'an archive with a password is attached: no scanner can look into it',
    score: 1.5,
    hit: (look) =>
      some(
        look,
        (file) =>
          zipNames(file.head()).some((one) => one.locked) ||
          (file.head().startsWith('%PDF') && file.head().includes('/Encrypt')),
      ),
  },
  {
    name: 'FILE_ZIP_PROGRAM',
    says: 'an archive with a program in it is attached',
    score: 3.0,
    hit: (look) =>
      some(look, (file) => zipNames(file.head()).some((one) => program.test(one.name) || disk.test(one.name))),
  },
  {
    name: 'FILE_PAGE',
    says: 'a web page is attached as a file, to be opened outside the mail program',
    score: 1.2,
    hit: (look) => some(look, (file) => page.test(file.name) && !file.disposition.startsWith('inline')),
  },
  {
    name: 'FILE_ALONE',
    says: 'attachments and hardly a word',
    score: 0.8,
    hit: (look) =>
      some(look, (file) => archive.test(file.name) || /\.(?:pdf|docx?|xlsx?|rtf)$/i.test(file.name)) &&
      look.text().length < 30,
  },
  {
    name: 'FILE_PASSWORD_GIVEN',
    says: 'an archive is attached and the text tells its password',
    score: 2.0,
    hit: (look) =>
      some(look, (file) => archive.test(file.name)) &&
      /\b(?:passwor[dt]|passwort|kennwort|mot de passe|contraseña|parola|pin)\b ?(?:is|ist|est|es|:|=)/.test(
        look.lower(),
      ),
  },
]
