/**
 * Durable flows on plain Effect: steps, undo, cancel, journal.
 *
 * @since 0.1.0
 */
export * as Engine from "./Engine.js"
export * as Event from "./Event.js"
export * as Flow from "./Flow.js"
export * as Journal from "./Journal.js"
export * as Outcome from "./Outcome.js"
export * as Run from "./Run.js"
export * as RunError from "./RunError.js"
export * as Runs from "./Runs.js"
export * as Schedule from "./Schedule.js"
export * as Signal from "./Signal.js"
export * as StartPlan from "./StartPlan.js"
export * as Step from "./Step.js"
