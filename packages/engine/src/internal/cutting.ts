import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as Option from "effect/Option"
import type * as Journal from "../Journal.js"
import { isAtOnce } from "./atOnce.js"
import { type Live, now, type Place, publish, type Slot } from "./live.js"
import { append } from "./record.js"

/** @internal Whether an interrupt comes from the flow, whose race this branch has lost, and not from the engine. */
export const isCutByFlow = ({ frozen, park, phase }: Live): boolean =>
  phase === "running" && !frozen && park === undefined

/** @internal Whether the fiber was interrupted from outside, and not by what it ran. */
export const isInterrupted = (fiber: Fiber.RuntimeFiber<unknown, unknown>): boolean =>
  !Cause.isEmpty(fiber.getFiberRef(FiberRef.interruptedCause))

/** @internal Whether the entry says that the flow cut the step. */
export const isCut = ({ exit, kind, value }: Journal.Entry): boolean =>
  kind === "step" && exit === "defect" && value === null

const entryOf = (live: Live, slot: Slot, branch: string | null): Journal.NewEntry => {
  const at = now(live)
  const startedAt = slot.startedAt < 0 ? at : slot.startedAt
  const base = { run: live.record.id, kind: "step", name: slot.name, exit: "defect", value: null } as const
  return { ...base, undo: false, branch, startedAt, at }
}

const told = (live: Live, slot: Slot, stored: Journal.Entry): void => {
  slot.step = stored
  publish(live, { _tag: "StepCut", run: stored.run, at: stored.at, step: stored.name })
}

/** @internal Records that the flow cut a step, a sleep or a wait, so that no replay begins it again. */
export const recordCut = (live: Live, slot: Slot, { branch }: Place): Effect.Effect<void> =>
  append(live, entryOf(live, slot, branch), (stored) => Effect.sync(() => told(live, slot, stored)))

/** @internal Records the same for a fiber that has ended and can do nothing more, where the journal writes at once. */
export const recordCutAtOnce = (live: Live, slot: Slot, { branch }: Place): void => {
  const appended = live.journal.append(entryOf(live, slot, branch))
  if (!isAtOnce(appended)) return
  const stored = appended.run()
  if (Option.isSome(stored)) told(live, slot, stored.value)
}

class Interrupted extends Error {
  override readonly name = "Interrupted"
}

/** @internal A step that interrupts itself ends with this. */
export const itself: Exit.Exit<never> = Exit.die(new Interrupted("the step interrupted itself"))
