// Reads a JSON list of Mermaid texts from standard input, and writes for each what Mermaid's own parser made of it: its
// vertices and edges, or the error with which it refused.
import { readFileSync } from 'node:fs'
import { JSDOM } from 'jsdom'

const dom = new JSDOM('')
globalThis.window = dom.window // for the library that cleans HTML, before it is loaded
globalThis.document = dom.window.document
const { default: mermaid } = await import('mermaid')
mermaid.initialize({ startOnLoad: false, securityLevel: 'strict', maxTextSize: 1e7, maxEdges: 1e5 })

// What the parser keeps of entities until they are drawn.
const decode = (text) =>
  text
    .replace(/<br\s*\/?>/g, '\n')
    .replace(/ﬂ°°(\d+)¶ß/g, (_, n) => String.fromCodePoint(Number(n)))

const out = []
for (const text of JSON.parse(readFileSync(0, 'utf8'))) {
  try {
    const { db } = await mermaid.mermaidAPI.getDiagramFromText(text)
    out.push({
      vertices: [...db.getVertices().values()].map((v) => ({ id: v.id, text: decode(v.text), classes: v.classes })),
      edges: db.getEdges().map((e) => ({ from: e.start, to: e.end })),
    })
  } catch (e) {
    out.push({ error: String(e) })
  }
}
process.stdout.write(JSON.stringify(out))
