/**
 * What a writer was promised: every acknowledged write, to be compared with what is read back.
 *
 * @since 0.1.0
 */
import type { Parts, WriteKind } from "./WriteKind.js"
import { isWhole } from "./WriteKind.js"

/**
 * One key of a writer.
 *
 * - `attempted`: the number of the last write that was sent
 * - `promised`: for each part the last write that was acknowledged
 *
 * @since 0.1.0
 * @category models
 */
export interface Entry {
  readonly key: string
  readonly kind: WriteKind
  readonly attempted: number
  readonly promised: Parts
}

/**
 * - `Kept`: every acknowledged write is there, or a later one
 * - `Lost`: a part is missing
 * - `Stale`: a part is older than acknowledged
 * - `Torn`: what was written at once is there by half, or something is there that was never written
 *
 * @since 0.1.0
 * @category models
 */
export type Verdict = "Kept" | "Lost" | "Stale" | "Torn"

/**
 * A key before its first write.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fresh = (key: string, kind: WriteKind): Entry => ({ key, kind, attempted: 0, promised: new Map() })

/**
 * A write is about to be sent.
 *
 * @since 0.1.0
 * @category combinators
 */
export const attempt = (entry: Entry): Entry => ({ ...entry, attempted: entry.attempted + 1 })

/**
 * The last write sent was acknowledged.
 *
 * @since 0.1.0
 * @category combinators
 */
export const acknowledge = (entry: Entry): Entry => ({
  ...entry,
  promised: new Map([
    ...entry.promised,
    ...entry.kind.parts(entry.attempted).map((part) => [part, entry.attempted] as const)
  ])
})

/**
 * What became of a key. A write that was sent and not acknowledged may or may not be there.
 *
 * @since 0.1.0
 * @category predicates
 */
export const judge = ({ attempted, kind, promised }: Entry, found: Parts): Verdict => {
  const missing = [...promised].filter(([part]) => !found.has(part))
  if (missing.length > 0) return "Lost"
  if ([...promised].some(([part, version]) => (found.get(part) ?? 0) < version)) return "Stale"
  const versions = [...found.values()]
  const invented = versions.some((version) => version > attempted)
  return invented || (isWhole(kind) && new Set(versions).size > 1) ? "Torn" : "Kept"
}
