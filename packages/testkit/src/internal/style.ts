/** How the page of a report looks: quiet, in light and dark, on a screen and on paper. */
export const style = `
:root {
  color-scheme: light dark;
  --ground: #ffffff; --raised: #f6f8fa; --text: #1f2328; --muted: #59636e; --line: #d1d9e0; --axis: #818b98;
  --arrow: #424a53; --wish: #8a5a00; --bad: #b3202a; --bad-ground: #ffebe9; --hatch: #d8c9a8; --focus: #0969da;
  --waiting: #818b98; --doubt: #bf8700; --going: #0969da; --good: #1a7f37; --ended: #cf222e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0d1117; --raised: #161b22; --text: #e6edf3; --muted: #9198a1; --line: #30363d; --axis: #656c76;
    --arrow: #b7bfc8; --wish: #e3b341; --bad: #ff9b94; --bad-ground: #3a1517; --hatch: #4a3f25; --focus: #4493f8;
    --waiting: #8b949e; --doubt: #d29922; --going: #4493f8; --good: #3fb950; --ended: #f85149;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 13px/1.45 system-ui, -apple-system, "Segoe UI", sans-serif; }
main { max-width: 1360px; margin: 0 auto; padding: 28px 28px 14rem; }
h1 { margin: 0; font-size: 21px; line-height: 1.3; font-weight: 650; overflow-wrap: anywhere; }
.ended { margin: 4px 0 0; font-size: 15px; overflow-wrap: anywhere; }
.ended i { margin-right: .5em; }
code, .time, .label, .evidence dd { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 12px; }
.facts { display: flex; flex-wrap: wrap; gap: 10px 32px; margin: 18px 0 0; }
.facts div { min-width: 0; }
.facts dt { color: var(--muted); font-size: 12px; }
.facts dd { margin: 0; font-size: 15px; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.facts .wide { flex-basis: 100%; }
.facts .wide dd { font-size: 13px; }
.facts code { font-size: inherit; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 18px 0 0; padding: 0; list-style: none; color: var(--muted); font-size: 12px; }
i.swatch { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 6px; background: var(--state); }
i.hatched { background: repeating-linear-gradient(45deg, var(--hatch) 0 3px, transparent 3px 6px); border: 1px solid var(--hatch); }
.Drafted { --state: var(--waiting); } .Uncertain { --state: var(--doubt); } .Pending { --state: var(--going); }
.Succeeded { --state: var(--good); } .Ended { --state: var(--ended); }
table { width: 100%; margin-top: 14px; border-collapse: separate; border-spacing: 0; table-layout: fixed; }
thead th, thead td { position: sticky; top: 0; z-index: 4; padding: 8px 12px; background: var(--ground); border-bottom: 1px solid var(--axis); text-align: left; font-weight: 600; color: var(--muted); }
thead th.time { text-align: right; font-size: inherit; font-family: inherit; }
thead td { padding: 0; }
col.time { width: 104px; } col.track { width: 8px; } col.wire { width: 24%; } col.service { width: 19%; } col.webhooks { width: 17%; }
.narrow col.wire { width: 40%; }
.exchange { display: grid; grid-template-columns: 11fr 9fr; column-gap: 24px; align-items: center; }
.exchange .entry { display: inline-block; margin-right: 12px; }
.exchange .refused { color: var(--wish); }
.exchange .broken { color: var(--bad); }
.service .exchange > :first-child .evidence { left: 0; right: auto; }
td { padding: 3px 12px; vertical-align: middle; overflow-wrap: anywhere; }
td.time { text-align: right; white-space: nowrap; color: var(--muted); border-right: 2px solid var(--axis); font-variant-numeric: tabular-nums; }
tr.gap td.time { border-right-style: dotted; font-style: italic; }
td.track { padding: 0; }
td.track i { display: block; width: 5px; height: 100%; min-height: 28px; margin-left: 3px; background: var(--state); }
td.track { height: 1px; }
td.track i.paused { background: repeating-linear-gradient(45deg, var(--state) 0 3px, transparent 3px 6px); box-shadow: inset 0 0 0 1px var(--state); }
td.wire { padding: 3px 0; border-left: 1px solid var(--line); }
td.service { border-left: 1px solid var(--line); }
td.webhooks { border-left: 1px dashed var(--line); }
tr.gap td { padding-block: 0; }
tr.gap .flying { display: block; padding: 0 14px; text-align: center; color: var(--muted); font-size: 12px; }
.entry { position: relative; border-radius: 4px; cursor: default; }
.entry:focus { outline: none; }
.entry:focus-visible, .entry:focus { box-shadow: 0 0 0 2px var(--focus); }
.what { font-weight: 600; }
.says, .name { color: var(--muted); }
.state { white-space: nowrap; }
.state .swatch { margin: 0 4px 0 6px; }
.quiet .what { font-weight: 400; color: var(--muted); }
.entry.fault { display: inline-block; padding: 1px 7px; background: var(--bad-ground); color: var(--bad); border-radius: 4px; }
.entry.pause { padding: 4px 0; }
td.paused { background: repeating-linear-gradient(45deg, var(--hatch) 0 2px, transparent 2px 8px); }
.entry.pause > span { display: inline-block; padding: 1px 6px; margin-left: -6px; background: var(--ground); border-radius: 4px; }
.arrow { padding: 2px 14px 3px; border-bottom: 1.5px solid var(--arrow); border-radius: 0; }
.arrow .label { display: block; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; text-align: center; }
.arrow::after { content: ""; position: absolute; bottom: -5px; border-block: 4.5px solid transparent; }
.sends .arrow::after { right: 0; border-left: 8px solid var(--arrow); }
.answers .arrow::after { left: 0; border-right: 8px solid var(--arrow); }
.arrow.refused .label { color: var(--wish); }
.arrow.broken { border-bottom: 1.5px dashed var(--bad); }
.arrow.broken .label { color: var(--bad); }
.answers .arrow.broken::after { left: 2px; bottom: -9px; border: 0; content: "\\2715"; font-size: 13px; line-height: 1.2; color: var(--bad); background: var(--ground); padding: 0 2px; }
.evidence { display: none; position: absolute; z-index: 3; top: calc(100% + 6px); left: 0; width: max-content; max-width: 400px; padding: 10px 12px; background: var(--raised); color: var(--text); border: 1px solid var(--axis); border-radius: 6px; box-shadow: 0 6px 18px rgb(0 0 0 / .22); font-size: 12px; text-align: left; white-space: normal; }
.service .evidence, .webhooks .evidence { left: auto; right: 0; }
.entry:hover > .evidence, .entry:focus > .evidence { display: block; }
.evidence p { margin: 0 0 4px; font-weight: 600; }
.evidence dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 12px; margin: 0; }
.evidence dt { color: var(--muted); } .evidence dd { margin: 0; overflow-wrap: anywhere; }
@media print {
  :root { --ground: #fff; --raised: #fff; --text: #000; --muted: #444; --line: #ccc; --arrow: #000; --wish: #6b4700; --bad: #900; --bad-ground: #fff; }
  main { max-width: none; padding: 0; } thead th { position: static; } tr { break-inside: avoid; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .evidence { display: none !important; }
}
`
