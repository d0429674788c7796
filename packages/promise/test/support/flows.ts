import { Emulator, EmulatorClient } from "@memstore-flows/emulator"
import { Flow, Journal, Signal, Step } from "@memstore-flows/engine"
import { Effect, Layer, Redacted, Schema } from "effect"
import { createMemStoreFlows } from "../../src/index.js"

export const secret = "emulator-secret-4711"

export const Approval = Signal.make("approval", Schema.Struct({ by: Schema.String }))

export class Declined extends Schema.TaggedError<Declined>()("Declined", { by: Schema.String }) {}

const flow = Flow.make({
  name: "Ask",
  payload: Schema.Struct({
    about: Schema.String,
    urgent: Schema.optionalWith(Schema.Boolean, { default: () => false })
  }),
  success: Schema.String,
  error: Declined,
  resource: ({ about }) => about
})

const ask = ({ about, urgent }: typeof flow.payload.Type) =>
  Effect.gen(function* () {
    yield* Step.make("ask", { run: Effect.logInfo(`asking about ${about}`), undo: () => Effect.void })
    const { by } = yield* Signal.wait(Approval)
    if (by === "nobody") return yield* new Declined({ by })
    return `${by} approves ${about}${urgent ? "!" : ""}`
  })

/** A flow of one's own: it waits for an approval. */
export const Ask = { flow, layer: flow.toLayer(ask) }

/** A journal in memory that outlives the flows created on it. */
export const sharedJournal = Effect.runSync(
  Effect.scoped(Layer.build(Journal.layerMemory)).pipe(Effect.map(Layer.succeedContext))
)

const wait = { firstDelay: 5, maxDelay: "20 millis", settle: 20, attempts: 2 } as const

const cloud = Emulator.layer({ latencies: "instant", credential: { secret: Redacted.make(secret) } })

/** Flows on a cloud in this process that needs no time. */
export const create = (journal: Layer.Layer<Journal.Journal> = Journal.layerMemory, log: Array<string> = []) =>
  createMemStoreFlows({
    credential: { id: "emulator", secret },
    http: EmulatorClient.layer().pipe(Layer.provide(cloud)),
    journal,
    flows: { Ask },
    wait,
    log: ({ level, message }) => log.push(`${level} ${message}`)
  })
