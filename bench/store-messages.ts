/** Messages for the store's benchmarks: real ones of the SpamAssassin corpus around a mean size, and ones that hardly compress. */
import { randomBytes } from 'node:crypto'
import { openCorpus } from '../src/app/demo/corpus.ts'
import { must } from '../src/store/testing.ts'

/** The fields that a delivery puts before a message. */
export const prefixOf = (i: number): string =>
  `Return-Path: <sender${i}@example.net>\r\nReceived: from mail.example.net (mail.example.net [192.0.2.${i % 250}])\r\n` +
  `\tby mx.example.org with ESMTPS id ${i}x; Wed, 25 Nov 2026 04:00:00 +0000\r\n` +
  'Authentication-Results: mx.example.org; spf=pass smtp.mailfrom=example.net\r\n'

/** Real messages with a mean size near `mean`, each as often as it takes. */
export const realMessages = async (mean: number, count: number): Promise<readonly Uint8Array[]> => {
  const corpus = await must(openCorpus())
  const fitting = corpus.names
    .map((name) => corpus.read(name).bytes)
    .filter((bytes) => bytes.length < mean * 1.9 && bytes.length > mean * 0.25)
  return Array.from({ length: count }, (_, i) => fitting[(i * 7) % fitting.length] ?? new Uint8Array())
}

/** A short header and random octets in base64, `size` octets in all: what no dictionary helps with. */
export const noiseMessages = (size: number, count: number): readonly Uint8Array[] =>
  Array.from({ length: count }, (_, i) => {
    const head = `From: a <a@example.net>\r\nTo: b@example.org\r\nSubject: number ${i}\r\nMessage-ID: <${i}@example.net>\r\n\r\n`
    const lines = randomBytes(size)
      .toString('base64')
      .replace(/(.{76})/g, '$1\r\n')
    return Buffer.from((head + lines).slice(0, size), 'latin1')
  })

export const meanOf = (messages: readonly Uint8Array[]): number =>
  messages.reduce((sum, message) => sum + message.length, 0) / messages.length
