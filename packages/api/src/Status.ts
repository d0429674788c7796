/**
 * The one status word that a cluster, its shards and its nodes share.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * The status words the vendor lists for cluster mode.
 *
 * `Modifying` stands in every sample of the API page, the others on the concepts page.
 *
 * @since 0.1.0
 * @category models
 */
export const knownStatuses = [
  "Init",
  "Creating",
  "Running",
  "Scaling(horizontal)",
  "Scaling(vertical)",
  "Modifying",
  "Deleting",
  "Failed"
] as const

/**
 * @since 0.1.0
 * @category models
 */
export type KnownStatus = (typeof knownStatuses)[number]

/**
 * A status as it comes over the wire: a known word or any other text, for the vendor's list is not closed.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Status = Schema.String.annotations({
  identifier: "Status",
  description: `One of ${knownStatuses.join(", ")}, or a word not known yet.`,
  examples: ["Running", "Scaling(horizontal)"]
})

/**
 * @since 0.1.0
 * @category models
 */
export type Status = KnownStatus | (string & {})

/**
 * What a status means for somebody who waits: `Stable` (in service), `Pending` (work under way), `Failed` (final, only
 * deletion works) or `Unknown` (a word not listed by the vendor).
 *
 * @since 0.1.0
 * @category models
 */
export type StatusClass = "Stable" | "Pending" | "Failed" | "Unknown"

const classes: Record<KnownStatus, StatusClass> = {
  Init: "Pending",
  Creating: "Pending",
  Running: "Stable",
  "Scaling(horizontal)": "Pending",
  "Scaling(vertical)": "Pending",
  Modifying: "Pending",
  Deleting: "Pending",
  Failed: "Failed"
}

/**
 * Whether a status is one of the words the vendor lists.
 *
 * @since 0.1.0
 * @category guards
 */
export const isKnown = (status: string): status is KnownStatus => Object.hasOwn(classes, status)

/**
 * Classifies a status; a word that is not listed is `Unknown`, never an error.
 *
 * @since 0.1.0
 * @category destructors
 */
export const classify = (status: Status): StatusClass => (isKnown(status) ? classes[status] : "Unknown")
