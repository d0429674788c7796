import type * as Event from "@memstore-flows/engine/Event"
import type * as Journal from "@memstore-flows/engine/Journal"
import { Run } from "@memstore-flows/engine/Run"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Handover from "../../../src/Handover.js"
import type * as Plane from "../../../src/rehearsal/internal/plane.js"

/** A write the service accepted, by the run that sent it. */
export interface Accepted {
  readonly run: string | undefined
  readonly operation: string
  readonly path: string
  readonly undo: boolean
}

/** Sees what a run does from outside of it. */
export interface Witness {
  readonly accepted: ReadonlyArray<Accepted>
  readonly events: Array<Event.Event>
  readonly logs: ReadonlyArray<unknown>
  /** The cluster clients were pointed to, if ever. */
  readonly clients: () => string | undefined
  readonly answered: (call: Plane.Call, answer: Plane.Answer) => Effect.Effect<void> | undefined
  readonly journal: (inner: Journal.Service) => Journal.Service
  readonly logger: Logger.Logger<unknown, void>
  readonly handover: Handover.Hook
}

/** One that has not seen anything yet. */
export const make = (): Witness => {
  const accepted: Array<Accepted> = []
  const logs: Array<unknown> = []
  const undoing = new Set<string>()
  let clients: string | undefined

  const pointed = ({ to }: { readonly to: Handover.Side }) =>
    Effect.sync(() => {
      clients = to.clusterId
    })

  return {
    accepted,
    events: [],
    logs,
    clients: () => clients,
    answered: ({ isWrite, operation, path }, { status }) => {
      if (!isWrite || status !== 200) return undefined
      return Effect.contextWith((context: Context.Context<never>) => {
        const run = Option.getOrUndefined(Context.getOption(context, Run))?.id
        accepted.push({ run, operation, path, undo: run !== undefined && undoing.has(run) })
      })
    },
    journal: (inner) => ({
      ...inner,
      update: (run, change) =>
        Effect.suspend(() => {
          if (change.state === "undoing" || change.state === "cancelling") undoing.add(run)
          return inner.update(run, change)
        })
    }),
    logger: Logger.make(({ annotations, cause, message }) => {
      logs.push(message, String(cause), ...annotations)
    }),
    handover: { ...Handover.nothing, forward: pointed, back: ({ from }) => pointed({ to: from }) }
  }
}
