"""Text as the centre's forms take it in."""

import unicodedata
from functools import partial
from typing import Any

from django import forms
from django.utils.formats import number_format
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

_INVISIBLE = _("This field holds an invisible control character. Type the text again instead of pasting it.")
TOO_LONG = _("There is room for %(limit_value)d characters, and this text has %(show_value)d. Shorten it a little.")


def grouped_number(number: int) -> str:
    """Return a number as the language of the page groups its digits, when the page is drawn."""
    return lazy(partial(number_format, number, force_grouping=True), str)()


class TextField(forms.CharField):
    """Text whose line ends count once, as browsers count them, and that holds nothing invisible that could harm."""

    def to_python(self, value: Any) -> str:
        """Return the text with a line feed as its only line end."""
        text = super().to_python(value) or ""
        return str(text).replace("\r\n", "\n").replace("\r", "\n")

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Leave `maxlength` out: a browser cuts pasted text at it without a word, while our own error says so."""
        attrs = super().widget_attrs(widget)
        attrs.pop("maxlength", None)
        return attrs

    def validate(self, value: str) -> None:
        """Refuse control characters other than line ends and tabs (they forge mail headers and log lines)."""
        super().validate(value)
        if any(unicodedata.category(letter) == "Cc" and letter not in "\n\t" for letter in value):
            raise forms.ValidationError(_INVISIBLE, code="invisible")
