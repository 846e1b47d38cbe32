"""Which sending of a form this is, so that a second press of its button makes no second objection.

Every page has a token of its own against cross-site posting, which nobody else can guess. Together with all that was
filled in it names one sending: whoever goes back, changes something and sends again means another.
"""

import hashlib
import json

from demur.centre.form_visit import PHOTO_PURPOSES, FormVisit
from demur.centre.forms.objection import ObjectionForm
from demur.centre.proof import PROOF_FIELD

_TOKEN = "csrfmiddlewaretoken"  # noqa: S105  (the name of Django's field)


def name_sending(visit: FormVisit, form: ObjectionForm) -> str:
    """Return the name of the sending of a form that was checked; empty if the page had no token."""
    post = visit.request.POST
    if not post.get(_TOKEN):
        return ""
    # The answer to the challenge may be there only at the second press, and says nothing of the objection.
    typed = sorted((name, values) for name, values in post.lists() if name != PROOF_FIELD)
    photos = [photo.jpeg for name in PHOTO_PURPOSES for photo in form.cleaned_data.get(name, ())]
    digests = [hashlib.sha256(jpeg).hexdigest() for jpeg in photos]
    whole = json.dumps([visit.meaning, visit.accounts_key, typed, digests])
    return hashlib.sha256(whole.encode()).hexdigest()
