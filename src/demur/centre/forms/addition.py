"""The form by which a person adds to an objection."""

from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from demur.centre.forms.faces import FaceConsentField, FaceConsentMixin
from demur.centre.forms.fields import TOO_LONG, TextField, grouped_number
from demur.centre.forms.photos import PhotosField
from demur.centre.forms.recognition import HandlesField, LinksField
from demur.core.objection import Capacity
from demur.docket.lodging import MAX_EFFECT_CHARS
from demur.docket.photographs import CleanPhoto

_FOR_SOMEBODY_ELSE = frozenset({Capacity.PARENT_OR_GUARDIAN, Capacity.AUTHORISED_AGENT})


class AdditionForm(FaceConsentMixin):
    """More words, accounts, links or photos; a mandate where somebody acts for somebody else.

    Args of the constructor beside Django's: `capacity`, of the case; `faces_offered`, as in the mixin.
    """

    text = TextField(
        label=_("What do you want to add?"),
        help_text=format_lazy(_("There is room for {most} characters."), most=grouped_number(MAX_EFFECT_CHARS)),
        required=False,
        max_length=MAX_EFFECT_CHARS,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"max_length": TOO_LONG},
    )
    handles = HandlesField(_("More accounts"), _("Handles or links to profiles, one on each line, up to {most}."))
    links = LinksField(_("Links to posts by others"))
    photos = PhotosField(label=_("Photos that show the person whom this is about"))
    face_consent = FaceConsentField()
    mandate = PhotosField(
        label=_("The paper that lets you act for somebody else, as a photo"),
        help_text=_("It is kept in the same way as the other photos."),
    )

    def __init__(self, *args: Any, capacity: Capacity, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        if capacity not in _FOR_SOMEBODY_ELSE:
            del self.fields["mandate"]

    def clean(self) -> dict[str, Any]:
        """Refuse a form in which nothing stands."""
        given = super().clean() or self.cleaned_data
        if not self.errors and not any(given.values()):
            raise forms.ValidationError(_("Fill in at least one field, or go back: nothing has changed."), code="empty")
        return given

    def taken_photos(self) -> dict[str, tuple[CleanPhoto, ...]]:
        """Return the photos that can be kept, by field, even where the form has errors elsewhere."""
        return {name: field.taken for name, field in self.fields.items() if isinstance(field, PhotosField)}
