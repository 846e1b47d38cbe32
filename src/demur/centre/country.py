"""The list of countries on the form: all of them, with the likely ones first.

The list is drawn once for each language and each set of likely countries: 250 options are most of a page's work.
"""

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django_countries import countries

_REGION = re.compile(r"[A-Za-z]{2,3}-(?:[A-Za-z]{4}-)?([A-Za-z]{2})(?=[,;]|\s*\Z)")
_MOST_LIKELY = 3
_HEADER_CHARS = 500
_KEPT_LISTS = 128
"""How many drawn lists stay in memory, of some 15 KB each: beyond it, the one not asked for longest is dropped."""

_KEPT_NAMES = 2_048

Choice = tuple[str, str]


def likely_countries(accept_language: str) -> tuple[str, ...]:
    """Return at most three country codes that a browser's languages name, in its order; "de-AT, de" gives AT."""
    found = [code.upper() for code in _REGION.findall(accept_language[:_HEADER_CHARS])]
    known = [code for code in dict.fromkeys(found) if is_country(code)]
    return tuple(known[:_MOST_LIKELY])


def is_country(code: str) -> bool:
    """Tell whether a code is one of the list."""
    return code in _codes()


@cache
def _codes() -> frozenset[str]:
    return frozenset(countries.countries)


def country_name(code: str) -> str:
    """Return a country's name in the language of the page; the code itself if it is unknown."""
    return _name(code, get_language() or "en")


@lru_cache(maxsize=_KEPT_NAMES)
def _name(code: str, language: str) -> str:
    with override(language):
        return str(countries.name(code)) or code


class CountrySelect(forms.Select):
    """The list as a select. Nothing is chosen beforehand: a wrong country that nobody noticed means the wrong law.

    Attributes:
        likely: codes of the countries that go to the top.
    """

    likely: tuple[str, ...] = ()

    def render(self, name: str, value: Any, attrs: Mapping[str, Any] | None = None, renderer: Any = None) -> SafeString:  # noqa: ARG002  (Django's signature)
        """Return the select with the value chosen, if it is a country."""
        all_attrs = self.build_attrs(dict(self.attrs), {**(attrs or {}), "name": name})
        options = _options(get_language() or "en", self.likely)
        if is_country(str(value)):
            option = f'value="{value}"'
            options = mark_safe(options.replace(option, f"{option} selected", 1))  # noqa: S308  (a code of the list)
        return format_html("<select{}>{}</select>", flatatt(all_attrs), options)


class CountryField(forms.CharField):
    """A country's ISO 3166-1 alpha-2 code, chosen from the list."""

    widget = CountrySelect

    def validate(self, value: str) -> None:
        """Refuse what is not of the list."""
        super().validate(value)
        if not is_country(value):
            raise forms.ValidationError(self.error_messages["invalid_choice"], code="invalid_choice")


@lru_cache(maxsize=_KEPT_LISTS)
def _options(language: str, likely: tuple[str, ...]) -> SafeString:
    with override(language):
        names: list[Choice] = [(code, str(name)) for code, name in countries]
        empty = _draw([("", _("Choose a country"))])
        if not likely:
            return mark_safe(empty + _draw(names))  # noqa: S308  (drawn with escaping)
        first = [(code, country_name(code)) for code in likely]
        others = [choice for choice in names if choice[0] not in likely]
        group = '<optgroup label="{}">{}</optgroup>'
        suggested = format_html(group, _("Suggested by your browser's language"), _draw(first))
        return mark_safe(empty + suggested + format_html(group, _("All countries"), _draw(others)))  # noqa: S308  (as above)


def _draw(choices: list[Choice]) -> SafeString:
    return format_html_join("", '<option value="{}">{}</option>', choices)
