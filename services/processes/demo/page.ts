import { at, textAt, type Json } from '#model'
import type { SlackPosted } from './slack-server.ts'

/** The messages of the play as one page that needs nothing else, as they stand in Slack at its end; light or dark as the reader likes it. */
export function messagesPage(messages: readonly SlackPosted[]): string {
  const channels = [...Map.groupBy(messages, ({ channel }) => channel)]
  const sections = channels.map(([channel, own]) => {
    const first = own.filter(({ threadTs }) => threadTs === null)
    const body = first.map((each) =>
      messageHtml(
        each,
        own.filter(({ threadTs }) => threadTs === each.ts),
      ),
    )
    return `<section id="${escape(channel)}"><h2><i>#</i> ${escape(channel)}</h2>${body.join('')}</section>`
  })
  const links = channels.map(([channel]) => `<a href="#${escape(channel)}"><i>#</i> ${escape(channel)}</a>`)
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tripline: the messages of the demo</title><style>${style}</style></head>
<body><nav><h1>Acme</h1>${links.join('')}</nav><main>${sections.join('')}</main></body></html>
`
}

function messageHtml(message: SlackPosted, replies: readonly SlackPosted[]): string {
  const { blocks, attachments, edits, at: time } = message
  const shown = attachments.map((each) => {
    const colour = /^#[0-9a-f]{6}$/iu.exec(textAt(each, 'color') ?? '')?.[0] ?? '#888888'
    return `<div class="attachment" style="border-color:${colour}">${membersOf(each, 'blocks').map(blockHtml).join('')}</div>`
  })
  const thread =
    replies.length === 0
      ? ''
      : `<details class="thread" open><summary>${replies.length} ${replies.length === 1 ? 'reply' : 'replies'}</summary>${replies
          .map((each) => messageHtml(each, []))
          .join('')}</details>`
  const clock = new Date(time).toISOString().slice(11, 16)
  return `<article><div class="face" aria-hidden="true">T</div><div class="said">
<p class="by"><b>Tripline</b> <span class="app">APP</span> <time>${clock}</time></p>
${blocks.map(blockHtml).join('')}${shown.join('')}${edits > 0 ? '<p class="edited">(edited)</p>' : ''}${thread}</div></article>`
}

function blockHtml(block: Json): string {
  switch (textAt(block, 'type')) {
    case 'header':
      return `<h3>${unescaped(textAt(block, 'text', 'text') ?? '')}</h3>`
    case 'divider':
      return '<hr>'
    case 'rich_text':
      return `<div>${membersOf(block, 'elements').map(partHtml).join('')}</div>`
    case 'section':
      return `<p>${unescaped(textAt(block, 'text', 'text') ?? '')}</p>`
    case 'context':
      return membersOf(block, 'elements')
        .map((each) => `<p class="context">${unescaped(textAt(each, 'text') ?? '')}</p>`)
        .join('')
    case 'table':
      return `<table>${rowsOf(block)
        .map((row) => `<tr>${row.map((cell) => `<td>${cellHtml(cell)}</td>`).join('')}</tr>`)
        .join('')}</table>`
    default:
      return ''
  }
}

function partHtml(part: Json): string {
  const type = textAt(part, 'type')
  const inner = membersOf(part, 'elements')
  if (type === 'rich_text_list')
    return `<ul>${inner.map((each) => `<li>${membersOf(each, 'elements').map(leafHtml).join('')}</li>`).join('')}</ul>`
  if (type === 'rich_text_preformatted') return `<pre>${inner.map(leafHtml).join('')}</pre>`
  return `<p>${inner.map(leafHtml).join('')}</p>`
}

function leafHtml(leaf: Json): string {
  const text = escape(textAt(leaf, 'text') ?? '')
  if (textAt(leaf, 'type') === 'link') {
    const url = textAt(leaf, 'url') ?? ''
    return /^https?:\/\//iu.test(url) ? `<a href="${escape(url)}" rel="noreferrer">${text}</a>` : text
  }
  if (textAt(leaf, 'type') === 'user') return `<span class="mention">@${escape(textAt(leaf, 'user_id') ?? '')}</span>`
  const styled = at(leaf, 'style', 'code') === true ? `<code>${text}</code>` : text
  const bold = at(leaf, 'style', 'bold') === true ? `<b>${styled}</b>` : styled
  return at(leaf, 'style', 'strike') === true ? `<s>${bold}</s>` : bold
}

function cellHtml(cell: Json): string {
  return textAt(cell, 'type') === 'raw_text'
    ? escape(textAt(cell, 'text') ?? '')
    : membersOf(cell, 'elements').map(partHtml).join('')
}

function rowsOf(table: Json): readonly (readonly Json[])[] {
  return membersOf(table, 'rows').map((row) => (Array.isArray(row) ? (row as readonly Json[]) : []))
}

function membersOf(value: Json, key: string): readonly Json[] {
  const found = at(value, key)
  return Array.isArray(found) ? (found as readonly Json[]) : []
}

/** Slack escapes three signs in its plain texts. */
function unescaped(text: string): string {
  return escape(text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&'))
}

function escape(text: string): string {
  return text.replaceAll(/[&<>"'\n]/gu, (sign) => (sign === '\n' ? '<br>' : `&#${sign.charCodeAt(0)};`))
}

