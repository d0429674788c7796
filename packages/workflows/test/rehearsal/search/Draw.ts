import { PCGRandom } from "effect/Utils"

/** Numbers from a seed, without going through a fiber. */
export interface Draw {
  /** From `min` to `max`, both included. */
  readonly between: (min: number, max: number) => number
  readonly oneOf: <A>(items: readonly [A, ...Array<A>]) => A
  /** True once in so many. */
  readonly onceIn: (many: number) => boolean
}

/** The same numbers for the same seed. */
export const make = (seed: number): Draw => {
  const random = new PCGRandom(seed)
  const below = (limit: number) => Math.floor(random.number() * limit)
  return {
    between: (min, max) => min + below(max - min + 1),
    oneOf: (items) => items[below(items.length)] ?? items[0],
    onceIn: (many) => below(many) === 0
  }
}
