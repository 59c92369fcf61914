"""How the demo's report looks."""

STYLE = """
body { margin: 0; background: #f4f5f7; color: #222; font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 980px; margin: 0 auto; padding: 2rem; background: #fff; }
h1 { font-size: 1.7rem; line-height: 1.2; } h2 { margin-top: 2.6rem; }
h3 { margin: 0; font-family: ui-monospace, monospace; }
img, video { width: 100%; border-radius: 4px; } video { max-width: 720px; background: #000; }
figure { margin: 1rem 0; } figcaption { color: #666; font-size: 0.85rem; }
code, pre { font: 0.85rem/1.45 ui-monospace, monospace; }
pre { background: #f4f5f7; padding: 0.8rem; overflow-x: auto; border-radius: 4px; }
table { border-collapse: collapse; width: 100%; font-size: 0.92rem; }
th { text-align: left; color: #666; font-weight: 500; }
th, td { padding: 0.25rem 0.6rem 0.25rem 0; border-bottom: 1px solid #eceef0; }
table.plain { width: auto; margin: -0.6rem 0 0.8rem 1rem; } table.plain td { border: 0; }
tr.unseen td { background: #f1f7f1; } tr.total td { font-weight: 700; }
.figures { display: grid; grid-template-columns: repeat(5, 1fr); gap: 0.8rem; margin: 1.2rem 0; }
.figures div { background: #eef3f8; border-radius: 6px; padding: 0.8rem; }
.figures b { display: block; font-size: 1.35rem; } .figures span { font-size: 0.8rem; color: #555; }
.skill { border-left: 4px solid #4e79a7; padding: 0.2rem 0 0.2rem 1rem; margin: 1.2rem 0; }
.bar { position: relative; width: 160px; height: 12px; background: #e3e6ea; border-radius: 3px; }
.bar i { position: absolute; height: 100%; background: #59a14f; border-radius: 3px; }
.bar u { position: absolute; top: 5px; height: 2px; background: #222; }
summary { cursor: pointer; color: #4e79a7; }
@media (max-width: 700px) { .figures { grid-template-columns: repeat(2, 1fr); } }
"""
