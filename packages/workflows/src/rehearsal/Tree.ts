/**
 * A plan as a tree for the terminal.
 *
 * @since 0.1.0
 */
import * as words from "./internal/words.js"
import type { Call, Plan } from "./Plan.js"

interface Branch {
  readonly text: string
  readonly under?: ReadonlyArray<Branch> | undefined
}

const leaf = (text: string): Branch => ({ text })

/** Control characters would move the cursor or colour the terminal of the one who reads. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const plain = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ")

const draw = (branches: ReadonlyArray<Branch>, indent: string): ReadonlyArray<string> =>
  branches.flatMap(({ text, under = [] }, index) => {
    const last = index === branches.length - 1
    return [`${indent}${last ? "└─ " : "├─ "}${plain(text)}`, ...draw(under, `${indent}${last ? "   " : "│  "}`)]
  })

const some = (text: string, under: ReadonlyArray<Branch>): ReadonlyArray<Branch> =>
  under.length === 0 ? [] : [{ text, under }]

const callOf = (call: Call, index: number): Branch => {
  const body = words.bodyText(call)
  return {
    text: `${index + 1}. ${words.line(call)}`,
    under: [
      leaf(`after ${words.span(call.after)}, step "${call.step}"${call.undoes ? ", as an undo" : ""}`),
      ...(body === undefined ? [] : [leaf(`body ${body}`)]),
      ...(call.status === 200 ? [] : [leaf(words.answer(call))]),
      ...(call.undoes ? [] : [leaf(`undo: ${words.undoText(call)}`)])
    ]
  }
}

const topology = (plan: Plan): ReadonlyArray<Branch> =>
  words.pairs(plan).map((pair) => ({
    text: `${pair.name} (${pair.id}): ${pair.fate ?? pair.summary}`,
    under: words.shards(pair).map(({ fate, id, nodes, slots }) => ({
      text: `shard ${id}${fate}: slots ${slots}`,
      under: nodes.map((node) => leaf(`${node.role} ${node.id} in ${node.subnetId}${node.fate}`))
    }))
  }))

/**
 * The plan in lines, without colours.
 *
 * @since 0.1.0
 * @category destructors
 */
export const render = (plan: Plan): string => {
  const { assumptions, calls, endpoints, nodes, questions } = plan
  const branches: ReadonlyArray<Branch> = [
    { text: words.ending(plan), under: words.reasons(plan).map(leaf) },
    ...some("writes, in order", calls.map(callOf)),
    ...some(
      "questions",
      questions.map(({ text, within }) =>
        leaf(`${text} (${within === null ? "no deadline" : `within ${words.span(within)}`})`)
      )
    ),
    ...some("clusters, before and after", topology(plan)),
    ...some(
      "endpoints to add",
      endpoints.added.map((each) => leaf(words.address(each)))
    ),
    ...some(
      "endpoints to remove",
      endpoints.removed.map((each) => leaf(words.address(each)))
    ),
    leaf(
      `nodes in the project: ${words.change(nodes.before, nodes.after)}, ${nodes.peak} at the peak, ${nodes.limit} allowed`
    ),
    ...some("checks", words.checks(plan).map(leaf)),
    { text: "assumed", under: assumptions.map(leaf) },
    leaf(`made ${words.time(plan.madeAt)}, fingerprint ${plan.fingerprint}`)
  ]
  return [words.heading(plan), ...draw(branches, "")].join("\n")
}
