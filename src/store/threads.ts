/**
 * How messages hang together: ORDEREDSUBJECT and REFERENCES of RFC 5256 section 3 (its algorithm step by step), and REFS, which is REFERENCES
 * without the merging of subjects (draft-ietf-morg-inthread-01 section 5). Pure: messages in, threads out.
 */
import type { Thread } from './store.ts'

export type Threaded = {
  readonly uid: number
  readonly messageId: string
  readonly references: readonly string[]
  /** Folded. */
  readonly baseSubject: string
  /** Whether the subject says that it answers or forwards. */
  readonly reply: boolean
  readonly sentAt: number
  readonly arrivedAt: number
}

/** A message, or the place of one that is not here (`message` null). */
type Node = { message: Threaded | null; parent: Node | null; children: Node[] }

/** Levels of a thread; what hangs deeper is shown at the last one. A stranger's chain of replies must not be as deep as our stack. */
export const MOST_LEVELS = 100

const byDate = (a: Threaded, b: Threaded): number => a.sentAt - b.sentAt || a.uid - b.uid

/** RFC 5256 section 3, ORDEREDSUBJECT: the first of a subject has all the others as its children. */
export const orderedSubject = (messages: readonly Threaded[]): readonly Thread[] => {
  const bySubject = new Map<string, Threaded[]>()
  for (const message of messages.toSorted(byDate)) {
    const known = bySubject.get(message.baseSubject)
    if (known === undefined) bySubject.set(message.baseSubject, [message])
    else known.push(message)
  }
  return [...bySubject.values()].flatMap(([first, ...rest]) =>
    first === undefined ? [] : [{ uid: first.uid, children: rest.map(({ uid }) => ({ uid, children: [] })) }],
  )
}

/** Whether `node` is `above` or hangs below it. */
const isBelow = (node: Node, above: Node): boolean => {
  if (above.children.length === 0) return node === above
  for (let at: Node | null = node; at !== null; at = at.parent) if (at === above) return true
  return false
}

const cutLoose = (node: Node): void => {
  const parent = node.parent
  if (parent === null) return
  parent.children = parent.children.filter((child) => child !== node)
  node.parent = null
}

const hang = (child: Node, parent: Node): void => {
  child.parent = parent
  parent.children.push(child)
}

/** Step 1: every message and every reference as a node, each below the one it refers to, without a loop. */
const link = (messages: readonly Threaded[]): Node[] => {
  const byId = new Map<string, Node>()
  const nodes: Node[] = []
  const nodeOf = (id: string): Node => {
    const known = byId.get(id)
    if (known !== undefined) return known
    const made: Node = { message: null, parent: null, children: [] }
    byId.set(id, made)
    nodes.push(made)
    return made
  }
  for (const message of messages) {
    const known = message.messageId === '' ? undefined : byId.get(message.messageId)
    // A second message with the same Message-ID, or one without, is a node that nobody can refer to.
    const own: Node =
      known?.message === null
        ? known
        : message.messageId !== '' && known === undefined
          ? nodeOf(message.messageId)
          : { message: null, parent: null, children: [] }
    if (own !== byId.get(message.messageId)) nodes.push(own)
    own.message = message
    let last: Node | null = null
    for (const id of message.references) {
      const node = nodeOf(id)
      if (last !== null && node.parent === null && !isBelow(last, node)) hang(node, last)
      last = node
    }
    if (last === null || isBelow(last, own)) continue
    cutLoose(own)
    hang(own, last)
  }
  return nodes
}

/** Everything below a node, without recursion: a chain may be as long as the mailbox. */
const allBelow = (node: Node): Node[] => {
  const found: Node[] = []
  const open = [...node.children]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    found.push(next)
    open.push(...next.children)
  }
  return found
}

/** Makes no thread deeper than MOST_LEVELS. */
const flatten = (roots: readonly Node[]): readonly Node[] => {
  let level: readonly Node[] = roots
  for (let depth = 1; depth < MOST_LEVELS; depth++) level = level.flatMap((node) => node.children)
  for (const node of level) {
    const below = allBelow(node)
    node.children = below
    for (const one of below) {
      one.parent = node
      one.children = []
    }
  }
  return roots
}

