"""The field for photos: several files, each drawn anew while the form is checked."""

from typing import Any, BinaryIO

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from demur.centre.photo_words import face_words, others_not_tried_words, photo_words, too_many_words
from demur.docket.errors import PhotoProblem, PhotoRefusedError
from demur.docket.photographs import MAX_PHOTO_BYTES, MAX_PHOTOS, CleanPhoto, clean_photo

ACCEPT = "image/jpeg,image/png,image/webp,image/heic,image/heif,.jpg,.jpeg,.png,.webp,.heic,.heif"
"""What a browser offers to choose from. Only a help for the person: nothing here trusts it."""

PHOTOS_HELP = format_lazy(
    _(
        "JPEG, PNG, WebP or HEIC, up to {most} photos of {megabytes} MB each. We keep the picture itself, made "
        "smaller; place, time and all else that the file says is thrown away at once. It is sealed, only people who "
        "deal with your objection can look at it, and it is erased when your objection ends or, if it is upheld, when "
        "the time to appeal is over. We also make numbers of it by which copies of it are recognised; these are kept "
        "until your objection ends."
    ),
    most=MAX_PHOTOS,
    megabytes=MAX_PHOTO_BYTES // 1_000_000,
)
"""What is stored, and for how long: said where photos are chosen."""

_NO_FACES = _("We do not look for faces.")


class PhotosInput(forms.FileInput):
    """An input for several files."""

    allow_multiple_selected = True

    def __init__(self) -> None:
        super().__init__(attrs={"accept": ACCEPT})


class PhotosField(forms.Field):
    """Photos, none to ten of them.

    Attributes:
        taken: after the check, the photos that can be kept, even if others are refused: so a photo that is broken does
            not cost the person those that are not, and the view puts them into the draft in any case.
        with_faces: whether the person agreed that a face is looked for in the photos that are checked now.
    """

    widget = PhotosInput
    taken: tuple[CleanPhoto, ...] = ()
    with_faces: bool = False

    def __init__(self, **options: Any) -> None:
        options.setdefault("required", False)
        options.setdefault("help_text", format_lazy("{} {}", PHOTOS_HELP, _NO_FACES))
        super().__init__(**options)

    def offer_faces(self) -> None:
        """No longer say that faces are not looked for, where the box beside the photos says when they are."""
        self.help_text = PHOTOS_HELP

    def clean(self, value: Any) -> tuple[CleanPhoto, ...]:
        """Return the photos, drawn anew.

        Raises:
            ValidationError: a sentence for each photo that cannot be taken, and for each that shows no one face though
                one is to be looked for; that one, and all that can be taken, are in `taken`.
        """
        files: list[BinaryIO] = value or []
        problems = [too_many_words()] if len(files) > MAX_PHOTOS else []
        taken: list[CleanPhoto] = []
        for number, file in enumerate(files[:MAX_PHOTOS], 1):
            try:
                photo = clean_photo(file, with_face=self.with_faces)
            except PhotoRefusedError as error:
                problems.append(photo_words(error.problem, number))
                if error.problem is PhotoProblem.NOT_DRAWN and number < len(files):
                    problems.append(others_not_tried_words(number))
                    break  # too much is going on, or somebody sends what takes too long: no thread waits ten times
            else:
                taken.append(photo)
                if photo.face is not None and photo.face.problem is not None:
                    problems.append(face_words(photo.face.problem, number))
        self.taken = tuple(taken)
        if problems:
            raise forms.ValidationError(problems, code="photos")
        self.validate(self.taken)
        return self.taken
