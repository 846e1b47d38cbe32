"""Keep the translations in step with the sources: `make messages`; a new language: `make messages ADD=nl`.

Reads every marked sentence of the Python files and templates, writes it into each `django.po` below
src/demur/web/locale, and compiles what is translated into the `django.mo` beside it, which Django loads. Sentences
that no source has any more go; a sentence whose English changed is a new one and waits for its translation, since an
almost right sentence about somebody's rights is worse than an English one.
"""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation import to_locale
from django.utils.translation.template import templatize

SOURCES = Path(__file__).parent.parent / "src" / "demur"
LOCALE = SOURCES / "web" / "locale"
_KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
}
_HEADER = """\
# The sentences of Demur's pages and mails. Apache-2.0, as Demur itself.
msgid ""
msgstr ""
"Language: {language}\\n"
"Plural-Forms: {plurals}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""
_WIDTH_CHARS = 120
_NO_DATE = datetime(2026, 1, 1, tzinfo=UTC)  # a date that moved would change every file at every run


def main() -> None:
    """Bring every language up to date; say how much of each waits for a translator."""
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    if wanted:
        add(wanted)
    template = read_sources()
    for path in po_files():
        catalog = updated(path, template)
        path.write_bytes(po_bytes(catalog))
        path.with_suffix(".mo").write_bytes(mo_bytes(catalog))
        waiting = sum(1 for message in catalog if message.id and not is_translated(message.string))
        sys.stdout.write(f"{path.parent.parent.name}: {len(catalog)} sentences, {waiting} wait for a translation\n")
    if wanted:
        sys.stdout.write("Now name the language in LANGUAGES of src/demur/web/settings.py.\n")


def add(language: str) -> None:
    """Begin a language: an empty catalogue with its plural forms."""
    try:
        locale = to_locale(language)
        catalog = Catalog(locale=Locale.parse(locale))
    except (UnknownLocaleError, ValueError):
        sys.stderr.write(f'demur: error: "{language}" is no language code such as nl or zh-hant\n')
        raise SystemExit(1) from None
    path = LOCALE / locale / "LC_MESSAGES" / "django.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_bytes(po_bytes(catalog))


def po_files() -> list[Path]:
    """Return the catalogues, one a language."""
    return sorted(LOCALE.glob("*/LC_MESSAGES/django.po"))


def read_sources() -> Catalog:
    """Return every sentence that a source marks, untranslated, in the order of the files."""
    template = Catalog()
    for path in sorted([*SOURCES.rglob("*.py"), *SOURCES.rglob("templates/**/*.*")]):
        for context, message, comment in _marked(path):
            plain = message if isinstance(message, str) else tuple(message)
            name = path.relative_to(SOURCES).as_posix()
            template.add(plain, None, [(name, 0)], auto_comments=[comment] if comment else [], context=context or None)
    return template


def load(path: Path) -> Catalog:
    """Return a language's catalogue as it stands in its file."""
    with path.open("rb") as stream:
        catalog = read_po(stream, locale=path.parent.parent.name, domain="django")
    catalog.creation_date = catalog.revision_date = _NO_DATE
    return catalog


def updated(path: Path, template: Catalog) -> Catalog:
    """Return a language's catalogue with exactly the sentences of the sources."""
    catalog = load(path)
    catalog.update(template, no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()
    return catalog


def po_bytes(catalog: Catalog) -> bytes:
    """Return the file that translators edit, without line numbers or dates, which would change with every edit."""
    stream = BytesIO()
    write_po(stream, catalog, width=_WIDTH_CHARS, include_lineno=False, omit_header=True)
    header = _HEADER.format(language=catalog.locale_identifier, plurals=catalog.plural_forms)
    return header.encode() + stream.getvalue()


def mo_bytes(catalog: Catalog) -> bytes:
    """Return the file that Django loads."""
    stream = BytesIO()
    write_mo(stream, catalog)
    return stream.getvalue()


def is_translated(string: str | tuple[str, ...]) -> bool:
    """Tell whether a sentence, in all its plural forms, is translated."""
    return bool(string) if isinstance(string, str) else bool(string) and all(string)


def _marked(path: Path) -> Iterator[tuple[str, str | tuple[str, ...], str]]:
    source = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        source = templatize(source, origin=path.name)
    for _, message, comments, context in extract("python", BytesIO(source.encode()), _KEYWORDS, ["Translators:"]):
        yield context or "", message, " ".join(comments)


if __name__ == "__main__":
    main()
