"""The form of an appeal."""

from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from demur.centre.forms.fields import TOO_LONG, TextField, grouped_number
from demur.docket.lodging import MAX_EFFECT_CHARS


class AppealForm(forms.Form):
    """Why somebody does not agree with a decision."""

    text = TextField(
        label=_("Why do you not agree?"),
        help_text=format_lazy(
            "{optional} {room}",
            optional=_("You may leave this empty: the law asks for no reason here."),
            room=format_lazy(_("There is room for {most} characters."), most=grouped_number(MAX_EFFECT_CHARS)),
        ),
        required=False,
        max_length=MAX_EFFECT_CHARS,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"max_length": TOO_LONG},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
