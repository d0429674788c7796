import type { State } from "../State.js"

/** The finaliser of MurmurHash3: a bijection on 32 bits, so distinct counters give distinct results. */
const mix = (value: number): number => {
  let h = value >>> 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

const hash = (text: string): number => {
  let h = 0x811c9dc5
  for (let index = 0; index < text.length; index++) h = Math.imul(h ^ text.charCodeAt(index), 0x01000193)
  return h >>> 0
}

const hex = (value: number): string => value.toString(16).padStart(8, "0")

const uuid = (seed: string, counter: number): string => {
  const salt = hash(seed)
  const a = hex(mix(salt + Math.imul(counter, 3)))
  const b = hex(mix(Math.imul(salt, 31) + Math.imul(counter, 5)))
  const c = hex(mix(Math.imul(salt, 131) + Math.imul(counter, 7)))
  const unique = hex(mix(salt + counter))
  return `${a}-${b.slice(0, 4)}-4${b.slice(5)}-a${c.slice(1, 4)}-${c.slice(4)}${unique}`
}

/** Hands out ids and addresses; `counter` is where the state goes on from. */
export interface Identities {
  readonly id: () => string
  readonly endpoint: () => string
  readonly counter: () => number
}

export const identities = (state: State): Identities => {
  let counter = state.counter
  return {
    id: () => uuid(state.seed, counter++),
    endpoint: () => {
      const host = counter++
      return `${state.settings.endpointPrefix}.${Math.floor(host / 254) % 256}.${(host % 254) + 1}`
    },
    counter: () => counter
  }
}

export const ordinal = (value: number): string => String(value).padStart(3, "0")
