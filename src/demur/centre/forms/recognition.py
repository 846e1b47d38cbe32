"""The fields by which a person is recognised in what is trained on: names, accounts, links."""

import re
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from demur.centre.forms.fields import TOO_LONG, TextField
from demur.core.errors import FormatError
from demur.core.identifier import MAX_VALUE_CHARS, normalise_handle
from demur.docket.errors import LodgingRefusedError
from demur.docket.lodging import MAX_HANDLES, MAX_LINK_CHARS, MAX_LINKS, MAX_NAME_CHARS, clean_links

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

_HANDLES_ROOM_CHARS = MAX_HANDLES * (MAX_VALUE_CHARS + 2)
_LINKS_ROOM_CHARS = MAX_LINKS * (MAX_LINK_CHARS + 2)
_LIST_ATTRS = {"rows": 3, "autocapitalize": "none", "spellcheck": "false"}


class NameField(TextField):
    """A name as others write it."""

    def __init__(
        self,
        label: "str | _StrPromise",
        help_text: "str | _StrPromise" = "",
        *,
        missing: "str | _StrPromise" = "",
        of_writer: bool = False,
    ) -> None:
        super().__init__(
            label=label,
            help_text=help_text,
            required=bool(missing),
            max_length=MAX_NAME_CHARS,
            widget=forms.TextInput(attrs={"autocomplete": "name" if of_writer else "off"}),
            error_messages={"required": missing, "max_length": TOO_LONG},
        )


class HandlesField(TextField):
    """Handles and links to profiles, one on each line; its value has each account once, in the order typed."""

    def __init__(self, label: "str | _StrPromise", help_text: "str | _StrPromise") -> None:
        super().__init__(
            label=label,
            help_text=format_lazy(help_text, most=MAX_HANDLES),
            required=False,
            max_length=_HANDLES_ROOM_CHARS,
            widget=forms.Textarea(attrs=_LIST_ATTRS),
            error_messages={
                "max_length": gettext_lazy("This is too long for a list of accounts. Write one account on each line.")
            },
        )

    def clean(self, value: Any) -> tuple[str, ...]:
        """Return the typed handles and links; empty if there are none."""
        lines = [line.strip() for line in re.split(r"[\n,;]", super().clean(value))]
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


class LinksField(TextField):
    """Web addresses of posts, one on each line; its value has each once, in the order typed."""

    def __init__(self, label: "str | _StrPromise") -> None:
        super().__init__(
            label=label,
            help_text=format_lazy(
                gettext_lazy("The web addresses of the posts, one on each line, up to {most}."), most=MAX_LINKS
            ),
            required=False,
            max_length=_LINKS_ROOM_CHARS,
            widget=forms.Textarea(attrs=_LIST_ATTRS),
            error_messages={
                "max_length": gettext_lazy("This is too long for a list of links. Write one link on each line.")
            },
        )

    def clean(self, value: Any) -> tuple[str, ...]:
        """Return the typed links; empty if there are none. "https://" may be left out."""
        lines = [line.strip() for line in super().clean(value).split("\n")]
        found: dict[str, None] = {}
        for number, line in enumerate(filter(None, lines), start=1):
            found.setdefault(_check_link(line, number))
        if len(found) > MAX_LINKS:
            raise forms.ValidationError(
                ngettext(
                    "There is room for %(most)d link, and you listed %(found)d.",
                    "There is room for %(most)d links, and you listed %(found)d. You can add the others after you have "
                    "typed the code.",
                    MAX_LINKS,
                ),
                code="too_many",
                params={"most": MAX_LINKS, "found": len(found)},
            )
        return tuple(found)


def _check_handle(line: str, number: int) -> str:
    try:
        return normalise_handle(line)
    except FormatError as error:
        raise forms.ValidationError(
            _(
                "Entry %(number)d is not a handle or a link to a profile. A handle has no spaces, like @name. If it is "
                "a name with spaces, it belongs in the field for a name."
            ),
            code="handle",
            params={"number": number},
        ) from error


def _check_link(line: str, number: int) -> str:
    address = line if "://" in line else f"https://{line}"
    try:
        if "." in address:
            return clean_links((address,))[0]
    except LodgingRefusedError:
        pass
    raise forms.ValidationError(
        _("Entry %(number)d is not the web address of a post. Open the post, copy its address, and paste it here."),
        code="link",
        params={"number": number},
    )
