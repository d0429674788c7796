import type { Finding } from "../Finding.js"
import type { Verdict } from "../Invariant.js"

export const holds: Verdict = { _tag: "Holds" }

/** Holds unless something was found. */
export const unless = (findings: ReadonlyArray<Finding>): Verdict =>
  findings.length === 0 ? holds : { _tag: "Broken", findings }

export const unknown = (why: string): Verdict => ({ _tag: "Unknown", why })
