/**
 * A jail.conf of fail2ban with its jail.local and jail.d, read for what it watches: which log, which filter, how often, how long (fail2ban
 * 1.0, jail.conf(5)). Actions are not ours: the jail has its own. The disk is a parameter; pure.
 */
import { fail, ok, type Result } from '../../base/result.ts'
import { type Fault, type FilesPort, readSettings, resolving, type Settings } from './config/settings.ts'
import { readNamed } from './config/tags.ts'

export type JailEntry = {
  readonly name: string
  /** `sshd[mode=aggressive]`. */
  readonly filter: string
  readonly logs: readonly string[]
  /** Whether it reads the systemd journal. */
  readonly journal: boolean
  readonly maxretry: number | undefined
  readonly findtimeMs: number | undefined
  /** Infinity: for ever. */
  readonly bantimeMs: number | undefined
  readonly ignoreip: readonly string[]
  readonly zone: string | undefined
  /** What stands there and has no meaning here. */
  readonly left: readonly string[]
}
export type JailFile = { readonly jails: readonly JailEntry[]; readonly off: number; readonly faults: readonly Fault[] }

const units: Readonly<Record<string, number>> = {
  s: 1,
  ss: 1,
  sec: 1,
  m: 60,
  mm: 60,
  min: 60,
  h: 3600,
  hh: 3600,
  hour: 3600,
  d: 86_400,
  dd: 86_400,
  day: 86_400,
  w: 604_800,
  ww: 604_800,
  week: 604_800,
  mon: 2_629_800,
  mo: 2_629_800,
  month: 2_629_800,
  y: 31_557_600,
  yy: 31_557_600,
  year: 31_557_600,
}

/** @param text `600`, `10m`, `1d 12h`, `-1`. @returns milliseconds; undefined where it is no length of time. */
export const readSpan = (text: string): number | undefined => {
  const bare = text.trim().toLowerCase()
  if (bare === '') return undefined
  if (/^-\d+$/.test(bare)) return Number.POSITIVE_INFINITY
  if (/^\d+$/.test(bare)) return Number(bare) * 1000
  let seconds = 0
  let rest = bare
  while (rest !== '') {
    const part = /^\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*/.exec(rest)
    const unit = units[part?.[2] ?? ''] ?? units[(part?.[2] ?? '').replace(/s$/, '')]
    if (part === null || typeof unit !== 'number') return undefined
    seconds += Number(part[1]) * unit
    rest = rest.slice(part[0].length)
  }
  return seconds * 1000
}

const isYes = (text: string | undefined): boolean => /^(?:true|yes|on|1)$/i.test(text?.trim() ?? '')
const unlike = [
  'ignorecommand',
  'bantime.increment',
  'bantime.formula',
  'bantime.rndtime',
  'failregex',
  'ignoreregex',
  'datepattern',
  'usedns',
] as const

const entryOf = (settings: Settings, name: string): Result<JailEntry | undefined, string> => {
  const read = resolving((): JailEntry | undefined => {
    const get = (option: string): string | undefined => settings.get(name, option)
    if (!isYes(get('enabled'))) return undefined
    const written = get('filter') ?? name
    const named = readNamed(written.trim() === '' ? name : written.trim())
    const mode = get('mode')
    const own = named.ok && mode !== undefined && mode !== '' && mode !== 'normal' && !named.value.options.has('mode')
    const base = named.ok ? written.trim() : name
    const retry = Number(get('maxretry') ?? '')
    const logs = (get('logpath') ?? '').split('\n').map((line) => line.trim().replace(/\s+(?:head|tail)$/, ''))
    return {
      name,
      filter: own && !base.includes('[') ? `${base}[mode=${mode}]` : base,
      logs: logs.filter((line) => line !== ''),
      journal: (get('backend') ?? '').trim().startsWith('systemd'),
      maxretry: Number.isInteger(retry) && retry > 0 ? retry : undefined,
      findtimeMs: readSpan(get('findtime') ?? ''),
      bantimeMs: readSpan(get('bantime') ?? ''),
      ignoreip: (get('ignoreip') ?? '').split(/[\s,]+/).filter((one) => one !== ''),
      zone: get('logtimezone'),
      left: unlike.filter((option) => settings.owns(name, option) && (get(option) ?? '') !== ''),
    }
  })
  return read.ok ? ok(read.value) : fail(read.error)
}

/** @param folder `/etc/fail2ban`. @returns the jails that are on; or that there is no jail.conf. */
export const readJailFile = (port: FilesPort, folder: string): Result<JailFile, Fault> => {
  const settings = readSettings(port, `${folder}/jail`)
  if (settings === undefined) return fail({ file: `${folder}/jail.conf`, line: 0, why: 'there is no such file' })
  settings.put('DEFAULT', 'fail2ban_confpath', folder)
  settings.put('DEFAULT', 'fail2ban_version', '1.0')
  const jails: JailEntry[] = []
  const faults: Fault[] = [...settings.faults]
  let off = 0
  for (const name of settings.sections().filter((one) => one !== 'INCLUDES')) {
    const entry = entryOf(settings, name)
    const placed = settings.raw(name, 'filter') ?? settings.raw(name, 'enabled')
    if (!entry.ok) faults.push({ file: placed?.file ?? '', line: placed?.line ?? 0, why: `[${name}] ${entry.error}` })
    else if (entry.value === undefined) off += 1
    else jails.push(entry.value)
  }
  return ok({ jails, off, faults })
}
