"""A manifest drawn as one HTML page: what was kept and withheld, by reason, and by which list.

The page needs nothing besides itself: no script, no font, no picture from elsewhere. It holds what the manifest says,
and so no content of a row and no clock time: the same manifests give the same page. Whoever draws it has verified them.
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Final

from demur.core.gate_manifest import UNKNOWN, GateManifest, KeptAndWithheld, ManifestFile
from demur.gate.reason_words import reason_words

_MOST_FILES: Final = 200
"""More names than this help nobody on a page; the manifest has them all."""

_LEAST_BAR: Final = 0.5
"""In percent of the width: one row in a million is seen too."""

_CHART_HEIGHT: Final = 100
_COLUMN: Final = 0.8
"""The width of a column, of 1."""

_STYLE: Final = """
:root { color-scheme: light dark; --page: #f7f7f4; --card: #fff; --ink: #1b1f24; --quiet: #535a63; --line: #d5d7d2;
  --accent: #0b5d66; --track: #e1e4df; --other: #8a4b08; --wrong: #ab1f2b; --focus: #0b5d66; }
@media (prefers-color-scheme: dark) { :root { --page: #14171a; --card: #1c2024; --ink: #eceeef; --quiet: #adb4bc;
  --line: #353b42; --accent: #7fd0d6; --track: #31373d; --other: #f0b46a; --wrong: #ff9a9a; --focus: #9fe3e8; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--ink); overflow-wrap: anywhere;
  font: 1.0625rem/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif; }
main { max-width: 45rem; margin-inline: auto; padding: 1.5rem 1.25rem 3rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.2rem; line-height: 1.3; margin: 0 0 .75rem; }
p { margin: 0 0 .75rem; }
section { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: 1.1rem 1.25rem;
  margin-top: 1.25rem; }
section > :last-child { margin-bottom: 0; }
ul { list-style: none; margin: 0 0 .75rem; padding: 0; }
li { padding-block: .6rem; border-top: 1px solid var(--line); }
li:first-child { border-top: 0; padding-top: 0; }
.line { display: flex; gap: 1rem; justify-content: space-between; align-items: baseline; }
.line b { font-variant-numeric: tabular-nums; white-space: nowrap; }
.quiet { color: var(--quiet); font-size: .95rem; }
.change { color: var(--other); font-weight: 600; }
.warn { border-inline-start: .25rem solid var(--wrong); padding-inline-start: .75rem; }
code { font-size: .9em; }
svg { display: block; width: 100%; height: .6rem; margin-block: .3rem; border-radius: .2rem; }
.track { fill: var(--track); } .bar { fill: var(--accent); } .bar.before { fill: var(--other); }
svg.chart { height: 10rem; border-bottom: 1px solid var(--line); }
summary { cursor: pointer; } summary:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; }
dl { margin: 0; } dt { color: var(--quiet); font-size: .95rem; } dd { margin: 0 0 .6rem; }
table { width: 100%; border-collapse: collapse; }
caption { text-align: start; color: var(--quiet); font-size: .95rem; padding-bottom: .5rem; }
th { text-align: start; font-weight: 600; } th, td { padding: .4rem 0; border-top: 1px solid var(--line);
  vertical-align: top; } th:last-child, td:last-child { text-align: end; padding-inline-start: 1rem;
  white-space: nowrap; font-variant-numeric: tabular-nums; }
td small { display: block; color: var(--quiet); }
@media print { section { break-inside: avoid; } }
"""


def draw_report(manifest: GateManifest, before: GateManifest | None = None) -> str:
    """Return a page about a verified manifest; with `before`, about what changed since that one."""
    parts = [
        _rows(manifest, before),
        _reasons(manifest, before),
        _parts("products", "By product", manifest.rows_by_product, {} if before is None else before.rows_by_product),
        _months(manifest.rows_by_month, {} if before is None else before.rows_by_month),
        _list(manifest, before),
        _files(manifest),
    ]
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Gate report: suppression list {manifest.list_number}</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<h1>Gate report</h1>
<p class="quiet">What one run of the gate kept and withheld by suppression list {manifest.list_number}, as its signed
manifest states it.</p>
{"".join(parts)}
{_limits()}
</main>
</body>
</html>
"""


def _section(name: str, title: str, *parts: str) -> str:
    return f'<section aria-labelledby="{name}"><h2 id="{name}">{title}</h2>{"".join(parts)}</section>\n'


def _rows(manifest: GateManifest, before: GateManifest | None) -> str:
    items = [_kept_item(manifest, "Kept: may train", "")]
    notes = []
    if before is not None:
        items.append(_kept_item(before, f"Kept before, by list {before.list_number}", "before"))
        change = _share(manifest) - _share(before)
        points = f"{abs(change) * 100:,.2f} percentage points {'more' if change > 0 else 'less'}"
        notes.append(f"<p>{'The same share is kept.' if not change else f'{points} of the rows are kept.'}</p>")
        if _digests(manifest.inputs) == _digests(before.inputs):
            notes.append("<p>Both runs read the same files.</p>")
        else:
            words = "The two runs read different files: not every difference comes from the list."
            notes.append(f'<p class="warn">{words}</p>')
    withheld = f"<p>{_count(manifest.withheld_rows, 'row is', 'rows are')} withheld.</p>"
    return _section("rows", "Rows", f"<ul>{''.join(items)}</ul>", withheld, *notes)


def _kept_item(manifest: GateManifest, title: str, kind: str) -> str:
    total = manifest.kept_rows + manifest.withheld_rows
    return (
        f'<li><div class="line"><span>{title}</span><b>{manifest.kept_rows:,}</b></div>{_bar(_share(manifest), kind)}'
        f'<span class="quiet">{_share(manifest):.2%} of {_count(total, "row", "rows")}</span></li>'
    )


def _reasons(manifest: GateManifest, before: GateManifest | None) -> str:
    old = {} if before is None else before.withheld_by_reason
    counts = [
        (code, manifest.withheld_by_reason.get(code, 0), old.get(code, 0))
        for code in {**manifest.withheld_by_reason, **old}
    ]
    found = sorted((each for each in counts if each[1] or each[2]), key=lambda each: (-each[1], each[0]))
    most = max((max(now, then) for _, now, then in found), default=1)
    items = []
    for code, now, then in found:
        bars, change = _bar(now / most, ""), ""
        if before is not None:
            bars += _bar(then / most, "before")
            difference = f'<span class="change">{now - then:+,}</span>' if now != then else "no change"
            change = f" · before {then:,} · {difference}"
        items.append(
            f'<li><div class="line"><span>{reason_words(code)}</span><b>{now:,}</b></div>{bars}'
            f'<span class="quiet"><code>{escape(code)}</code>{change}</span></li>'
        )
    if not items:
        return _section("reasons", "Why rows are withheld", "<p>No row is withheld.</p>")
    note = '<p class="quiet">A row with two reasons counts in both.</p>'
    return _section("reasons", "Why rows are withheld", f"<ul>{''.join(items)}</ul>", note)


def _parts(name: str, title: str, now: Mapping[str, KeptAndWithheld], then: Mapping[str, KeptAndWithheld]) -> str:
    """Draw how much of each part of the rows is kept; nothing if nobody counted."""
    if not now:
        return ""
    items = []
    for part, rows in sorted(now.items()):
        total = rows.kept + rows.withheld
        words = f"{rows.kept / total:.2%} of {_count(total, 'row', 'rows')} kept, {rows.withheld:,} withheld"
        bars = _bar(rows.kept / total, "")
        if part in then:
            old = then[part]
            bars += _bar(old.kept / (old.kept + old.withheld), "before")
            words += f" · before {old.kept:,} kept, {old.withheld:,} withheld"
        items.append(
            f'<li><div class="line"><span>{escape(part)}</span><b>{rows.kept:,}</b></div>{bars}'
            f'<span class="quiet">{words}</span></li>'
        )
    return _section(name, title, f"<ul>{''.join(items)}</ul>")


def _months(now: Mapping[str, KeptAndWithheld], then: Mapping[str, KeptAndWithheld]) -> str:
    """Draw a column for each month, kept below and withheld above; the figures are in a table that opens."""
    if not now:
        return ""
    most = max(rows.kept + rows.withheld for rows in now.values())
    columns = []
    for place, (_, rows) in enumerate(sorted(now.items())):
        kept, withheld = (_CHART_HEIGHT * part / most for part in (rows.kept, rows.withheld))
        top = _CHART_HEIGHT - kept
        columns.append(
            f'<rect class="bar" x="{place}" y="{top:.2f}" width="{_COLUMN}" height="{kept:.2f}"/>'
            f'<rect class="bar before" x="{place}" y="{top - withheld:.2f}" width="{_COLUMN}" height="{withheld:.2f}"/>'
        )
    known = sorted(month for month in now if month != UNKNOWN)
    ends = [*known[:1], ", ".join([*known[-1:], *now.keys() & {UNKNOWN}])]
    chart = (
        f'<svg class="chart" viewBox="0 0 {len(now)} {_CHART_HEIGHT}" preserveAspectRatio="none" aria-hidden="true" '
        f'focusable="false">{"".join(columns)}</svg>'
        f'<div class="line quiet">{"".join(f"<span>{end}</span>" for end in ends)}</div>'
        '<p class="quiet">Kept below, withheld above.</p>'
    )
    return _section("months", "By month", chart, _months_table(now, then))


def _months_table(now: Mapping[str, KeptAndWithheld], then: Mapping[str, KeptAndWithheld]) -> str:
    before = "<th>Kept before</th>" if then else ""
    lines = []
    for month, rows in sorted(now.items()):
        old = (f"<td>{then[month].kept:,}</td>" if month in then else "<td>none</td>") if then else ""
        lines.append(f"<tr><td>{escape(month)}</td>{old}<td>{rows.withheld:,}</td><td>{rows.kept:,}</td></tr>")
    head = f"<thead><tr><th>Month</th>{before}<th>Withheld</th><th>Kept</th></tr></thead>"
    words = f"<summary>{_count(len(now), 'month', 'months')} in figures</summary>"
    return f"<details>{words}<table>{head}<tbody>{''.join(lines)}</tbody></table></details>"


def _list(manifest: GateManifest, before: GateManifest | None) -> str:
    kinds = ", ".join(f"{escape(kind)} {entries:,}" for kind, entries in sorted(manifest.list_kinds.items()))
    facts = [("Number", f"{manifest.list_number}")]
    if before is not None:
        facts.append(("Number before", f"{before.list_number}"))
    facts += [
        ("Entries by kind", kinds or "none"),
        ("SHA-256 of its header", f"<code>{manifest.list_header_sha256.hex()}</code>"),
        ("Controller's catalogue", "none was given" if manifest.catalogue_sha256 is None else "applied"),
    ]
    body = f"<dl>{''.join(f'<dt>{name}</dt><dd>{value}</dd>' for name, value in facts)}</dl>"
    if not manifest.kinds_not_applied:
        return _section("list", "Suppression list", body)
    missed = escape(", ".join(manifest.kinds_not_applied))
    warning = f'<p class="warn">The list has entries that no rule of this run looked for: {missed}.</p>'
    return _section("list", "Suppression list", body, warning)


def _files(manifest: GateManifest) -> str:
    shown = manifest.inputs[:_MOST_FILES]
    more = len(manifest.inputs) - len(shown)
    rows = "".join(
        f"<tr><td>{escape(file.path)}<small><code>{file.sha256.hex()}</code></small></td><td>{file.rows:,}</td></tr>"
        for file in shown
    )
    caption = "Files that were read, with their SHA-256."
    if more:
        caption += f" The first {len(shown):,}; {more:,} more are in the manifest."
    head = f"<caption>{caption}</caption><thead><tr><th>File</th><th>Rows</th></tr></thead>"
    written = f"<p>{_count(len(manifest.outputs), 'file was', 'files were')} written; the manifest names them.</p>"
    return _section("files", "Files", f"<table>{head}<tbody>{rows}</tbody></table>", written)


def _limits() -> str:
    return _section(
        "limits",
        "What this page does not show",
        "<p>That the files beside the manifest are those that it names: <code>demur verify</code> shows that. That a "
        "model was trained on them and on nothing else. That the files that were read were all the data there was.</p>",
    )


def _bar(share: float, kind: str) -> str:
    width = f"{max(share * 100, _LEAST_BAR) if share else 0:.2f}"
    return (
        '<svg viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        f'<rect class="track" width="100" height="4"/><rect class="bar {kind}" width="{width}" height="4"/></svg>'
    )


def _share(manifest: GateManifest) -> float:
    total = manifest.kept_rows + manifest.withheld_rows
    return manifest.kept_rows / total if total else 0.0


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _digests(files: Iterable[ManifestFile]) -> Sequence[bytes]:
    return sorted(file.sha256 for file in files)
