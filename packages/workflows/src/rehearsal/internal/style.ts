/** The style of the page; colours keep a contrast of 4.5 to 1 on both grounds. */
export const style = `
:root{color-scheme:light dark;--ground:#fff;--ink:#1c2128;--soft:#57606a;--line:#d0d7de;--card:#f6f8fa;--primary:#0550ae;--replica:#57606a;--new:#116329;--gone:#a40e26;--bar:#0969da}
@media(prefers-color-scheme:dark){:root{--ground:#0d1117;--ink:#e6edf3;--soft:#9198a1;--line:#3d444d;--card:#161b22;--primary:#79c0ff;--replica:#9198a1;--new:#56d364;--gone:#ff938a;--bar:#4493f8}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:1080px;margin:0 auto;padding:24px 16px 48px}
h1{font-size:24px;line-height:1.3;margin:0 0 8px}h2{font-size:18px;margin:32px 0 8px;border-bottom:1px solid var(--line);padding-bottom:4px}
h3{font-size:16px;margin:16px 0 8px}h4{margin:0;font-size:14px}h5{margin:0 0 8px;font-size:13px;color:var(--soft);font-weight:600}
small,footer{color:var(--soft);font-size:12px;font-weight:400}footer{margin-top:32px}
code,pre{font:12px/1.45 ui-monospace,monospace;overflow-wrap:anywhere}pre{background:var(--card);padding:8px;border-radius:6px;margin:6px 0 0;white-space:pre-wrap}
.good{color:var(--new);font-weight:600}.bad{color:var(--gone);font-weight:600}.none{color:var(--soft)}
.sides{display:grid;grid-template-columns:1fr 1fr;gap:24px}@media(max-width:720px){.sides{grid-template-columns:1fr}}
.shard{border:1px solid var(--line);background:var(--card);border-radius:8px;padding:10px;margin-bottom:10px}
.bar{height:6px;background:var(--line);border-radius:3px;margin:4px 0;overflow:hidden}.bar i{display:block;height:100%;background:var(--bar)}
.nodes{display:grid;grid-template-columns:repeat(auto-fill,minmax(130px,1fr));gap:8px;margin-top:8px}
.node{border:1.5px solid var(--replica);border-radius:6px;padding:6px 8px;background:var(--ground);display:flex;flex-direction:column;font-size:12px;overflow-wrap:anywhere}
.node b{font-size:13px}.node span{color:var(--soft)}.node.primary{border-color:var(--primary);border-width:2.5px}
.node.new{border-color:var(--new);border-style:dashed}.node.gone{border-color:var(--gone);border-style:dotted}
.node i{font-style:normal;font-weight:700}.node.new i{color:var(--new)}.node.gone i{color:var(--gone)}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;min-width:640px}th,td{text-align:left;vertical-align:top;padding:8px;border-bottom:1px solid var(--line);font-size:13px}td small{display:block}
.timeline .row{display:grid;grid-template-columns:minmax(110px,22%) 1fr 90px;gap:10px;align-items:center;padding:2px 0;font-size:12px}
.timeline .row span{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.timeline .row div{position:relative;height:14px;background:var(--card);border-radius:3px}.timeline .row i{position:absolute;top:0;bottom:0;background:var(--bar);border-radius:3px}
.timeline .axis div{background:none;display:flex;justify-content:space-between}.timeline .axis b{font-weight:400;color:var(--soft)}summary{color:var(--soft);font-size:12px;padding:4px 0;cursor:pointer}
.timeline i.sleep{background:var(--soft)}.timeline i.question{background:var(--new)}.timeline i.bad{background:var(--gone)}
`.replace(/\n/g, "")
