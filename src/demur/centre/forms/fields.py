"""Text as the centre's forms take it in."""

import unicodedata
from functools import partial
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.formats import number_format
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from demur.core.errors import FormatError
from demur.core.identifier import MAX_VALUE_CHARS, normalise_email

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

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


class EmailField(TextField):
    """An e-mail address; its value is the address as it is compared everywhere."""

    def __init__(self, label: "_StrPromise", help_text: "_StrPromise") -> None:
        super().__init__(
            label=label,
            help_text=help_text,
            max_length=MAX_VALUE_CHARS,
            widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
            error_messages={
                "required": _("Write your e-mail address. The code and the answer go there."),
                "max_length": _("This is too long for an e-mail address."),
                "invalid": _("This does not look like an e-mail address. It should be like name@example.org."),
            },
        )

    def clean(self, value: Any) -> str:
        """Return the address, normalised."""
        try:
            return normalise_email(super().clean(value))
        except FormatError as error:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from error
