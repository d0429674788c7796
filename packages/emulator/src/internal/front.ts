import * as Headers from "@effect/platform/Headers"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerError from "@effect/platform/HttpServerError"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { ConnectionBroken } from "../EmulatorError.js"
import * as FaultPlan from "../FaultPlan.js"
import type { OperationName } from "../Faults.js"
import * as Answers from "./answers.js"
import type { Cloud } from "./Cloud.js"
import { CurrentRequest } from "./CurrentRequest.js"
import { MemoryRequest } from "./MemoryRequest.js"
import { docs, openApi } from "./pages.js"
import { type Matched, match } from "./routes.js"
import * as World from "./world.js"

type Service = typeof Cloud.Service
type Response = HttpServerResponse.HttpServerResponse
type Found = Extract<Matched, { _tag: "Found" }>

/** The largest body that is read: 1 MiB. */
export const bodyLimit = 1024 * 1024

const guess = { "x-emulator-guess": "this call is not in the documentation that was seen; path and fields are a guess" }
const guessed: ReadonlySet<string> = new Set<OperationName>(["ListClusters", "GetCluster"])

const tooLarge = Answers.message(400, `the body is larger than ${bodyLimit} bytes`)

/** The body, or `None` when it is over the limit: read to its end all the same, so that the answer gets through. */
const readBody = (
  request: HttpServerRequest.HttpServerRequest
): Effect.Effect<Option.Option<Uint8Array>, HttpServerError.RequestError> => {
  if (request instanceof MemoryRequest) {
    return Effect.succeed(request.body.length > bodyLimit ? Option.none() : Option.some(request.body))
  }
  const { headers } = request
  if (Number(headers["content-length"]) > bodyLimit) return Effect.succeed(Option.none())
  if (headers["content-length"] === undefined && headers["transfer-encoding"] === undefined) {
    return Effect.succeed(Option.some(new Uint8Array()))
  }
  const start = { size: 0, chunks: [] as Uint8Array[] }
  return Effect.map(
    Stream.runFold(request.stream, start, ({ chunks, size }, chunk) => {
      const total = size + chunk.length
      if (total <= bodyLimit) chunks.push(chunk)
      return { size: total, chunks }
    }),
    ({ chunks, size }) => {
      if (size > bodyLimit) return Option.none()
      const body = new Uint8Array(size)
      let offset = 0
      for (const chunk of chunks) {
        body.set(chunk, offset)
        offset += chunk.length
      }
      return Option.some(body)
    }
  )
}

const pathOf = (url: string): string => {
  const end = url.search(/[?#]/)
  return end === -1 ? url : url.slice(0, end)
}

const fixed = (method: string, path: string): Response | undefined => {
  if (method !== "GET") return undefined
  if (path === "/openapi.json") return Answers.json(200, openApi())
  if (path === "/docs" || path === "/")
    return HttpServerResponse.text(docs, { contentType: "text/html; charset=utf-8" })
  return undefined
}

const fixedPaths: ReadonlySet<string> = new Set(["/openapi.json", "/docs", "/"])

const unrouted = (method: string, path: string, matched: Exclude<Matched, Found>): Response => {
  const allowed = fixedPaths.has(path) ? ["GET"] : matched._tag === "WrongMethod" ? matched.allowed : []
  if (allowed.length === 0) return Answers.message(404, `there is nothing at ${path}`)
  const list = allowed.join(", ")
  return Answers.message(404, `${path} answers ${list}, not ${method}`, { allow: list })
}

const hasRestoreSource = (body: Uint8Array): boolean => {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body))
    return typeof value === "object" && value !== null && "restoreSource" in value && value.restoreSource != null
  } catch {
    return false
  }
}

const unlessDecoded = (cause: Cause.Cause<unknown>): Effect.Effect<Response> => {
  if (Cause.isInterruptedOnly(cause)) return Effect.interrupt
  const defect = Cause.squash(cause)
  return defect instanceof HttpServerError.RequestError && defect.reason === "Decode"
    ? Effect.succeed(Answers.message(400, defect.description ?? "the body cannot be read"))
    : Effect.as(Effect.logError("The emulator failed", cause), Answers.message(500, "the emulator failed"))
}

/** Only the token call looks at the type of a body: the page's samples send theirs without one, as curl's form type. */
const asJson = (
  request: MemoryRequest,
  operation: OperationName | undefined
): Effect.Effect<MemoryRequest, Response> =>
  operation !== "CreateToken"
    ? Effect.succeed(request.modify({ headers: Headers.set(request.headers, "content-type", "application/json") }))
    : /^application\/json\s*(;|$)/i.test(request.headers["content-type"] ?? "")
      ? Effect.succeed(request)
      : Effect.fail(Answers.keystone(400, "Bad Request", "Content-Type must be application/json"))

interface Serving {
  readonly request: MemoryRequest
  readonly operation: OperationName
  readonly clusterId: string | undefined
  readonly struck: ReadonlyArray<FaultPlan.Struck>
  readonly current: typeof CurrentRequest.Service
}

