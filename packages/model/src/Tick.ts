/**
 * Time.
 *
 * @since 0.1.0
 */
import type { State } from "./State.js"

/**
 * Carries out every change that is due by `now`, in order of time.
 *
 * @since 0.1.0
 * @category transitions
 */
export const tick = (state: State, now: number): State => (now <= state.clock ? state : { ...state, clock: now })

/**
 * When something next changes by itself; `undefined` when nothing will.
 *
 * @since 0.1.0
 * @category getters
 */
export const nextTick = (_state: State): number | undefined => undefined
