"""The form of an objection.

Promises to whoever fills it in: no rule that the page does not state beforehand, nothing typed is lost by an error,
every error says what to do next, and no error repeats what was typed.
"""

import re
from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from demur.centre.country import country_choices
from demur.centre.forms.fields import TOO_LONG, TextField
from demur.core.errors import FormatError
from demur.core.identifier import MAX_VALUE_CHARS, normalise_email, normalise_handle
from demur.docket.lodging import MAX_EFFECT_CHARS, MAX_HANDLES, MAX_NAME_CHARS

_HANDLES_ROOM_CHARS = MAX_HANDLES * (MAX_VALUE_CHARS + 2)


class ObjectionForm(forms.Form):
    """What somebody must say to object: two answers, and two more that only help.

    Args of the constructor beside Django's: `accept_language`, the browser's header of that name, which only moves
    likely countries to the top of the list.
    """

    country = forms.ChoiceField(
        label=_("Country where you live"),
        help_text=_("It decides which law applies and which authority you can turn to."),
        error_messages={
            "required": _("Choose the country where you live."),
            "invalid_choice": _("Choose a country from the list."),
        },
    )
    email = TextField(
        label=_("E-mail address"),
        help_text=_(
            "We send a six-digit code to it, and later the answer. If you have an account, the address of the account "
            "is best."
        ),
        max_length=MAX_VALUE_CHARS,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
        error_messages={
            "required": _("Write your e-mail address. The code and the answer go there."),
            "max_length": _("This is too long for an e-mail address."),
        },
    )
    handles = TextField(
        label=_("Your accounts"),
        help_text=format_lazy(
            _(
                "Handles or links to your profiles, one on each line, up to {most}. One is enough if your accounts "
                "are linked. Leave this empty if you have no account."
            ),
            most=MAX_HANDLES,
        ),
        required=False,
        max_length=_HANDLES_ROOM_CHARS,
        widget=forms.Textarea(attrs={"rows": 3, "autocapitalize": "none", "spellcheck": "false"}),
        error_messages={"max_length": _("This is too long for a list of accounts. Write one account on each line.")},
    )
    name = TextField(
        label=_("Your name"),
        help_text=_(
            "Only if you have no account: the name under which others mention you. A person at our side looks at it, "
            "because many people can have the same name."
        ),
        required=False,
        max_length=MAX_NAME_CHARS,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"max_length": TOO_LONG},
    )
    effect = TextField(
        label=_("Tell us how this processing affects you"),
        help_text=format_lazy(
            _(
                "You may leave this empty: your objection counts all the same. There is no shortest length, and there "
                "is room for {most} characters. If you write, what is particular to you helps most."
            ),
            most=f"{MAX_EFFECT_CHARS:,}",
        ),
        required=False,
        max_length=MAX_EFFECT_CHARS,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"max_length": TOO_LONG},
    )

    def __init__(self, *args: Any, accept_language: str = "", **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        country = self.fields["country"]
        if isinstance(country, forms.ChoiceField):
            country.choices = country_choices(accept_language)
        country.widget.attrs["autocomplete"] = "country"

    def clean_email(self) -> str:
        """Return the address as it is compared everywhere."""
        try:
            return normalise_email(self.cleaned_data["email"])
        except FormatError as error:
            raise forms.ValidationError(
                _("This does not look like an e-mail address. It should be like name@example.org."), code="invalid"
            ) from error

    def clean_handles(self) -> tuple[str, ...]:
        """Return the typed handles and links, each account once, in the order typed; empty if there are none."""
        lines = [line.strip() for line in re.split(r"[\n,;]", self.cleaned_data["handles"])]
        typed: dict[str, str] = {}
        for number, line in enumerate(filter(None, lines), start=1):
            typed.setdefault(_check_handle(line, number), line)
        if len(typed) > MAX_HANDLES:
            raise forms.ValidationError(
                ngettext(
                    "There is room for %(most)d account, and you listed %(found)d.",
                    "There is room for %(most)d accounts, and you listed %(found)d. Send a second objection for the "
                    "others.",
                    MAX_HANDLES,
                ),
                code="too_many",
                params={"most": MAX_HANDLES, "found": len(typed)},
            )
        return tuple(typed.values())


def _check_handle(line: str, number: int) -> str:
    try:
        return normalise_handle(line)
    except FormatError as error:
        raise forms.ValidationError(
            _(
                "Entry %(number)d is not a handle or a link to a profile. A handle has no spaces, like @name. If it is "
                "your own name, write it in the field for your name instead."
            ),
            code="handle",
            params={"number": number},
        ) from error