const rootsOf = (messages: readonly Threaded[]): readonly Node[] =>
  flatten(link(messages).filter((node) => node.parent === null))

/** Step 3: missing messages go, their children take their place; at the top only one who has a single child. */
const prune = (nodes: readonly Node[], top: boolean): Node[] =>
  nodes.flatMap((node) => {
    const children = prune(node.children, false)
    for (const child of children) child.parent = node
    node.children = children
    if (node.message !== null) return [node]
    if (top && children.length > 1) return [node]
    for (const child of children) child.parent = null
    return children
  })

/** The message that a node is dated and named by: its own, or its first child's. */
const faceOf = (node: Node): Threaded | undefined => {
  if (node.message !== null) return node.message
  return node.children.map(faceOf).find((face) => face !== undefined)
}

const byFace = (a: Node, b: Node): number => {
  const [x, y] = [faceOf(a), faceOf(b)]
  return x === undefined || y === undefined ? 0 : byDate(x, y)
}

/** Step 5.B: which root stands for a subject. */
const standsBefore = (node: Node, known: Node): boolean => {
  if (node.message === null) return known.message !== null
  return known.message?.reply === true && !node.message.reply
}

const subjectTable = (roots: readonly Node[]): Map<string, Node> => {
  const table = new Map<string, Node>()
  for (const root of roots) {
    const subject = faceOf(root)?.baseSubject ?? ''
    const known = table.get(subject)
    if (subject !== '' && (known === undefined || standsBefore(root, known))) table.set(subject, root)
  }
  return table
}

/** Step 5.C: roots of one subject become one thread. */
const mergeSubjects = (roots: readonly Node[]): Node[] => {
  const table = subjectTable(roots)
  const gone = new Set<Node>()
  const made: Node[] = []
  for (const root of roots) {
    const subject = faceOf(root)?.baseSubject ?? ''
    const known = table.get(subject)
    if (known === undefined || known === root) continue
    gone.add(root)
    if (known.message === null && root.message === null) for (const child of root.children) hang(child, known)
    else if (known.message === null || (root.message?.reply === true && !known.message.reply)) hang(root, known)
    else {
      const both: Node = { message: null, parent: null, children: [] }
      gone.add(known)
      hang(known, both)
      hang(root, both)
      made.push(both)
      table.set(subject, both)
    }
  }
  return [...roots, ...made].filter((root) => !gone.has(root))
}

/** Step 6: siblings by date, the deepest first, since a missing parent is dated by its first child. */
const sortBelow = (node: Node): void => {
  for (const child of node.children) sortBelow(child)
  node.children.sort(byFace)
}

const threadOfNode = (node: Node): Thread => ({
  uid: node.message?.uid ?? 0,
  children: node.children.map(threadOfNode),
})

/** RFC 5256 section 3, REFERENCES. Messages are taken in the order given. */
export const byReferences = (messages: readonly Threaded[]): readonly Thread[] => {
  const pruned = prune(rootsOf(messages), true)
  for (const root of pruned) sortBelow(root)
  const merged = mergeSubjects(pruned.toSorted(byFace))
  for (const root of merged) sortBelow(root)
  return merged.toSorted(byFace).map(threadOfNode)
}

const latest = (node: Node): number =>
  node.children.reduce((most, child) => Math.max(most, latest(child)), node.message?.arrivedAt ?? 0)

/** REFS: threads by the arrival of their latest message. */
export const byRefs = (messages: readonly Threaded[]): readonly Thread[] => {
  const roots = prune(rootsOf(messages), true)
  for (const root of roots) sortBelow(root)
  return roots.toSorted((a, b) => latest(a) - latest(b) || byFace(a, b)).map(threadOfNode)
}

/** A subject that says it answers or forwards: what RFC 5256 section 2.1 takes away to find the base subject. */
export const saysReply = (subject: string): boolean =>
  /^\s*(?:\[[^[\]]*\]\s*)*(?:re|fwd?)\s*(?:\[[^[\]]*\]\s*)?:/i.test(subject) ||
  /\(fwd\)\s*$/i.test(subject) ||
  /^\s*\[fwd:.*\]\s*$/i.test(subject)
