"""The box by which somebody agrees that their face is looked for: of its own, and never ticked by us.

What it is ticked for stands in the page (centre/face_consent.html): the consent is to be explicit, and to exactly that
(GDPR Art. 9(2)(a)). A tick counts for the photos that are sent with it, once: no draft keeps it, and no page shows it
again, so that it is always the person's own.
"""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from demur.centre.forms.photos import PhotosField

FACE_CONSENT = "face_consent"
"""The name of the field."""

_AGREED = "agreed"
_WITHOUT_PHOTO = _(
    "A tick counts for the photos that you choose together with it. Choose the photo, even if it is kept already, and "
    "tick the box again, or leave the box empty: your objection is as good without it."
)


class _NeverTicked(forms.CheckboxInput):
    """A box that comes without a tick, and takes no other word for one than its own."""

    def __init__(self) -> None:
        # Without the attribute some browsers restore a tick when a page is loaded again.
        super().__init__(attrs={"value": _AGREED, "autocomplete": "off"}, check_test=lambda _value: False)

    def value_from_datadict(self, data: Mapping[str, Any], files: Mapping[str, Any], name: str) -> bool:  # noqa: ARG002
        return data.get(name) == _AGREED


class FaceConsentField(forms.BooleanField):
    """Whether the person agrees; never required."""

    widget = _NeverTicked

    def __init__(self) -> None:
        super().__init__(
            required=False,
            label=_(
                "I agree that numbers are computed from my face in the photos that I choose here and compared with "
                "faces in photos meant for training, so that photos of me can be held back, and for nothing else."
            ),
        )


class FaceConsentMixin(forms.Form):
    """A form with photos and, where it is offered, the box.

    Args of the constructor beside Django's: `faces_offered`, whether the box is there; without it nothing that is sent
    under its name counts.
    """

    def __init__(self, *args: Any, faces_offered: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        photos, box = self.fields.get("photos"), self.fields.get(FACE_CONSENT)
        if box is not None and not faces_offered:
            del self.fields[FACE_CONSENT]
        elif box is not None and isinstance(photos, PhotosField):
            photos.with_faces = box.widget.value_from_datadict(self.data, self.files, self.add_prefix(FACE_CONSENT))
            photos.offer_faces()

    def clean(self) -> dict[str, Any]:
        """Say so if there is nothing that a tick could count for."""
        given = super().clean() or self.cleaned_data
        if given.get(FACE_CONSENT) and "photos" not in self.errors and not given.get("photos"):
            self.add_error(FACE_CONSENT, forms.ValidationError(_WITHOUT_PHOTO, code="no-photo"))
        return given
