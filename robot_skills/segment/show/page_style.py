"""How the page of a demonstration looks, by day and by night."""

STYLE = """
:root { color-scheme: light dark; --paper: #ffffff; --card: #f4f5f7; --ink: #1f2328;
  --faint: #59636e; --rule: #d1d9e0; --now: #b3007d; --truth: #1a7f37; }
@media (prefers-color-scheme: dark) { :root { --paper: #0f1318; --card: #191f26; --ink: #e6e9ec;
  --faint: #9aa5b1; --rule: #37414c; --now: #ff6ac8; --truth: #5fd07a; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.45 system-ui, sans-serif; }
main { max-width: 1500px; margin: 0 auto; padding: 1.2rem; }
h1 { font-size: 1.4rem; margin: 0; overflow-wrap: anywhere; } h2 { font-size: 1rem; margin: 0; }
p { margin: .2rem 0 .8rem; color: var(--faint); }
a { color: inherit; } kbd { border: 1px solid var(--rule); border-radius: 4px; padding: 0 .3em;
  font: .8rem ui-monospace, monospace; }
.top { display: grid; grid-template-columns: minmax(16rem, 27rem) 1fr; gap: 1.2rem;
  margin-bottom: 1rem; }
.top.bare { grid-template-columns: minmax(14rem, 20rem) 1fr; }
video { width: 100%; max-height: 22rem; background: #000; border-radius: 6px; display: block; }
.now { background: var(--card); border-radius: 6px; padding: .6rem .8rem; margin-top: .6rem;
  min-height: 6.4rem; }
.now button { float: right; margin-left: .6rem; font: inherit; padding: .1rem .8rem;
  cursor: pointer; }
.now output { font: 600 1.3rem ui-monospace, monospace; color: var(--now); }
.now b { margin-left: .7rem; } .now div { color: var(--faint); }
.list { max-height: 27rem; overflow: auto; border: 1px solid var(--rule); border-radius: 6px; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th { position: sticky; top: 0; background: var(--card); text-align: left; font-weight: 500; }
th, td { padding: .22rem .7rem; border-bottom: 1px solid var(--rule); vertical-align: middle; }
td:first-child { font-family: ui-monospace, monospace; text-align: right; white-space: nowrap; }
td:nth-child(2) { white-space: nowrap; }
tbody tr { cursor: pointer; } tbody tr:hover { background: var(--card); }
tbody tr.here { box-shadow: inset 4px 0 var(--now); background: var(--card); }
td a { text-decoration: none; }
meter { width: 4rem; height: .8rem; vertical-align: -1px; }
.chip { display: inline-block; border-radius: 4px; padding: 0 .45em; white-space: nowrap;
  max-width: 16rem; overflow: hidden; text-overflow: ellipsis; vertical-align: bottom; }
.scroll { overflow-x: auto; overflow-y: hidden; border: 1px solid var(--rule); border-radius: 6px; }
.tracks { --label: 10.5rem; --zoom: 1; position: relative; cursor: crosshair;
  width: calc(var(--label) + (100% - var(--label)) * var(--zoom)); touch-action: pan-y; }
.tracks:focus-visible, a:focus-visible { outline: 3px solid var(--now); outline-offset: -3px; }
.row { display: grid; grid-template-columns: var(--label) 1fr; border-top: 1px solid var(--rule); }
.row:first-child { border-top: 0; }
.row > header { position: sticky; left: 0; z-index: 3; background: var(--paper); font-size: .8rem;
  padding: .2rem .5rem; border-right: 1px solid var(--rule); cursor: default;
  overflow: hidden; margin-top: -1px; border-top: 1px solid var(--rule); }
.row > header b { font-weight: 600; } .row > header span { display: block; color: var(--faint);
  font-size: .72rem; line-height: 1.3; white-space: nowrap; overflow: hidden;
  text-overflow: ellipsis; }
.row > header i { display: inline-block; width: 1rem; height: 3px; margin-right: .35em;
  vertical-align: middle; }
.field { position: relative; min-width: 0; }
.segments .field { height: 2.6rem; } .sure .field { height: 3.6rem; }
.plot .field { height: 6.2rem; } .ruler .field { height: 1.5rem; }
.field svg { position: absolute; inset: 6px 0; width: 100%; height: calc(100% - 12px); }
.field polyline { fill: none; stroke-width: 1.4; vector-effect: non-scaling-stroke;
  stroke-linejoin: round; }
.row > header em { position: absolute; right: 4px; font: .68rem ui-monospace, monospace;
  color: var(--faint); }
.row > header em.high { top: 3px; } .row > header em.low { bottom: 3px; }
.piece { position: absolute; top: 3px; bottom: 3px; overflow: hidden; white-space: nowrap;
  font-size: .8rem; line-height: 2.2rem; text-align: center; border-radius: 3px;
  border-right: 1px solid var(--paper); text-overflow: ellipsis; }
.idle { background-image:
  repeating-linear-gradient(45deg, transparent 0 5px, #0000002b 5px 6.5px); }
.repetition { border-top: 5px double #ffffffd9; line-height: 1.9rem; }
.repetition::before { content: "\\21bb  "; }
.lone { position: absolute; bottom: 0; width: 11px; margin-left: -5.5px; text-decoration: none; }
.lone::after { content: ""; position: absolute; left: 3.5px; width: 4px; top: 0; bottom: 0;
  background: var(--ink); border-radius: 2px 2px 0 0; }
.lone:hover::after { background: var(--now); }
.tick { position: absolute; bottom: 1px; transform: translateX(-50%); color: var(--faint);
  font: .72rem ui-monospace, monospace; white-space: nowrap; }
.tick:first-child { transform: none; }
.over { position: absolute; left: var(--label); right: 0; top: 0; bottom: 0; pointer-events: none;
  z-index: 2; }
.over i { position: absolute; top: 0; bottom: 0; border-left: 1.5px solid var(--ink); }
.over u { position: absolute; top: 0; bottom: 0; border-left: 2px dotted var(--truth); }
.over u::after { content: ""; position: absolute; left: -7px; bottom: 0; border: 6px solid
  transparent; border-bottom: 9px solid var(--truth); border-top: 0; }
#cursor { position: absolute; top: 0; bottom: 0; border-left: 2px solid var(--now); }
.below { display: flex; flex-wrap: wrap; gap: .35rem 1.2rem; align-items: center;
  margin: .7rem 0; color: var(--faint); font-size: .85rem; }
.below .mark { display: inline-block; width: 1.5rem; height: .9rem; vertical-align: -2px;
  border-radius: 2px; margin-right: .35em; position: relative; }
.mark.cut { width: .6rem; border-left: 2px solid var(--ink); border-radius: 0; }
.mark.true { width: .6rem; border-left: 2px dotted var(--truth); border-radius: 0; }
.mark.cursor { width: .6rem; border-left: 2px solid var(--now); border-radius: 0; }
.mark.repetition { border-top-width: 4px; } .mark.repetition::before { content: ""; }
.ministrip { position: relative; height: 1.6rem; }
.index tbody tr { cursor: default; } .index td:last-child { width: 65%; }
.index td a { text-decoration: underline; }
.ministrip .piece { top: 0; bottom: 0; line-height: 1.6rem; }
@media (max-width: 800px) { .top, .top.bare { grid-template-columns: 1fr; }
  .tracks { --label: 6.5rem; } .list { max-height: 14rem; } }
"""
