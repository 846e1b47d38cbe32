"""Tags and filters of the centre's templates."""

from datetime import UTC, datetime

from django import template
from django.utils import formats, translation
from django.utils.html import format_html
from django.utils.safestring import SafeString

from demur.controller.local_text import LocalText

register = template.Library()


@register.filter
def local(text: LocalText) -> str:
    """Return a text of the controller in the language of the page."""
    return text.in_language(translation.get_language() or "")


@register.filter
def grouped(number: int) -> str:
    """Return a whole number as the language of the page groups its digits."""
    return formats.number_format(number, force_grouping=True)


@register.simple_tag
def moment(instant: datetime) -> SafeString:
    """Return an instant as an element that says it in UTC.

    Where scripts run, times.js says it in the time zone of the person's device instead.
    """
    utc = instant.astimezone(UTC)
    words = formats.date_format(utc, "DATETIME_FORMAT")
    return format_html('<time class="moment" datetime="{}">{} UTC</time>', utc.isoformat(), words)
