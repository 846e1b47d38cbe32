"""The forms of the code page: the code that confirms an objection, and another address for it."""

import re
import unicodedata
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from demur.centre.forms.fields import EmailField, TextField

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

    email = EmailField(
        _("The right e-mail address"), _("We send a new code to it. All else that you wrote stays as it is.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
