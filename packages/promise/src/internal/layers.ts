import type { ApplicationCredential } from "@memstore-flows/api/IdentityApi"
import * as MemStore from "@memstore-flows/api/MemStore"
import * as UndiciHttpClient from "@memstore-flows/api/UndiciHttpClient"
import * as Engine from "@memstore-flows/engine/Engine"
import type * as Flow from "@memstore-flows/engine/Flow"
import * as Journal from "@memstore-flows/engine/Journal"
import type * as Runs from "@memstore-flows/engine/Runs"
import * as Schedule from "@memstore-flows/engine/Schedule"
import { PasswordUnavailable } from "@memstore-flows/workflows/FlowError"
import { PasswordSource } from "@memstore-flows/workflows/PasswordSource"
import * as WaitPolicy from "@memstore-flows/workflows/WaitPolicy"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Redacted from "effect/Redacted"
import type { Catalog, Entry, PureSchema } from "../Catalog.js"
import type { Credential, LogLine, Options, Wait } from "../Options.js"

const credentialOf = (credential: Credential): ApplicationCredential => {
  const secret = Redacted.make(credential.secret)
  return "id" in credential
    ? { id: credential.id, secret }
    : { name: credential.name, user: { id: credential.userId }, secret }
}

const access = (options: Options<Catalog>) =>
  "token" in options
    ? { token: Redacted.make(options.token) }
    : {
        credential: credentialOf(options.credential),
        ...(options.iamUrl === undefined ? {} : { iamUrl: options.iamUrl })
      }

const passwords = (password: (user: string) => Promise<string>) =>
  Layer.succeed(PasswordSource, {
    encrypted: (user) =>
      Effect.tryPromise({
        try: () => password(user).then(Redacted.make),
        // What was thrown may hold the secret it is about.
        catch: () => new PasswordUnavailable({ user, reason: "the password function failed" })
      })
  })

const text = (message: unknown): string => {
  const parts = Array.isArray(message) ? message : [message]
  return parts.map((part) => (typeof part === "string" ? part : JSON.stringify(part))).join(" ")
}

const logger = (log: ((line: LogLine) => void) | undefined) =>
  Logger.replace(
    Logger.defaultLogger,
    Logger.make(({ annotations, date, logLevel, message }) =>
      log?.({
        at: date.getTime(),
        level: logLevel.label,
        message: text(message),
        annotations: Object.fromEntries(HashMap.toEntries(annotations))
      })
    )
  )

const waits = (wait: Wait) => {
  const entries = Object.entries(wait).map(([key, value]) => {
    const isNumber = typeof Object.entries(WaitPolicy.defaults).find(([name]) => name === key)?.[1] === "number"
    return [key, isNumber ? value : Duration.decode(value)]
  })
  return Layer.succeed(WaitPolicy.WaitPolicy, WaitPolicy.make(Object.fromEntries(entries)))
}

const settings = ({ log, password, services, wait }: Options<Catalog>): Layer.Layer<never, unknown> =>
  [
    logger(log),
    ...(wait === undefined ? [] : [waits(wait)]),
    ...(password === undefined ? [] : [passwords(password)]),
    ...(services === undefined ? [] : [services])
  ].reduce(
    (all: Layer.Layer<never, unknown>, layer: Layer.Layer<never, unknown>) => Layer.merge(all, layer),
    Layer.empty
  )

type Contract = Flow.Flow<string, PureSchema, PureSchema, PureSchema>

/** A flow, and whatever schedules of it the journal holds. */
const known = ({ flow, layer }: Entry): Entry["layer"] => {
  // An entry does not say that its layer implements its flow, which is what the schedules require.
  const schedules = Schedule.layer(flow as Contract) as Entry["layer"]
  return Layer.provideMerge(schedules, layer)
}

/** @internal Everything that runs need. */
export const layersOf = (options: Options<Catalog>, catalog: Catalog): Layer.Layer<Runs.Runs, unknown> => {
  const flows = Object.values(catalog)
    .map(known)
    .reduce((all, layer) => Layer.merge(all, layer), Layer.empty)
  const memStore = MemStore.layer({ ...options.endpoint, ...access(options) }).pipe(
    Layer.provide(options.http ?? UndiciHttpClient.layer)
  )
  const engine = Engine.layer(options.retention === undefined ? {} : { retention: options.retention })
  return flows.pipe(
    Layer.provideMerge(engine),
    Layer.provide(options.journal ?? Journal.layerMemory),
    Layer.provide(memStore),
    Layer.provideMerge(settings(options))
  )
}
