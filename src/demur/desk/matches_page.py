"""The photos of a case beside the pictures of a dataset that are copies of them, as one HTML page for staff.

The page needs nothing besides itself: its pictures are in it, and its policy lets it load none from elsewhere.
"""

from base64 import b64encode
from collections.abc import Sequence
from html import escape
from typing import Final

from demur.gate.pictures.photo_search import FoundPicture, PhotoCopies, PhotoSearch
from demur.gate.reason_words import reason_words
from demur.gate.rules import not_public

_STYLE: Final = """
:root { color-scheme: light dark; --page: #f7f7f4; --card: #fff; --ink: #1b1f24; --quiet: #535a63; --line: #d5d7d2;
  --wrong: #ab1f2b; }
@media (prefers-color-scheme: dark) { :root { --page: #14171a; --card: #1c2024; --ink: #eceeef; --quiet: #adb4bc;
  --line: #353b42; --wrong: #ff9a9a; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--ink); overflow-wrap: anywhere;
  font: 1.0625rem/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif; }
main { max-width: 75rem; margin-inline: auto; padding: 1.5rem 1.25rem 3rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.2rem; line-height: 1.3; margin: 0 0 .75rem; }
p { margin: 0 0 .75rem; }
section { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: 1.1rem 1.25rem;
  margin-top: 1.25rem; }
section > :last-child { margin-bottom: 0; }
.quiet { color: var(--quiet); font-size: .95rem; }
.warn { border-inline-start: .25rem solid var(--wrong); padding-inline-start: .75rem; }
.beside { display: grid; gap: 1.25rem; }
@media (min-width: 50rem) { .beside { grid-template-columns: 18rem 1fr; } }
.found { list-style: none; margin: 0 0 .75rem; padding: 0; display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr)); }
figure { margin: 0; } figcaption { font-size: .95rem; }
img, .none { display: block; max-width: 100%; border: 1px solid var(--line); border-radius: .25rem; }
.none { padding: 1rem; color: var(--quiet); }
@media print { section { break-inside: avoid; } }
"""


def draw_matches(
    reference: str, photos: Sequence[bytes | None], copies: Sequence[PhotoCopies | None], search: PhotoSearch
) -> str:
    """Return the page.

    Args:
        reference: of the case.
        photos: each photo of the case as a small JPEG; None if it was erased.
        copies: what was found of each; None if it could not be looked for.
        search: all that was found.
    """
    parts = [
        _photo(number, jpeg, found) for number, (jpeg, found) in enumerate(zip(photos, copies, strict=True), start=1)
    ]
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>Copies of the photos of {escape(reference)}</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<h1>Copies of the photos of {escape(reference)}</h1>
<p class="warn">For staff who decide about this case, and for nobody else: it shows people. Delete it when the case is
decided.</p>
<p>{_count(search.rows, "row was", "rows were")} looked at.{_unreadable(search.rows_unreadable)} A picture counts as a
copy if at most 31 of the 256 bits of its hash differ. Nobody's face is compared.</p>
{"".join(parts)}</main>
</body>
</html>
"""


def _unreadable(rows: int) -> str:
    return f" Of {_count(rows, 'row', 'rows')} a picture cannot be read, and could be a copy." if rows else ""


def _photo(number: int, jpeg: bytes | None, found: PhotoCopies | None) -> str:
    name = f"photo-{number}"
    return (
        f'<section aria-labelledby="{name}"><h2 id="{name}">Photo {number}</h2><div class="beside">'
        f"{_query(number, jpeg)}<div>{_copies(found)}</div></div></section>\n"
    )


def _query(number: int, jpeg: bytes | None) -> str:
    if jpeg is None:
        return '<p class="none">This photo was erased. Copies of it are still recognised.</p>'
    return f"<figure>{_image(jpeg, f'Photo {number}, as it was sent')}<figcaption>As it was sent</figcaption></figure>"


def _copies(found: PhotoCopies | None) -> str:
    if found is None:
        return "<p>It cannot be looked for: there is too little in it, or it is not prepared.</p>"
    if not found.rows:
        return "<p>No row holds a copy of it.</p>"
    words = f"<p>{_count(found.rows, 'row holds', 'rows hold')} a copy of it.</p>"
    items = "".join(f"<li>{_picture(one)}</li>" for one in found.nearest)
    more = len(found.by_digest) - len(found.nearest)
    return (
        words
        + (f'<ul class="found">{items}</ul>' if items else "")
        + (f"<p>{_count(more, 'more picture is', 'more pictures are')} not drawn here.</p>" if more else "")
        + _not_shown(found)
    )


def _picture(one: FoundPicture) -> str:
    words = (
        f"{_count(one.distance_bits, 'bit differs', 'bits differ')}; {_count(one.rows, 'row holds', 'rows hold')} it"
    )
    drawn = '<span class="none">This picture could not be drawn.</span>'
    if one.drawn is not None:
        drawn = _image(one.drawn, f"The picture of row {one.row_id}")
    return (
        f'<figure>{drawn}<figcaption>{escape(one.row_id)}<br><span class="quiet">{words}</span></figcaption></figure>'
    )


def _not_shown(found: PhotoCopies) -> str:
    if not found.rows_not_shown:
        return ""
    order = sorted(found.reasons.items(), key=lambda each: (-each[1], each[0]))
    items = "".join(f"<li>{_count(rows, 'row', 'rows')}: {_why(code)}</li>" for code, rows in order)
    return (
        f"<p>{_count(found.rows_not_shown, 'of these rows is', 'of these rows are')} not shown, since the gate "
        f"withholds them for another reason. A row with two counts in both.</p><ul>{items}</ul>"
    )


def _why(code: str) -> str:
    # Here no catalogue is asked, of which the usual sentence speaks.
    return "Not everybody may see it." if code == not_public.CODE else reason_words(code)


def _image(jpeg: bytes, words: str) -> str:
    return f'<img src="data:image/jpeg;base64,{b64encode(jpeg).decode()}" alt="{escape(words)}">'


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
