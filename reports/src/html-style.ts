/** The style of report pages: a narrow column for text, wide room for tables and charts, light or dark as the reader has it. */
export const PAGE_STYLE = `
:root{color-scheme:light dark;--paper:#fbfbfa;--card:#ffffff;--ink:#1f262d;--soft:#5d6872;--line:#e3e7eb;--accent:#0f6d67;
--counts:#0f6d67;--modelled:#5443a6;--host:#9a5b00}
@media (prefers-color-scheme:dark){:root{--paper:#0e1217;--card:#161b22;--ink:#dfe5eb;--soft:#9aa6b2;--line:#30363d;--accent:#4cc2b8;
--counts:#4cc2b8;--modelled:#ab9ff2;--host:#e0a44a}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.6 system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif}
main{max-width:62rem;margin:0 auto;padding:3rem 1.25rem 6rem}
header{border-bottom:1px solid var(--line);margin-bottom:1.5rem;padding-bottom:1rem}
header p{color:var(--soft);margin:.25rem 0 0}
h1{font-size:2rem;line-height:1.2;letter-spacing:-.015em;margin:0}
h2{font-size:1.4rem;line-height:1.3;letter-spacing:-.01em;margin:3.25rem 0 .75rem}
h3{font-size:1.08rem;margin:2.25rem 0 .5rem}
h4{font-size:.95rem;margin:1.25rem 0 .25rem;color:var(--soft)}
p,li{max-width:44rem}
a{color:var(--accent);text-decoration-thickness:1px;text-underline-offset:2px}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;list-style:none;margin:0;padding:0;font-size:.92rem}
code{font:.9em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;background:var(--card);border:1px solid var(--line);border-radius:4px;padding:0 .3em}
figure{margin:.5rem 0 2rem}
figure .scroll{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.5rem}
figure svg{display:block;max-width:100%;height:auto;margin:0 auto}
figcaption{color:var(--soft);font-size:.9rem;margin-top:.5rem;max-width:44rem}
.scroll{overflow-x:auto}
.measures{margin:.4rem 0 .3rem}
.measure{display:inline-block;font-size:.75rem;line-height:1.5;border:1px solid currentColor;border-radius:999px;padding:0 .6em;margin-right:.25rem}
.counts{color:var(--counts)}.modelled-time{color:var(--modelled)}.host-time{color:var(--host)}
table{border-collapse:collapse;font-size:.88rem;font-variant-numeric:tabular-nums;background:var(--card);border:1px solid var(--line)}
th,td{padding:.28rem .8rem;text-align:left;white-space:nowrap;border-bottom:1px solid var(--line)}
th{font-weight:600;color:var(--soft);white-space:normal;vertical-align:bottom;line-height:1.3;min-width:4.5rem}
.number{text-align:right}
tr.total td{font-weight:600}
tbody tr:last-child td{border-bottom:0}
details{border-bottom:1px solid var(--line);padding:.35rem 0}
details[open]{padding-bottom:1.25rem}
summary{cursor:pointer;font-weight:600;padding:.2rem 0}
@media print{details>*{display:block}body{background:none}}
`.trim();
