import type * as Plan from "../Plan.js"
import { rename } from "./rename.js"
import type { Sent, Trial } from "./trial.js"

/** A call as a plan shows it. */
export const requestOf = ({ body, method, operation, path, query, step }: Sent) => ({
  operation,
  method,
  path,
  query,
  body: body ?? null,
  step
})

/** What the undo of a step did, in a trial that was cancelled after a number of writes, or failed by itself there. */
export const undoOf = (
  { born, calls, entries, outcome }: Trial<unknown, unknown>,
  step: string,
  writes: number
): Plan.Undo | null => {
  if (outcome._tag === "Succeeded" || calls.filter(({ undo }) => !undo).length < writes) return null
  const kept = outcome.undo.notUndone.find((each) => each.step === step)
  const registered = entries.some((entry) => entry.name === step && entry.undo)
  return rename(born, {
    registered,
    calls: calls.filter((call) => call.undo && call.step === step).map(requestOf),
    kept: kept === undefined ? null : kept.reason.message
  })
}
