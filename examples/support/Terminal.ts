import { type Event, Runs } from "@memstore-flows/engine"
import { Clock, Effect, Fiber, Schedule, Stream } from "effect"
import { createLogUpdate } from "log-update"

// With the cursor hidden, log-update watches for Ctrl-C to show it again, and ends the process before the undo.
const logUpdate = createLogUpdate(process.stdout, { showCursor: true })

type ProgressReport = Event.ProgressReport

/** One step under way. */
interface Line {
  readonly step: string
  readonly since: number
  readonly progress?: ProgressReport
}

const seconds = (millis: number) => `${(millis / 1000).toFixed(1)} s`
const title = (step: string) => step.replaceAll("/", ": ")

const bar = ({ done, total, unit }: ProgressReport): string => {
  if (done === undefined || total === undefined || total === 0) return ""
  const filled = Math.round((20 * Math.min(done, total)) / total)
  return ` [${"#".repeat(filled)}${".".repeat(20 - filled)}] ${done}/${total} ${unit ?? ""}`
}

const about = (progress: ProgressReport | undefined): string => {
  if (progress === undefined) return ""
  const subject = progress.subject === undefined ? "" : `${progress.subject}, `
  return `  ${subject}${progress.message}${bar(progress)}`
}

/** What has come to an end, in one line; nothing for events that are only about now. */
const settled = (event: Event.Event, since: number): string | undefined => {
  switch (event._tag) {
    case "StepSucceeded":
      return `  done      ${title(event.step)} (${seconds(event.at - since)})`
    case "StepFailed":
      return `  FAILED    ${title(event.step)} (${seconds(event.at - since)})`
    case "CancelRequested":
      return "  cancelled: undoing what was done"
    case "Undone":
      return `  undone    ${title(event.step)} (${seconds(event.at - since)})`
    case "UndoFailed":
      return `  NOT undone ${title(event.step)}: ${event.reason.message}`
    default:
      return undefined
  }
}

/** Follows a run in the terminal: lines that move in place, or plain lines when the output is not a terminal. */
export const follow = (id: string) =>
  Effect.gen(function* () {
    const live = process.stdout.isTTY === true
    const lines = new Map<string, Line>()
    let frame = 0
    const draw = (now: number) => {
      const spin = "|/-\\"[frame++ % 4]
      logUpdate(
        [...lines.values()]
          .map(({ progress, since, step }) => `  ${spin} ${title(step)} ${seconds(now - since)}${about(progress)}`)
          .join("\n")
      )
    }
    const print = (text: string) => {
      if (live) logUpdate.clear()
      process.stdout.write(`${text}\n`)
    }
    const apply = (event: Event.Event) => {
      if (!("step" in event)) return print(settled(event, event.at) ?? "")
      const line = lines.get(event.step)
      if (event._tag === "StepStarted" || event._tag === "UndoStarted") {
        lines.set(event.step, { step: event.step, since: event.at })
      } else if (event._tag === "Progress") {
        const told = about(line?.progress)
        lines.set(event.step, { step: event.step, since: line?.since ?? event.at, progress: event.progress })
        if (!live && told !== about(event.progress)) print(`            ${title(event.step)}${about(event.progress)}`)
      } else {
        const text = settled(event, line?.since ?? event.at)
        if (text === undefined) return
        lines.delete(event.step)
        print(text)
      }
    }
    const show = Stream.runForEach(Runs.events(id), (event) =>
      Effect.sync(() => (settled(event, 0) === undefined && !("step" in event) ? undefined : apply(event)))
    )
    if (!live) return yield* show
    const animation = yield* Effect.fork(
      Effect.repeat(Effect.map(Clock.currentTimeMillis, draw), Schedule.spaced("100 millis"))
    )
    yield* show
    yield* Fiber.interrupt(animation)
    logUpdate.clear()
  })
