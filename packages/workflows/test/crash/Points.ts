/** Where a process may be killed, counted by the process itself. */
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Journal from "@memstore-flows/engine/Journal"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** The header by which a process asks to be killed while its request is on its way. */
export const onItsWay = "x-kill-on-its-way"

/** A moment, named the same in every process: what, which of its kind, and when. */
export interface Point {
  readonly what: string
  readonly nth: number
  readonly when: "before" | "after" | "on its way"
}

export const nameOf = ({ nth, what, when }: Point): string => `${what} #${nth}, ${when}`

/** Points of one kind are alike: of reads it is enough to try one. */
export const kindOf = ({ what, when }: Point): string => {
  if (what.startsWith("GET ")) return `a read, ${when}`
  if (what.startsWith("journal ")) return `${what.split(" ").slice(0, 2).join(" ")}, ${when}`
  return `${what}, ${when}`
}

const die = Effect.sync(() => process.kill(process.pid, "SIGKILL"))

const shapeOf = (url: string): string =>
  new URL(url).pathname
    .split("/")
    .map((part) => (/[0-9a-f]{8}-/.test(part) ? ":id" : part))
    .join("/")

/** The points of a process. */
export type Points = ReturnType<typeof make>

/** Counts the points this process comes to, and kills it at one of them. */
export const make = (fatal: string | undefined) => {
  const reached: Array<Point> = []
  const counts = new Map<string, number>()

  const count = (what: string): number => {
    const nth = (counts.get(what) ?? 0) + 1
    counts.set(what, nth)
    return nth
  }

  const come = (point: Point): Effect.Effect<void> =>
    Effect.suspend(() => {
      reached.push(point)
      return nameOf(point) === fatal ? die : Effect.void
    })

  const around = <A, E, R>(what: string, nth: number, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.zipRight(
      come({ what, nth, when: "before" }),
      Effect.tap(effect, () => come({ what, nth, when: "after" }))
    )

  const write = <A, E>(what: string, effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.suspend(() => around(`journal ${what}`, count(`journal ${what}`), effect))

  const over = (inner: Journal.Service): Journal.Service => ({
    ...inner,
    insert: (run, options) => write("insert", inner.insert(run, options)),
    update: (id, change) => write(`update ${change.state ?? ""}`, inner.update(id, change)),
    finish: (id, end) => write("finish", inner.finish(id, end)),
    append: (entry) => write(`${entry.kind} ${entry.name}`, inner.append(entry))
  })

  const journal = <E, R>(layer: Layer.Layer<Journal.Journal, E, R>): Layer.Layer<Journal.Journal, E, R> =>
    Layer.map(layer, (context) => Context.make(Journal.Journal, over(Context.get(context, Journal.Journal))))

  const transformClient = (client: HttpClient.HttpClient): HttpClient.HttpClient =>
    HttpClient.transform(client, (call, request) =>
      Effect.suspend(() => {
        const what = `${request.method} ${shapeOf(request.url)}`
        const nth = count(what)
        const isWrite = request.method !== "GET" && !what.includes("/identity/")
        if (!isWrite) return around(what, nth, call)
        const way: Point = { what, nth, when: "on its way" }
        reached.push(way)
        if (nameOf(way) !== fatal) return around(what, nth, call)
        return client.execute(HttpClientRequest.setHeader(request, onItsWay, "yes"))
      })
    )

  return { over, journal, transformClient, reached: Effect.sync(() => [...reached]) }
}
