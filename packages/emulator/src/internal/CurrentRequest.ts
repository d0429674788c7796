import * as Context from "effect/Context"
import type { Struck } from "../FaultPlan.js"
import type { OperationName } from "../Faults.js"

/** What the handlers of a route need to know of the request they serve, and what they tell about it. */
export class CurrentRequest extends Context.Reference<CurrentRequest>()(
  "@memstore-flows/emulator/internal/CurrentRequest",
  {
    defaultValue: (): {
      readonly operation: OperationName | undefined
      readonly struck: ReadonlyArray<Struck>
      /** Set when a write was accepted. */
      objectId: string | null
    } => ({ operation: undefined, struck: [], objectId: null })
  }
) {}
