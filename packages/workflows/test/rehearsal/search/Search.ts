import type * as Journal from "@memstore-flows/engine/Journal"
import * as Effect from "effect/Effect"
import { type Subjects, subjects } from "../Subjects.js"
import * as Draw from "./Draw.js"
import * as Ground from "./Ground.js"
import * as Hazards from "./Hazards.js"
import { judge } from "./Judge.js"
import type { Lived } from "./Life.js"

/** How many trials in a row share a flow, a project and a payload; what befalls them is drawn for each. */
export const perGround = 32

/** What one seed came to; `lived` is absent when the run came to no end. */
export interface Found {
  readonly seed: number
  readonly flow: string
  /** The payload and what befell, as JSON. */
  readonly what: () => string
  readonly lived: Lived | undefined
  readonly wrong: ReadonlyArray<string>
}

/**
 * - `subjects`: the flows; every one of the catalogue unless given
 * - `journal`: puts another journal in the place of that of the trials
 */
export interface Options {
  readonly subjects?: Subjects
  readonly journal?: (inner: Journal.Service) => Journal.Service
}

const answers = [
  { approved: true, by: "ann" },
  { approved: true, by: "ann" },
  { approved: false, by: "bob" }
] as const

const endless = (found: Omit<Found, "lived" | "wrong">) => (error: unknown) =>
  Effect.succeed<Found>({ ...found, lived: undefined, wrong: [`no end: ${JSON.stringify(error)}`] })

/** Tries seeds out one after the other; each alone comes to the same. */
export const make = (options: Options = {}): ((seed: number) => Effect.Effect<Found>) => {
  const { journal, subjects: flows = subjects } = options
  let last: { readonly number: number; readonly ground: Ground.Ground } | undefined

  const groundOf = (seed: number) =>
    Effect.suspend(() => {
      const number = Math.floor(seed / perGround)
      if (last?.number === number) return Effect.succeed(last.ground)
      return Effect.map(Ground.make(flows, number), (ground) => {
        last = { number, ground }
        return ground
      })
    })

  const trial = (seed: number, ground: Ground.Ground): Effect.Effect<Found> => {
    const { calm, flow, given, secretive: watched, state, subject } = ground
    const draw = Draw.make(seed)
    const hazards = Hazards.draw(draw, calm.extent, given)
    const answer = draw.onceIn(8) ? undefined : draw.oneOf(answers)
    const what = () => JSON.stringify({ payload: subject.payload, hazards: Hazards.shown(hazards), answer })
    const found = { seed, flow, what }
    return subject.live({ state, seed, hazards, watched, answer, ...(journal === undefined ? {} : { journal }) }).pipe(
      Effect.map((lived) => ({ ...found, lived, wrong: judge(ground, hazards, lived) })),
      Effect.catchAll(endless(found))
    )
  }

  return (seed) =>
    Effect.matchEffect(groundOf(seed), {
      onFailure: endless({ seed, flow: "", what: () => "" }),
      onSuccess: (ground) => trial(seed, ground)
    })
}
