/**
 * A plan as Markdown, for a pull request or a ticket.
 *
 * @since 0.1.0
 */
import * as words from "./internal/words.js"
import type { Plan } from "./Plan.js"

/** Text that means nothing to Markdown or to HTML. */
const plain = (text: string): string =>
  text
    .replace(/\s+/g, " ")
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/[\\`*_{}[\]()#+!|~>@]/g, (char) => `\\${char}`)

const code = (text: string): string => {
  const flat = text.replace(/\s+/g, " ")
  return flat.includes("`") ? `<code>${plain(flat)}</code>` : `\`${flat.replace(/\|/g, "\\|")}\``
}

const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<string> =>
  rows.length === 0
    ? []
    : [
        `| ${head.join(" | ")} |`,
        `| ${head.map(() => "---").join(" | ")} |`,
        ...rows.map((row) => `| ${row.join(" | ")} |`),
        ""
      ]

const section = (title: string, lines: ReadonlyArray<string>): ReadonlyArray<string> =>
  lines.length === 0 ? [] : [`### ${title}`, "", ...lines, ...(lines.at(-1) === "" ? [] : [""])]

const list = (items: ReadonlyArray<string>): ReadonlyArray<string> => items.map((item) => `- ${item}`)

const shards = (plan: Plan): ReadonlyArray<string> =>
  words.pairs(plan).flatMap((pair) => [
    `**${plain(pair.name)}** (${code(pair.id)}): ${pair.fate ?? pair.summary}`,
    "",
    ...table(
      ["shard", "slots", "nodes"],
      words.shards(pair).map(({ fate, id, nodes, slots }) => {
        const each = nodes.map(
          (node) => `${plain(node.role)} ${code(node.id)} in ${plain(`${node.subnetId}${node.fate}`)}`
        )
        return [plain(`${id}${fate}`), plain(slots), each.join(", ")]
      })
    )
  ])

/**
 * The plan as GitHub-flavoured Markdown. Everything that comes from the cloud or from the payload is escaped.
 *
 * @since 0.1.0
 * @category destructors
 */
export const render = (plan: Plan): string => {
  const { assumptions, calls, endpoints, nodes, questions } = plan
  return [
    `## Plan: ${plain(words.heading(plan))}`,
    "",
    `It ${plain(words.ending(plan))}.`,
    "",
    ...list(words.reasons(plan).map(plain)),
    ...(words.reasons(plan).length > 0 ? [""] : []),
    ...section(
      "Writes",
      table(
        ["", "after", "call", "body", "undo"],
        calls.map((call, index) => [
          `${index + 1}`,
          words.span(call.after),
          `${code(words.line(call))}${call.status === 200 ? "" : ` ${plain(words.answer(call))}`}`,
          call.body === null ? "" : code(words.bodyText(call) ?? ""),
          plain(words.undoText(call))
        ])
      )
    ),
    ...section(
      "Questions",
      list(
        questions.map(({ text, within }) =>
          plain(`${text} (${within === null ? "no deadline" : `within ${words.span(within)}`})`)
        )
      )
    ),
    ...section("Clusters, before and after", shards(plan)),
    ...section("Endpoints to add", list(endpoints.added.map((each) => plain(words.address(each))))),
    ...section("Endpoints to remove", list(endpoints.removed.map((each) => plain(words.address(each))))),
    ...section("Nodes in the project", [
      `${words.change(nodes.before, nodes.after)}, ${nodes.peak} at the peak, ${nodes.limit} allowed`
    ]),
    ...section("Checks", list(words.checks(plan).map(plain))),
    ...section("Assumed", list(assumptions.map(plain))),
    `Made ${words.time(plan.madeAt)}; fingerprint ${code(plan.fingerprint)}.`,
    ""
  ].join("\n")
}
