/**
 * The conditions of rule files: `ifplugin X`, `if (version >= 4.0)`, `if can(X::y)`. We answer as SpamAssassin 4.0.1 with Debian's plugins would.
 * Mail::SpamAssassin::Conf(3), "PREPROCESSING OPTIONS". Pure.
 */
import { fail, ok, type Result } from '../../base/result.ts'
import { readMeta, runMeta } from './meta.ts'

/** 4.0.1, as its own comparisons write it. */
const VERSION = '4.000001'

/** Plugins whose rules are run here: those of SpamAssassin's own v310 to v401.pre. */
const plugins: ReadonlySet<string> = new Set(
  (
    'URIDNSBL SPF Pyzor Razor2 SpamCop AutoLearnThreshold WelcomeListSubject WhiteListSubject MIMEHeader ReplaceTags DKIM Check HTTPSMismatch URIDetail Bayes ' +
    'BodyEval DNSEval HTMLEval HeaderEval MIMEEval RelayEval URIEval WLBLEval VBounce ImageInfo FreeMail AskDNS HashBL DMARC Dmarc'
  ).split(' '),
)
/** What `can` and `has` ask of 4.0.1 and is not there, or is off. */
const absent: ReadonlySet<string> = new Set(['compat_welcomelist_blocklist'])
const off =
  /^(?:TextCat|PDFInfo|ASN|DecodeShortURLs|FromNameSpoof|OLEVBMacro|Phishing|ExtractText|TxRep|AWL|Shortcircuit|DCC|AntiVirus|AccessDB)::/
const plain = (name: string): string => name.replace(/^Mail::SpamAssassin::(?:Plugin::)?/, '')

const answer = (what: string, name: string, compat: boolean): boolean => {
  if (what === 'plugin') return plugins.has(plain(name))
  const short = plain(name)
  if (off.test(short)) return false
  const feature = short.slice(short.lastIndexOf('::') + 2)
  return feature === 'compat_welcomelist_blocklist' ? compat : !absent.has(feature)
}

/**
 * @param text what follows `if`, or `plugin (X)`. @param networked whether network tests are run. @param compat `enable_compat welcomelist_blocklist` was said.
 * @returns whether the lines that follow are in force.
 */
export const holds = (
  text: string,
  so: { readonly networked: boolean; readonly compat: boolean },
): Result<boolean, string> => {
  const said = text
    .replaceAll(/\b(plugin|can|has)\s*\(\s*([\w:]+)\s*\)/g, (_, what: string, name: string) =>
      answer(what, name, so.compat) ? '1' : '0',
    )
    .replaceAll(/\bperl_version\b/g, '5.036')
    .replaceAll(/\bversion\b/g, VERSION)
    .replaceAll(/\blocal_tests_only\b/g, so.networked ? '0' : '1')
  const read = readMeta(said)
  if (!read.ok) return fail(`the condition cannot be read: ${read.error}`)
  return ok(runMeta(read.value, () => 0) !== 0)
}
