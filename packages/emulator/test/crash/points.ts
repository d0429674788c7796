/** Where a migration is cut off: at the so-manieth sight of a step. */
export interface Point {
  readonly step: string
  readonly sight: number
}

const steps = ["written", "importing", "migrating", "keys", "emptied", "target", "source", "closed", "reported"]

/** One point, or with `PLANE_POINTS=all` each kind of step early and late. */
export const points: ReadonlyArray<Point> =
  process.env["PLANE_POINTS"] === "all"
    ? steps.flatMap((step) =>
        (step === "written" || step === "reported" ? [1, 2, 7, 11] : [1, 2, 7, 60]).map(
          (sight): Point => ({ step, sight })
        )
      )
    : [{ step: "target", sight: 7 }]

/** How many programs are killed with `kill -9` while slots move. */
export const kills = process.env["PLANE_POINTS"] === "all" ? 8 : 0
