import * as OpenApi from "@effect/platform/OpenApi"
import { EmulatorApi } from "../EmulatorApi.js"

let document: OpenApi.OpenAPISpec | undefined

/** The OpenAPI document of all routes, made at the first request for it. */
export const openApi = (): OpenApi.OpenAPISpec => {
  document ??= OpenApi.fromApi(EmulatorApi)
  return document
}

const style = `
  :root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif }
  body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
  details { border: 1px solid #8886; border-radius: 6px; margin: .4rem 0; padding: .4rem .8rem }
  summary { cursor: pointer } summary code { font-weight: 600 } b { display: inline-block; min-width: 4.5rem }
  pre { overflow-x: auto; background: #8881; padding: .6rem; border-radius: 6px; font-size: 13px }
  h2 { margin-top: 2rem } .note { opacity: .75 }`

const script = `
  const make = (tag, text, parent) => { const node = document.createElement(tag); node.textContent = text ?? ""; parent.append(node); return node }
  const main = document.querySelector("main")
  const spec = await (await fetch("/openapi.json")).json()
  make("h1", spec.info.title + " " + spec.info.version, main)
  make("p", spec.info.description, main)
  const expand = (schema, depth) => {
    if (schema === null || typeof schema !== "object" || depth > 12) return schema
    if (Array.isArray(schema)) return schema.map((each) => expand(each, depth + 1))
    if (typeof schema.$ref === "string") return expand(spec.components.schemas[schema.$ref.split("/").pop()], depth + 1)
    return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, expand(value, depth + 1)]))
  }
  const show = (title, content, parent) => {
    const schema = content?.["application/json"]?.schema
    if (schema === undefined) return
    make("p", title, parent)
    make("pre", JSON.stringify(expand(schema, 0), null, 2), parent)
  }
  const groups = new Map()
  for (const [path, methods] of Object.entries(spec.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const tag = operation.tags?.[0] ?? "other"
      if (!groups.has(tag)) groups.set(tag, [])
      groups.get(tag).push({ path, method, operation })
    }
  }
  for (const [tag, operations] of groups) {
    make("h2", tag, main)
    for (const { path, method, operation } of operations) {
      const box = make("details", "", main)
      const head = make("summary", "", box)
      make("b", method.toUpperCase(), head)
      make("code", path, head)
      if (operation.description) make("p", operation.description, box)
      for (const each of operation.parameters ?? []) make("p", each.in + " " + each.name + (each.required ? " (required)" : ""), box)
      show("Body", operation.requestBody?.content, box)
      for (const [status, answer] of Object.entries(operation.responses)) {
        make("p", status + ": " + answer.description, box)
        show("", answer.content, box)
      }
    }
  }`

/** A page that shows the document; it loads nothing from anywhere else. */
export const docs = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>MemStore emulator</title>
<style>${style}
</style></head>
<body><main></main><p class="note">Derived from <a href="/openapi.json">/openapi.json</a>.</p>
<script type="module">${script}
</script></body></html>
`
