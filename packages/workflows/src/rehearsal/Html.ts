/**
 * A plan as one HTML page that needs nothing else.
 *
 * @since 0.1.0
 */
import { style } from "./internal/style.js"
import * as words from "./internal/words.js"
import type { Call, Cluster, Phase, Plan } from "./Plan.js"

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;"
}

const text = (value: string): string => value.replace(/[&<>"']/g, (char) => escapes[char] ?? "")

const list = (items: ReadonlyArray<string>): string =>
  items.length === 0 ? "" : `<ul>${items.map((item) => `<li>${text(item)}</li>`).join("")}</ul>`

const section = (title: string, content: string): string =>
  content === "" ? "" : `<section><h2>${text(title)}</h2>${content}</section>`

const shorten = (id: string): string => (/^[0-9a-f]{8}-/.test(id) ? id.slice(0, 8) : id)

const drawn = (cluster: Cluster | undefined, other: Cluster | undefined, mark: "gone" | "new"): string => {
  if (cluster === undefined) return `<p class="none">not there</p>`
  const known = new Set(other?.shards.flatMap(({ nodes }) => nodes.map(({ id }) => id)))
  const shards = cluster.shards.map(({ id, nodes, slots }) => {
    const boxes = nodes.map((node) => {
      const changed = known.has(node.id) ? "" : ` ${mark}`
      const title = `${node.name} ${node.id} ${node.endpoint}`
      return `<div class="node ${node.role === "primary" ? "primary" : "replica"}${changed}" title="${text(title)}"><b>${text(shorten(node.id))}</b><span>${text(node.role)}</span><span>${text(node.subnet.id)}</span>${changed === "" ? "" : `<i>${mark}</i>`}</div>`
    })
    const share = words.percent(slots)
    return `<div class="shard"><h4>shard ${text(id)}</h4><div class="bar" title="${text(slots)}"><i style="width:${share.toFixed(2)}%"></i></div><small>${share.toFixed(1)} % of slots: ${text(slots)}</small><div class="nodes">${boxes.join("")}</div></div>`
  })
  return shards.join("")
}

const topology = (plan: Plan): string =>
  words
    .pairs(plan)
    .map(
      ({ fate, id, is, name, summary, was }) =>
        `<h3>${text(name)} <small>${text(id)}: ${text(fate ?? summary)}</small></h3><div class="sides"><div><h5>before</h5>${drawn(was, is, "gone")}</div><div><h5>after</h5>${drawn(is, was, "new")}</div></div>`
    )
    .join("")

const call = (each: Call, index: number): string => {
  const body = each.body === null ? "" : `<pre>${text(JSON.stringify(each.body, null, 2))}</pre>`
  const refused = each.status === 200 ? "" : `<p class="bad">${text(words.answer(each))}</p>`
  return `<tr><td>${index + 1}</td><td>${text(words.span(each.after))}</td><td><code>${text(words.line(each))}</code><small>step “${text(each.step)}”</small>${body}${refused}</td><td>${text(words.undoText(each))}</td></tr>`
}

const calls = (all: ReadonlyArray<Call>): string =>
  all.length === 0
    ? ""
    : `<div class="wide"><table><thead><tr><th></th><th>after</th><th>call</th><th>undo</th></tr></thead><tbody>${all.map(call).join("")}</tbody></table></div>`

const bar = ({ failed, from, kind, name, to }: Phase, takes: number): string => {
  const whole = Math.max(1, takes)
  const left = (from / whole) * 100
  const width = Math.max(0.4, ((to - from) / whole) * 100)
  return `<div class="row"><span title="${text(name)}">${text(name)}</span><div><i class="${kind}${failed ? " bad" : ""}" style="left:${Math.min(99.6, left).toFixed(2)}%;width:${Math.min(width, 100).toFixed(2)}%"></i></div><small>${text(words.span(to - from))}</small></div>`
}

const rows = (phases: ReadonlyArray<Phase>, takes: number): string => phases.map((phase) => bar(phase, takes)).join("")

/** Whole, halves and quarters of the time. */
const axis = (takes: number): string =>
  `<div class="row axis"><span></span><div>${[0, 1, 2, 3, 4].map((n) => `<b>${text(words.span((takes * n) / 4))}</b>`).join("")}</div><small></small></div>`

/** Steps that take no time are folded. */
const timeline = ({ phases, takes }: Plan): string => {
  if (phases.length === 0) return ""
  const long = phases.filter(({ failed, from, to }) => failed || Math.round((to - from) / 1000) > 0)
  const brief = phases.filter((phase) => !long.includes(phase))
  const folded =
    brief.length === 0
      ? ""
      : `<details><summary>${brief.length} steps that take no time</summary>${rows(brief, takes)}</details>`
  return `<div class="timeline">${long.length === 0 ? "" : axis(takes)}${rows(long, takes)}${folded}</div>`
}

const nodes = ({ nodes: { after, before, limit, peak } }: Plan): string =>
  `<p>${before} before, <b>${peak} at the peak</b>, ${after} afterwards, ${limit} allowed</p><div class="bar"><i style="width:${Math.min(100, (peak / limit) * 100).toFixed(1)}%"></i></div>`

/**
 * The plan as a page: topology before and after drawn, a timeline, the calls with their undo. It loads nothing, has no
 * script, and follows the reader's light or dark setting. Everything that comes from the cloud or from the payload is escaped.
 *
 * @since 0.1.0
 * @category destructors
 */
export const render = (plan: Plan): string => {
  const good = plan.ending._tag === "Succeeds" ? "good" : "bad"
  const body = [
    `<header><h1>${text(words.heading(plan))}</h1><p class="${good}">It ${text(words.ending(plan))}.</p>${list(words.reasons(plan))}</header>`,
    section("Topology", topology(plan)),
    section("Timeline", timeline(plan)),
    section("Writes, in order", calls(plan.calls)),
    section(
      "Questions",
      list(
        plan.questions.map(
          ({ text: question, within }) =>
            `${question} (${within === null ? "no deadline" : `within ${words.span(within)}`})`
        )
      )
    ),
    section("Endpoints to add", list(plan.endpoints.added.map(words.address))),
    section("Endpoints to remove", list(plan.endpoints.removed.map(words.address))),
    section("Nodes in the project", nodes(plan)),
    section("Checks", list(words.checks(plan))),
    section("Assumed", list(plan.assumptions)),
    `<footer>made ${text(words.time(plan.madeAt))}, fingerprint <code>${text(plan.fingerprint)}</code></footer>`
  ]
  const policy = `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">${policy}<title>${text(words.heading(plan))}</title><style>${style}</style></head><body><main>${body.join("")}</main></body></html>\n`
}
