"""The list of countries on the form: all of them, with the likely ones first."""

import re

from django.utils.translation import gettext as _
from django_countries import countries

_REGION = re.compile(r"[A-Za-z]{2,3}-(?:[A-Za-z]{4}-)?([A-Za-z]{2})(?=[,;]|\s*\Z)")
_MOST_LIKELY = 3
_HEADER_CHARS = 500

Choice = tuple[str, str]
Choices = list[Choice | tuple[str, list[Choice]]]


def likely_countries(accept_language: str) -> list[str]:
    """Return at most three country codes that a browser's languages name, in its order; "de-AT, de" gives AT."""
    found = [code.upper() for code in _REGION.findall(accept_language[:_HEADER_CHARS])]
    known = [code for code in dict.fromkeys(found) if code in countries.countries]
    return known[:_MOST_LIKELY]


def country_choices(accept_language: str) -> Choices:
    """Return the choices of the country field: an empty one, the likely countries, then all others by name.

    Nothing is chosen beforehand: a wrong country that nobody noticed would mean the wrong law.
    """
    everything: list[Choice] = [(code, str(name)) for code, name in countries]
    likely = likely_countries(accept_language)
    empty: Choice = ("", _("Choose a country"))
    if not likely:
        return [empty, *everything]
    names = dict(everything)
    first = [(code, names[code]) for code in likely]
    others = [choice for choice in everything if choice[0] not in likely]
    return [empty, (_("Suggested by your browser's language"), first), (_("All countries"), others)]


def country_name(code: str) -> str:
    """Return a country's name in the language of the page; the code itself if it is unknown."""
    return str(countries.name(code)) or code
