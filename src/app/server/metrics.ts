/**
 * What Prometheus reads: counts of every log event, gauges of the house, and how long the store took. The text format of OpenMetrics' older sibling (version
 * 0.0.4). Pure but for the figures it is given.
 */
import { type EventName, events } from '../../base/events.ts'

export type Gauge = { readonly name: string; readonly says: string; readonly value: number; readonly counter?: boolean }

const line = (name: string, labels: Readonly<Record<string, string>>, value: number): string => {
  const inner = Object.entries(labels)
    .map(([key, text]) => `${key}="${text.replaceAll(/["\\\n]/g, '_')}"`)
    .join(',')
  return `${name}${inner === '' ? '' : `{${inner}}`} ${value}\n`
}

/** @returns the page: one family for all events (each of the closed table, also those that never happened), then the gauges. */
export const writeMetrics = (counts: ReadonlyMap<EventName, number>, gauges: readonly Gauge[]): string => {
  const names = Object.keys(events) as EventName[]
  const counted = names.map((name) =>
    line('postern_events_total', { event: name, level: events[name].level }, counts.get(name) ?? 0),
  )
  const families = gauges.map(
    ({ name, says, value, counter }) =>
      `# HELP ${name} ${says}\n# TYPE ${name} ${counter === true ? 'counter' : 'gauge'}\n${line(name, {}, value)}`,
  )
  return `# HELP postern_events_total Log events, by name.\n# TYPE postern_events_total counter\n${counted.join('')}${families.join('')}`
}
