"""The forms of the code page: the code that confirms an objection, and another address for it."""

import re
import unicodedata
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from demur.centre.forms.fields import TextField
from demur.core.errors import FormatError
from demur.core.identifier import MAX_VALUE_CHARS, normalise_email

_CODE = re.compile(r"[0-9]{6}\Z")
_CODE_SEPARATORS = re.compile(r"[\s\u00ad\u200b.\-\u2010-\u2015]+")


class CodeForm(forms.Form):
    """The six digits from the mail. Spaces and hyphens between them do not matter."""

    code = TextField(
        label=_("Six-digit code"),
        max_length=40,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "inputmode": "numeric",
                "class": "code",
                "spellcheck": "false",
            }
        ),
        error_messages={
            "required": _("Type the six digits from the mail."),
            "max_length": _("The code has six digits and nothing else. No try was used up."),
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)

    def clean_code(self) -> str:
        """Return six ASCII digits; anything else is refused here, before it could cost a try."""
        folded = unicodedata.normalize("NFKC", self.cleaned_data["code"])
        digits = _CODE_SEPARATORS.sub("", folded)
        if not _CODE.match(digits):
            raise forms.ValidationError(
                _("The code has six digits and nothing else. No try was used up."), code="shape"
            )
        return digits


class AddressForm(forms.Form):
    """The right address, instead of one that was mistyped. What is stored is never filled in."""

    email = TextField(
        label=_("The right e-mail address"),
        help_text=_("We send a new code to it. All else that you wrote stays as it is."),
        max_length=MAX_VALUE_CHARS,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
        error_messages={
            "required": _("Write your e-mail address. The code and the answer go there."),
            "max_length": _("This is too long for an e-mail address."),
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)

    def clean_email(self) -> str:
        """Return the address as it is compared everywhere."""
        try:
            return normalise_email(self.cleaned_data["email"])
        except FormatError as error:
            raise forms.ValidationError(
                _("This does not look like an e-mail address. It should be like name@example.org."), code="invalid"
            ) from error
