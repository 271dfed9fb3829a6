/** A packet filter as the process drives it: nftables, ipset, iptables, or commands of the owner's. Types and a few words of text; pure. */
import { type Prefix, prefixOf, writeIp } from '../base/ip.ts'
import type { Result } from '../base/result.ts'
import type { Closing, Gate } from './request.ts'

export type Ports = Readonly<Record<Gate, readonly number[]>>
export type BackendName = 'nftables' | 'ipset' | 'iptables' | 'command'
export type Backend = {
  readonly name: BackendName
  /** Makes what is ours, empty. */
  readonly setUp: (ports: Ports, allow: readonly Prefix[]) => Promise<Result<undefined, string>>
  readonly ban: (bans: readonly Closing[]) => Promise<Result<undefined, string>>
  readonly unban: (prefixes: readonly Prefix[]) => Promise<Result<undefined, string>>
  /** What is in force, as the filter itself prints it. */
  readonly print: () => Promise<Result<string, string>>
  /** Takes away everything of ours. */
  readonly tearDown: () => Promise<void>
}

/** Runs a program to its end. @returns what it said on standard output, or on standard error where it failed. */
export type Run = (program: string, words: readonly string[], input?: string) => Promise<Result<string, string>>

/** The first address of a prefix, without its length. */
export const networkOf = ({ version, octets, bits }: Prefix): string => writeIp(prefixOf({ version, octets }, bits))
/** Whole seconds, at least one. */
export const secondsOf = (ms: number): number => Math.max(1, Math.ceil(ms / 1000))
/** Who shares version, length and gate. */
export const shelfOf = (version: 4 | 6, bits: number, gate: Gate): string => `${gate}${version}_${bits}`