/** What faults do before a request is carried out: an answer in its stead, or a broken connection. */
const before = (cloud: Service, { clusterId, request, struck }: Serving) =>
  Effect.forEach(
    struck,
    ({ action, id }): Effect.Effect<void, Response | "Drop"> => {
      switch (action._tag) {
        case "Delay":
          return action.work === "before" ? Effect.void : Effect.sleep(action.millis)
        case "Disturb":
          return Effect.ignore(cloud.disturb(action.disturbance, clusterId))
        case "ExpireToken":
          return cloud.transact((world) => [undefined, World.endToken(world, request.headers["x-auth-token"] ?? "")])
        case "Drop":
          return Effect.fail("Drop" as const)
        case "Throttle":
          return Effect.fail(
            Answers.message(429, `too many requests (fault ${id})`, {
              "retry-after": `${action.retryAfterSeconds ?? 1}`
            })
          )
        case "Status":
          return Effect.fail(
            Answers.json(
              action.status,
              action.body === undefined ? { message: `fault ${id}` } : action.body,
              action.retryAfterSeconds === undefined
                ? action.headers
                : { ...action.headers, "retry-after": `${action.retryAfterSeconds}` }
            )
          )
        default:
          return Effect.void
      }
    },
    { discard: true }
  )

const after = (struck: ReadonlyArray<FaultPlan.Struck>) =>
  Effect.forEach(
    struck,
    ({ action }) => (action._tag === "Delay" && action.work === "before" ? Effect.sleep(action.millis) : Effect.void),
    { discard: true }
  )

/**
 * What stands before the derived routes: bounds and form of requests, faults, the journal, the form of answers.
 * `routed` is the application made of the contract.
 */
export const make = (cloud: Service, routed: HttpApp.Default) => {
  const run = (request: MemoryRequest, current: typeof CurrentRequest.Service): Effect.Effect<Response> =>
    asJson(request, current.operation).pipe(
      Effect.flatMap((json) =>
        routed.pipe(
          Effect.provideService(HttpServerRequest.HttpServerRequest, json),
          Effect.provideService(CurrentRequest, current)
        )
      ),
      Effect.catchAll(Effect.succeed),
      Effect.catchAllCause(unlessDecoded),
      Effect.map(Answers.inForm),
      Effect.map((response) => (current.operation === "CreateToken" ? Answers.inIdentityForm(response) : response))
    )

  const serve = (serving: Serving, requestId: string, at: number) =>
    Effect.gen(function* () {
      const { current, operation, request, struck } = serving
      const note = (outcome: "Answered" | "Dropped" | "AnswerLost", status: number | null) =>
        cloud.transact((world) => [
          undefined,
          World.record(world, {
            requestId,
            at,
            operation,
            method: request.method,
            path: request.url,
            outcome,
            status,
            applied: current.objectId !== null,
            objectId: current.objectId,
            faults: struck.map(({ id }) => id)
          })
        ])
      const instead = yield* Effect.either(before(cloud, serving))
      if (instead._tag === "Left" && instead.left === "Drop") {
        yield* note("Dropped", null)
        return yield* new ConnectionBroken({ requestId, applied: false })
      }
      const answered = instead._tag === "Left" ? instead.left : yield* run(request, current)
      if (instead._tag === "Right" && struck.some(({ action }) => action._tag === "LoseAnswer")) {
        yield* note("AnswerLost", null)
        return yield* new ConnectionBroken({ requestId, applied: current.objectId !== null })
      }
      // "Drop" was handled above
      const response = answered as Response
      yield* note("Answered", response.status)
      yield* after(struck)
      return guessed.has(operation) ? HttpServerResponse.setHeaders(response, guess) : response
    })

  return (request: HttpServerRequest.HttpServerRequest): Effect.Effect<Response, ConnectionBroken> =>
    Effect.gen(function* () {
      const [sequence, at] = yield* cloud.transact((world, now) => [
        [world.sequence + 1, now] as const,
        { ...world, sequence: world.sequence + 1 }
      ])
      const requestId = `req-${sequence}`
      const path = pathOf(request.url)
      const body = yield* Effect.option(readBody(request))
      const answer = Effect.gen(function* () {
        if (Option.isNone(body)) return Answers.message(400, "the body could not be read")
        const whole = body.value
        if (Option.isNone(whole)) return tooLarge
        const page = fixed(request.method, path)
        if (page !== undefined) return page
        const matched = match(request.method, path)
        if (matched._tag !== "Found") return unrouted(request.method, path, matched)
        const { method, url } = request
        const memory = new MemoryRequest({ method, url, headers: request.headers, body: whole.value })
        const named = matched.route.operation
        const operation = named === "CreateCluster" && hasRestoreSource(whole.value) ? "RestoreCluster" : named
        if (operation === undefined) return yield* run(memory, { operation, struck: [], objectId: null })
        const struck = yield* cloud.transact((world, now) => {
          const [plan, met] = FaultPlan.meet(world.plan, { operation, method, path }, now)
          return [met, { ...world, plan }]
        })
        const current = { operation, struck, objectId: null }
        const clusterId = matched.params["clusterId"]
        return yield* serve({ request: memory, operation, clusterId, struck, current }, requestId, at)
      })
      return HttpServerResponse.setHeader(yield* answer, "x-request-id", requestId)
    })
}
