import { createServer } from "node:http"
import { Effect, Schema } from "effect"

const Text = Schema.Struct({ key: Schema.String, value: Schema.Record({ key: Schema.String, value: Schema.Unknown }) })

const Span = Schema.Struct({
  spanId: Schema.String,
  parentSpanId: Schema.optionalWith(Schema.String, { default: () => "" }),
  name: Schema.String,
  startTimeUnixNano: Schema.String,
  endTimeUnixNano: Schema.String,
  attributes: Schema.optionalWith(Schema.Array(Text), { default: () => [] }),
  links: Schema.optionalWith(Schema.Array(Schema.Unknown), { default: () => [] })
})

const Traces = Schema.Struct({
  resourceSpans: Schema.Array(Schema.Struct({ scopeSpans: Schema.Array(Schema.Struct({ spans: Schema.Array(Span) })) }))
})

const Metrics = Schema.Struct({
  resourceMetrics: Schema.Array(
    Schema.Struct({
      scopeMetrics: Schema.Array(Schema.Struct({ metrics: Schema.Array(Schema.Struct({ name: Schema.String })) }))
    })
  )
})

type Span = typeof Span.Type

const shown = new Set(["memstore.run.state", "http.response.status_code", "error.type"])

const line = ({ attributes, endTimeUnixNano, links, name, startTimeUnixNano }: Span, depth: number, times: number) => {
  const millis = (BigInt(endTimeUnixNano) - BigInt(startTimeUnixNano)) / 1_000_000n
  const said = attributes.flatMap(({ key, value }) => (shown.has(key) ? Object.values(value).map(String) : []))
  const resumed = attributes.some(({ key }) => key === "memstore.run.resumed") ? ["resumed"] : []
  const linked = links.length > 0 ? [`${links.length} link`] : []
  const title = `${"  ".repeat(depth)}${name}${times > 1 ? ` x ${times}` : ""}`
  return `${title.padEnd(58)} ${`${millis} ms`.padStart(8)}  ${[...resumed, ...said, ...linked].join(", ")}`.trimEnd()
}

/** Neighbours of one name, without spans under them, are one line. */
const tree = (spans: ReadonlyArray<Span>, parent = "", depth = 0): ReadonlyArray<string> => {
  const known = new Set(spans.map(({ spanId }) => spanId))
  const here = spans.filter((span) => (parent === "" ? !known.has(span.parentSpanId) : span.parentSpanId === parent))
  const lines: Array<string> = []
  for (let i = 0, times = 1; i < here.length; i++, times++) {
    const [span, next] = [here[i], here[i + 1]]
    if (!span) continue
    const under = tree(spans, span.spanId, depth + 1)
    if (under.length === 0 && next?.name === span.name) continue
    lines.push(line(span, depth, times), ...under)
    times = 0
  }
  return lines
}

const byTime = (one: Span, other: Span) => (BigInt(one.startTimeUnixNano) < BigInt(other.startTimeUnixNano) ? -1 : 1)

/** A collector that understands OTLP over HTTP in JSON, on a free port, and keeps what arrives. */
export const make = Effect.gen(function* () {
  const spans: Array<Span> = []
  const metrics = new Set<string>()
  const take = (path: string | undefined, body: string) => {
    if (path === "/v1/traces") {
      const { resourceSpans } = Schema.decodeSync(Schema.parseJson(Traces))(body)
      spans.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)))
    } else if (path === "/v1/metrics") {
      const { resourceMetrics } = Schema.decodeSync(Schema.parseJson(Metrics))(body)
      const all = resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics))
      for (const { name } of all) metrics.add(name)
    }
  }
  const server = createServer((request, response) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk) => chunks.push(chunk))
    request.on("end", () => {
      take(request.url, Buffer.concat(chunks).toString())
      response.writeHead(200, { "content-type": "application/json" }).end("{}")
    })
  })
  const listening = Effect.async<number>((resume) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      resume(Effect.succeed(typeof address === "object" && address ? address.port : 0))
    })
  })
  const port = yield* Effect.acquireRelease(listening, () =>
    Effect.sync(() => {
      server.closeAllConnections()
      server.close()
    })
  )
  const report = () => {
    const names = [...metrics].filter((name) => name.startsWith("memstore_")).sort()
    return [`${spans.length} spans:`, ...tree([...spans].sort(byTime)), "", `metrics: ${names.join(", ")}`].join("\n")
  }
  return { url: `http://127.0.0.1:${port}`, report }
})
