import * as Layer from "effect/Layer"
import * as Tracer from "effect/Tracer"

/** A tracer that keeps its spans. */
export const recordSpans = () => {
  const spans: Array<Tracer.Span> = []
  const tracer = Tracer.make({
    span: (name, parent, context, links, startTime, kind) => {
      const attributes = new Map<string, unknown>()
      const span: Tracer.Span = {
        _tag: "Span",
        name,
        parent,
        context,
        links,
        kind,
        attributes,
        sampled: true,
        spanId: `span-${spans.length}`,
        traceId: "trace",
        status: { _tag: "Started", startTime },
        attribute: (key, value) => attributes.set(key, value),
        end: () => {},
        event: () => {},
        addLinks: () => {}
      }
      spans.push(span)
      return span
    },
    context: (run) => run()
  })
  return { spans, layer: Layer.setTracer(tracer) }
}
