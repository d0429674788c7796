/**
 * Rules over an input that one field alone cannot break.
 *
 * @since 0.1.0
 */
import type { Fault } from "./MemStoreError.js"
import type { WireChoices } from "./WireChoices.js"

/**
 * A rule over several fields. It sees the input as it came, fields of a wrong type included, and names what is wrong.
 *
 * @since 0.1.0
 * @category models
 */
export type Rule = (input: Readonly<Record<string, unknown>>, choices: WireChoices) => ReadonlyArray<Fault>
