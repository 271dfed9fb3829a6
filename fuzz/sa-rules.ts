/** SpamAssassin's rule files, their patterns and expressions: any text is read, with faults for what cannot be. */
import { neededStrings } from '../src/spam/sa/literals.ts'
import { splitPerl, translatePerl } from '../src/spam/sa/perl-regex.ts'
import { readRules } from '../src/spam/sa/rule-file.ts'
import type { FuzzTarget } from './target.ts'

export const target: FuzzTarget = {
  name: 'sa-rules',
  seeds: () =>
    [
      'header A Subject =~ /buy (?i)now\\b/ix\nscore A 1 2 3 4\nmeta M A && !(B + C > 2)\nbody B /(?>a+)[[:alpha:]]{2,}/\n',
      'ifplugin X\nif (version >= 4.0)\nreplace_tag V [vV]\nreplace_rules B\nbody B /<V>iagra/\nendif\nelse\nendif\n',
      'mimeheader MH Content-Type =~ m{name="?[^"]+\\.exe}i [if-unset: none]\nheader E eval:check_it("a", \'b\', 3)\n',
    ].map((text) => Buffer.from(text, 'latin1')),
  run: (bytes) => {
    const set = readRules([{ name: 'fuzz.cf', text: Buffer.from(bytes).toString('latin1') }])
    for (const rule of set.rules.values()) {
      if (!('pattern' in rule)) continue
      const read = translatePerl(rule.pattern, rule.flags)
      if (read.ok) neededStrings(read.value.regexp.source)
    }
    splitPerl(Buffer.from(bytes).toString('latin1'))
  },
}
