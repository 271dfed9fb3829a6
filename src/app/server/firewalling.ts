/** Ties the packet filter to the house: the ports of the listeners, the networks that are never kept out, and the process that does it. Composition only. */
import { isAbsolute, join } from 'node:path'
import type { Ban } from '../../ban/offence.ts'
import { writePrefix } from '../../base/ip.ts'
import type { Log } from '../../base/log.ts'
import type { Settings } from '../settings/schema.ts'
import { type FirewallClient, openFirewallClient } from './firewall-client.ts'
import { firewallWords, keepFirewall } from './firewall-process.ts'
import { type Kind, services } from './services.ts'

export type Firewalling = { readonly client: FirewallClient | undefined; readonly close: () => void }

/** Ports of the settings by what the jail closes; 0 is a port that nobody knows yet. */
const portsOf = (settings: Settings): { readonly mail: readonly number[]; readonly login: readonly number[] } => {
  const portsFor = (service: 'mail' | 'login'): readonly number[] => {
    const kinds = (Object.keys(services) as readonly Kind[]).filter((kind) => services[kind].service === service) // the keys of a closed record
    return [...new Set(kinds.flatMap((kind) => settings.listen[kind].map(({ port }) => port)))].filter(
      (port) => port > 0,
    )
  }
  return { mail: portsFor('mail'), login: portsFor('login') }
}

/** @param bans in force, whenever they are asked for. */
export const openFirewalling = (so: {
  readonly settings: () => Settings
  readonly folder: string
  readonly file: (path: string) => string
  readonly bans: () => readonly Ban[]
  readonly now: () => number
  readonly log: Log
}): Firewalling => {
  const { firewall } = so.settings()
  if (firewall.mode === 'off') return { client: undefined, close: () => undefined }
  const named = isAbsolute(firewall.socket) ? firewall.socket : so.file(firewall.socket)
  const path = firewall.socket === '' ? join(so.folder, 'firewall.sock') : named
  const end = firewall.mode === 'run' ? keepFirewall(firewallWords(firewall, path), so.log, so.now) : undefined
  const client = openFirewallClient({
    path,
    ports: portsOf(so.settings()),
    allow: () => so.settings().bans.allow.map(writePrefix),
    bans: so.bans,
    now: so.now,
    log: so.log,
  })
  return {
    client,
    close: () => {
      client.close()
      end?.()
    },
  }
}
