"""Tags and filters of the centre's templates."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache

from django import template
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import formats, translation
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from demur.controller.local_text import LocalText
from demur.docket.jurisdiction import LawName

register = template.Library()

# A law of the Union is law in each of its languages, and has a name in each.
_OWN_NAMES = {
    "Regulation (EU) 2016/679 (GDPR)": _("Regulation (EU) 2016/679 (GDPR)"),
    "GDPR Art. 21(1)": _("GDPR Art. 21(1)"),
}


@register.filter
def local(text: LocalText) -> str:
    """Return a text of the controller in the language of the page."""
    return text.in_language(translation.get_language() or "")


@register.filter
def named(law: LawName) -> SafeString:
    """Return a law's name, in the page's language where the law has a name in it, marked as foreign elsewhere."""
    own = _OWN_NAMES.get(law.text)
    return format_html("{}", own) if own else format_html('<span lang="{}">{}</span>', law.language, law.text)


@register.filter
def cited(article: str) -> SafeString:
    """Return where in the law a right stands, as the page's language cites it."""
    own = _OWN_NAMES.get(article)
    return format_html("{}", own) if own else format_html('<span lang="en">{}</span>', article)


@register.filter
def grouped(number: int) -> str:
    """Return a whole number as the language of the page groups its digits."""
    return formats.number_format(number, force_grouping=True)


@register.simple_tag
def language_menu(offered: Sequence[str] = ()) -> SafeString:
    """Return the menu of the other languages that are offered; drawn once for each language of a page."""
    return _language_menu(translation.get_language() or settings.LANGUAGE_CODE, tuple(offered))


@lru_cache(maxsize=64)
def _language_menu(language: str, offered: tuple[str, ...]) -> SafeString:
    others = [(code, name) for code, name in settings.LANGUAGES if code != language and code in offered]
    return render_to_string("centre/language_menu.html", {"language": language, "languages": others})


@register.simple_tag
def moment(instant: datetime) -> SafeString:
    """Return an instant as an element that says it in UTC.

    Where scripts run, times.js says it in the time zone of the person's device instead.
    """
    utc = instant.astimezone(UTC)
    words = _date_and_time(translation.get_language() or settings.LANGUAGE_CODE, utc.replace(second=0, microsecond=0))
    return format_html('<time class="moment" datetime="{}">{} UTC</time>', utc.isoformat(), words)


@lru_cache(maxsize=1_024)
def _date_and_time(_language: str, minute: datetime) -> str:
    """Return an instant in the words of the active language, which name no seconds."""
    return formats.date_format(minute, "DATETIME_FORMAT")