const style = `
:root { color-scheme: light dark; --text: light-dark(#1d1c1d, #d1d2d3); --faint: light-dark(#616061, #9a9b9e); --back: light-dark(#fff, #1a1d21);
  --line: light-dark(#ddd, #35373b); --code: light-dark(#c01343, #e8912d); --codeback: light-dark(#f6f6f6, #232529); --link: light-dark(#1264a3, #1d9bd1);
  --side: light-dark(#3f0e40, #121016); --sidetext: #cfc3cf }
* { box-sizing: border-box; margin: 0 }
body { font: 15px/1.46 Lato, 'Helvetica Neue', Arial, sans-serif; color: var(--text); background: var(--back); display: flex; overflow-wrap: anywhere }
nav { background: var(--side); color: var(--sidetext); width: 200px; flex: none; padding: 16px; position: sticky; top: 0; height: 100vh; overflow: auto }
nav h1 { font-size: 18px; color: #fff; margin-bottom: 12px } nav a { display: block; color: inherit; text-decoration: none; padding: 3px 0 }
i { font-style: normal; opacity: .6 }
main { flex: 1; min-width: 0; max-width: 900px; padding: 0 20px 40px }
h2 { font-size: 17px; padding: 16px 0 10px; border-bottom: 1px solid var(--line); position: sticky; top: 0; background: var(--back); z-index: 1 }
article { display: flex; gap: 8px; padding: 12px 0 } .said { min-width: 0; flex: 1 }
.face { width: 36px; height: 36px; border-radius: 6px; background: #1f7a5c; color: #fff; font-weight: 900; display: grid; place-items: center; flex: none }
.by b { font-weight: 900 } .app { font-size: 10px; font-weight: 700; background: var(--line); border-radius: 2px; padding: 1px 3px; color: var(--faint) }
time, .edited, .context { font-size: 12px; color: var(--faint) }
div > p + ul, div + div { margin-top: 4px }
h3 { font-size: 18px; line-height: 1.3; margin: 2px 0 4px } ul { padding-left: 22px } p { margin: 1px 0 }
code, pre { font: 12px/1.5 Monaco, Menlo, Consolas, monospace; color: var(--code); background: var(--codeback); border: 1px solid var(--line); border-radius: 3px; padding: 1px 3px }
pre { padding: 8px; white-space: pre-wrap } a { color: var(--link) }
.mention { color: var(--link); background: light-dark(#e8f5fa, #1d3a49); border-radius: 3px; padding: 0 2px }
.attachment { border-left: 4px solid; border-radius: 4px; padding: 2px 0 2px 12px; margin: 6px 0; color: var(--faint) }
table { border-collapse: collapse; margin: 6px 0 } td { border: 1px solid var(--line); padding: 3px 8px; vertical-align: top }
.thread { margin-top: 4px; border-left: 2px solid var(--line); padding-left: 12px } .thread summary { color: var(--link); font-weight: 700; font-size: 13px; cursor: pointer }
@media (max-width: 700px) { nav { display: none } }
`
