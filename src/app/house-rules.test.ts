/** The page for the office: one sheet, filled in from what is known, and harmless as HTML. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { writeHouseRules } from './house-rules.ts'

const house = { host: 'mail.example.org', postmaster: 'postmaster@example.org' }

test('the text fits on a page and names the server and who helps', () => {
  const lines = writeHouseRules(house, 'text').split('\n')
  assert.ok(lines.length <= 60, `${lines.length} lines`)
  for (const line of lines) assert.ok(line.length <= 96, line)
  const text = lines.join(' ').replaceAll(/\s+/g, ' ')
  assert.match(text, /Tell postmaster@example\.org,/)
  assert.match(text, /Our mail server is mail\.example\.org, and nothing else/)
})

test('what is unknown is a line to fill in', () => {
  const text = writeHouseRules({ host: undefined, postmaster: undefined }, 'text')
  assert.match(text, /Mail server {2}_{10}/)
  assert.match(text, /Who helps {4}_{10}/)
  assert.ok(!text.includes('undefined'))
})

test('HTML: what looks like markup is text', () => {
  const html = writeHouseRules({ host: '<script>"&', postmaster: undefined }, 'html')
  assert.ok(!html.includes('<script>'))
  assert.match(html, /&lt;script&gt;&quot;&amp;/)
  assert.match(html, /between &lt; and &gt;/)
})

test('JSON: the same rules, and null for what is unknown', () => {
  const page = JSON.parse(writeHouseRules({ host: house.host, postmaster: undefined }, 'json'))
  assert.equal(page.host, house.host)
  assert.equal(page.postmaster, null)
  assert.equal(page.rules.length, 11)
})
