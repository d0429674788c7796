import type { Event } from "@memstore-flows/engine/Event"
import type { JournalError } from "@memstore-flows/engine/Journal"
import type { RunNotFound } from "@memstore-flows/engine/RunError"
import type { Service } from "@memstore-flows/engine/Runs"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

type Events = Stream.Stream<Event, RunNotFound | JournalError>

/** @internal Where the events of a run are to be had. */
export interface Sources {
  /** What the journal holds. */
  readonly past: Events
  /** What its owner tells, from the beginning. */
  readonly live: Events
  /** Comes back when the run has ended. */
  readonly ended: Effect.Effect<unknown, RunNotFound | JournalError>
}

const words = { FlowChanged: "flow-changed", RecordUnreadable: "unreadable" } as const

/** @internal What the owner of a run tells of it, to its end, or to why it is left alone. */
export const ofOwner = (engine: Service, id: string): Events => {
  const left = Effect.map(Effect.zip(engine.get(id), Clock.currentTimeMillis), ([{ problem }, at]): Events => {
    if (problem === null || problem._tag === "RunDetached") return Stream.empty
    return Stream.make<[Event]>({ _tag: "Detached", run: id, at, reason: words[problem._tag] })
  })
  return Stream.concat(engine.events(id), Stream.unwrap(left))
}

const keyOf = (event: Event) => `${event._tag}/${"step" in event ? event.step : ""}/${event.at}`

const handedOver: ReadonlySet<string> = new Set(["shutdown", "detached", "journal", "fenced"])

/** Whether another owner goes on. One that cannot read what is recorded leaves the run to the next program. */
const isHandedOver = (event: Event): boolean => event._tag === "Detached" && handedOver.has(event.reason)

const isEnd = ({ _tag }: Event): boolean =>
  _tag === "RunSucceeded" || _tag === "RunFailed" || _tag === "RunCancelled" || _tag === "Detached"

const pause = Stream.drain(Stream.fromEffect(Effect.sleep("200 millis")))

/**
 * @internal The events of a run that moves from owner to owner: each of them once, to the end. That an owner let it go is
 * not among them, for another one takes it up.
 */
export const follow = ({ ended, live, past }: Sources): Events =>
  Stream.suspend(() => {
    const told = new Set<string>()
    let over = false
    const fresh = (events: Events): Events =>
      Stream.filter(events, (event) => {
        if (over || isHandedOver(event)) return false
        if (event._tag === "Progress") return true
        const key = keyOf(event)
        if (told.has(key)) return false
        told.add(key)
        over = isEnd(event)
        return true
      })
    // An owner tells the end by itself; should it be gone, the journal does.
    const late = Effect.zipRight(ended, Effect.sleep("250 millis"))
    const watched = Stream.interruptWhen(live, Effect.ignore(late))
    const round: Events = Stream.suspend(() => {
      if (over) return Stream.empty
      const rest = Stream.concat(fresh(Stream.catchAllCause(watched, () => Stream.empty)), fresh(past))
      return Stream.concat(
        rest,
        Stream.suspend(() => (over ? Stream.empty : Stream.concat(pause, round)))
      )
    })
    return Stream.concat(fresh(past), round)
  })
