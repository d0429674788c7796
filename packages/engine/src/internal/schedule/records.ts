import * as Schema from "effect/Schema"
import * as Flow from "../../Flow.js"
import * as Signal from "../../Signal.js"

/** @internal */
export const Overlap = Schema.Literal("skip", "queue", "cancelPrevious", "allow")

/** @internal */
export const CatchUp = Schema.Literal("none", "last", "all")

/** @internal A schedule as it is kept; `payload` is the JSON text of what the flow's payload schema encodes to. */
export const Definition = Schema.Struct({
  name: Schema.String,
  cron: Schema.String,
  timeZone: Schema.String,
  payload: Schema.NullOr(Schema.String),
  overlap: Overlap,
  catchUp: CatchUp,
  catchUpLimit: Schema.Number,
  grace: Schema.Number
})

/** @internal */
export type Definition = typeof Definition.Type

/** @internal One link of the chain: it waits for `at` or an order, and starts the next link. Paused when `at` is null. */
export const Tick = Schema.Struct({
  number: Schema.Number,
  definition: Definition,
  at: Schema.NullOr(Schema.Number),
  previous: Schema.NullOr(Schema.String)
})

/** @internal */
export type Tick = typeof Tick.Type

/** @internal What a schedule is told to do. */
export const Order = Schema.Union(
  Schema.TaggedStruct("Pause", {}),
  Schema.TaggedStruct("Resume", {}),
  Schema.TaggedStruct("Remove", {}),
  Schema.TaggedStruct("Trigger", { run: Schema.String }),
  Schema.TaggedStruct("Define", { definition: Definition })
)

/** @internal */
export type Order = typeof Order.Type

/** @internal */
export const Ordered = Signal.make("order", Order)

/** @internal The times from `from` up to, not including, `until` were passed over. */
export const Missed = Schema.NullOr(Schema.Struct({ from: Schema.Number, until: Schema.Number }))

/** @internal */
export const Turn = Schema.Union(
  Schema.TaggedStruct("Fired", { at: Schema.Number, run: Schema.String, missed: Missed }),
  Schema.TaggedStruct("Skipped", { at: Schema.Number, run: Schema.String, by: Schema.String, missed: Missed }),
  Schema.TaggedStruct("Refused", { at: Schema.Number, run: Schema.String, reason: Schema.String, missed: Missed }),
  Schema.TaggedStruct("Missed", { from: Schema.Number, until: Schema.Number }),
  Schema.TaggedStruct("Paused", { at: Schema.Number }),
  Schema.TaggedStruct("Resumed", { at: Schema.Number }),
  Schema.TaggedStruct("Changed", { at: Schema.Number }),
  Schema.TaggedStruct("Removed", { at: Schema.Number })
)

/** @internal */
export type Turn = typeof Turn.Type

/** @internal What a tick has come to do: start `run`, then go on as `next` says. */
export const Plan = Schema.Struct({
  now: Schema.Number,
  fire: Schema.NullOr(Schema.Struct({ at: Schema.Number, run: Schema.String })),
  missed: Missed,
  next: Schema.NullOr(Schema.Struct({ definition: Definition, at: Schema.NullOr(Schema.Number) }))
})

/** @internal */
export type Plan = typeof Plan.Type

/** @internal How a firing went; `holds` is the run that the next firing may not overlap. */
export const Shot = Schema.Union(
  Schema.TaggedStruct("Fired", { holds: Schema.String }),
  Schema.TaggedStruct("Skipped", { by: Schema.String }),
  Schema.TaggedStruct("Refused", { reason: Schema.String })
)

/** @internal */
export type Shot = typeof Shot.Type

/** @internal The lock that the ticks of a schedule hand on. */
export const resourceOf = (schedule: string): string => `schedule/${schedule}`

/** @internal The line that runs of a schedule wait in, where they may not overlap. */
export const lineOf = (schedule: string): string => `schedule/${schedule}/line`

/** @internal */
export const tickId = ({ definition, number }: Tick): string => `schedule/${definition.name}/${number}`

/** @internal The contract of the ticks of the flow of this name. */
export const tickFlow = <Name extends string>(flow: Name) =>
  Flow.make({
    name: `schedule/${flow}`,
    payload: Tick,
    success: Turn,
    resource: ({ definition }) => resourceOf(definition.name)
  })

/** @internal A run that waits in line, and holds its place until the run it starts has ended. */
export const Place = Schema.Struct({
  schedule: Schema.String,
  run: Schema.String,
  payload: Schema.NullOr(Schema.String)
})

/** @internal */
export type Place = typeof Place.Type

/** @internal */
export const placeFlow = <Name extends string>(flow: Name) =>
  Flow.make({
    name: `schedule/${flow}/line`,
    payload: Place,
    success: Schema.NullOr(Schema.String),
    resource: ({ schedule }) => lineOf(schedule)
  })
