"""Each reason in a sentence, for people who read a report or ask about one row."""

from collections.abc import Mapping
from typing import Final

REASON_WORDS: Final[Mapping[str, str]] = {
    "private-message": "It is a private message, and those never train.",
    "not-public": "Not everybody may see it, and the catalogue does not say that it may train.",
    "not-in-catalogue": "The controller's catalogue does not say that data of this kind, product and audience train.",
    "minor": "Its author is a minor.",
    "author-objected": "Its author has objected.",
    "tagged-person-objected": "Somebody who is tagged has objected.",
    "mentioned-person-objected": "Somebody whom its text mentions has objected.",
    "unknown-kind": "Its kind is missing, or not in the source mapping.",
    "audience-missing": "It does not say who may see it.",
    "minority-unknown": "It does not say whether its author is a minor.",
    "author-missing": "It does not say who its author is.",
    "author-unreadable": "Its author is written in a way that no list could name.",
    "tagged-unreadable": "Who is tagged is missing, or written in a way that no list could name.",
    "photo-objected": "It holds a copy of a photo that somebody objected with.",
    "face-objected": "Somebody in it looks like a person who objected: a person has to look at it.",
    "reserved-in-file": "The file of its picture says that it must not train.",
    "photo-unreadable": "Its picture cannot be read, and could be a copy of one that somebody objected with.",
    "reservation-undecided": "What the file of its picture says about training cannot be read to its end.",
    "reserved-by-source": "The site or the page that it is from says that it must not train.",
    "source-undecided": "What its site or page says about training was not captured, or cannot be read to its end.",
    "text-unreadable": "Its text cannot be read, and could mention somebody who has objected.",
}


def reason_words(code: str) -> str:
    """Return the sentence of a reason; of one that another version brought, that it is not known here."""
    return REASON_WORDS.get(code, "A reason that this version does not know.")
