import type * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Tracer from "effect/Tracer"

/** A span as it was left, whatever it was made for. */
export interface Recorded {
  readonly name: string
  readonly kind: Tracer.SpanKind
  readonly spanId: string
  readonly traceId: string
  readonly parent: Tracer.AnySpan | undefined
  readonly links: Array<Tracer.SpanLink>
  readonly attributes: Map<string, unknown>
  readonly events: Array<unknown>
  exit: Exit.Exit<unknown, unknown> | undefined
}

/** A tracer that keeps its spans. Ids have the form OpenTelemetry gives them. */
export const make = () => {
  const spans: Array<Recorded> = []
  const tracer = Tracer.make({
    span: (name, parent, context, links, startTime, kind) => {
      const spanId = (spans.length + 1).toString(16).padStart(16, "0")
      const above = Option.getOrUndefined(parent)
      const recorded: Recorded = {
        name,
        kind,
        spanId,
        traceId: above?.traceId ?? spanId.padStart(32, "0"),
        parent: above,
        links: links.slice(),
        attributes: new Map(),
        events: [],
        exit: undefined
      }
      spans.push(recorded)
      return {
        _tag: "Span",
        name,
        parent,
        context,
        kind,
        sampled: true,
        spanId,
        traceId: recorded.traceId,
        links: recorded.links,
        attributes: recorded.attributes,
        status: { _tag: "Started", startTime },
        attribute: (key, value) => recorded.attributes.set(key, value),
        event: (name, _at, attributes) => recorded.events.push({ name, attributes }),
        addLinks: (more) => recorded.links.push(...more),
        end: (_at, exit) => {
          recorded.exit = exit
        }
      }
    },
    context: (run) => run()
  })
  return { spans, tracer, layer: Layer.setTracer(tracer) }
}

/** The spans as an indented list of names, in the order they began. */
export const tree = (spans: ReadonlyArray<Recorded>): ReadonlyArray<string> => {
  const under = (parent: string | undefined, depth: number): ReadonlyArray<string> =>
    spans.flatMap((span) =>
      span.parent?.spanId === parent ? ["  ".repeat(depth) + span.name, ...under(span.spanId, depth + 1)] : []
    )
  return under(undefined, 0)
}
