"""Why a photo cannot be taken, in a sentence that says which photo and what to do.

A photo is named by its place, never by the name of its file: that can say who is in it.
"""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from demur.docket.errors import FaceProblem, PhotoProblem
from demur.docket.photographs import MAX_PHOTO_BYTES, MAX_PHOTOS

_MEGABYTE = 1_000_000


def photo_words(problem: PhotoProblem, number: int) -> str:
    """Return what is wrong with a photo.

    Args:
        problem: why it was refused.
        number: its place among those that were chosen together, from 1.
    """
    return _sentence(problem) % {"number": number, "most": MAX_PHOTO_BYTES // _MEGABYTE}


def face_words(problem: FaceProblem, number: int) -> str:
    """Return why a face is not looked for by a photo, which is kept all the same.

    Args:
        problem: what came of looking for one.
        number: its place among those that were chosen together, from 1.
    """
    sentences = {
        FaceProblem.NO_FACE: _(
            "We found no face in photo %(number)d. The photo is kept, and nothing of a face. Choose another one that "
            "shows you from the front and in good light, and tick the box again, or go on without."
        ),
        FaceProblem.SEVERAL_FACES: _(
            "Photo %(number)d shows several faces, and we cannot tell which is yours. The photo is kept, and nothing "
            "of a face. Choose another one that shows you alone, and tick the box again, or go on without."
        ),
        FaceProblem.TOO_SMALL: _(
            "The face in photo %(number)d is too small. The photo is kept, and nothing of a face. Choose another one "
            "that was taken closer, and tick the box again, or go on without."
        ),
        FaceProblem.NOT_READ: _(
            "We could not look for a face in photo %(number)d. The photo is kept, and nothing of a face. Choose it or "
            "another one later, and tick the box again, or go on without."
        ),
    }
    return sentences[problem] % {"number": number}


def too_many_words() -> str:
    """Return what to say when more photos were chosen than there is room for."""
    return ngettext(
        "There is room for %(most)d photo in all. Those beyond it were not kept.",
        "There is room for %(most)d photos in all. Those beyond it were not kept.",
        MAX_PHOTOS,
    ) % {"most": MAX_PHOTOS}


def others_not_tried_words(number: int) -> str:
    """Return what to say of the photos after one that could not be opened just now."""
    return _("The photos after photo %(number)d were not opened either. Choose them again.") % {"number": number}


def erased_meanwhile_words() -> str:
    """Return what to say when the draft to which photos were to be added was erased meanwhile."""
    return _(
        "The photos were not kept: this form was erased or sent a moment ago, maybe in another window. What you typed "
        "is still here. Choose the photos again."
    )


def _sentence(problem: PhotoProblem) -> str:
    sentences = {
        PhotoProblem.EMPTY: _("Photo %(number)d is empty. Choose it again, from a place where it can be opened."),
        PhotoProblem.TOO_MANY_BYTES: _(
            "Photo %(number)d is larger than %(most)d MB. Save it as a smaller JPEG, and choose it again."
        ),
        PhotoProblem.TOO_MANY_PIXELS: _(
            "Photo %(number)d has more pixels than we can open. Make it smaller, for example 4,000 by 3,000 pixels, "
            "and choose it again."
        ),
        PhotoProblem.NO_PHOTO: _("Photo %(number)d is not a photo. Choose a file of the kind JPEG, PNG, WebP or HEIC."),
        PhotoProblem.ANOTHER_KIND: _(
            "Photo %(number)d is an image of a kind that we do not open. Save it as JPEG or PNG, or take a screenshot "
            "of it, and choose that."
        ),
        PhotoProblem.BROKEN: _(
            "Photo %(number)d is damaged and cannot be opened to its end. Choose another copy, or take a screenshot of "
            "it, and choose that."
        ),
        PhotoProblem.HIDES_ANOTHER_FILE: _(
            "Photo %(number)d holds another file beside the picture, so we did not open it. Take a screenshot of it, "
            "and choose that."
        ),
        PhotoProblem.NOT_DRAWN: _(
            "We could not open photo %(number)d just now. Choose it again, or save it as a smaller JPEG first."
        ),
        PhotoProblem.TOO_MANY_PHOTOS: _("There was no room for photo %(number)d."),
    }
    return sentences[problem]
