"""Sentences to tick, for who does not know how to begin. They go into the person's own text, to be changed there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from demur.centre.meaning import Meaning

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True)
class Ground:
    """A sentence that is true for many: `key` is what the form sends for it."""

    key: str
    sentence: "_StrPromise"


GROUNDS: Mapping[Meaning, tuple[Ground, ...]] = {
    Meaning.OWN: (
        Ground(
            "people", _("I shared this with people, years ago. I could not expect that a machine would learn from it.")
        ),
        Ground("children", _("My posts show my children.")),
        Ground("work", _("My pictures and texts are my work, and I live from them.")),
        Ground("sensitive", _("I wrote about my health, my faith or my politics.")),
        Ground("forever", _("What a model has learnt about me cannot be taken back.")),
    ),
    Meaning.OTHERS: (
        Ground("never", _("I never agreed to be on this platform, and others show me there.")),
        Ground("found", _("What others write about me can harm me at work or at home.")),
        Ground("sensitive", _("Posts by others tell about my health, my faith or my politics.")),
        Ground("likeness", _("I do not want a machine to be able to draw my face or to sound like me.")),
        Ground("forever", _("What a model has learnt about me cannot be taken back.")),
    ),
    Meaning.CHILD: (
        Ground("consent", _("My child is too young to agree to this.")),
        Ground("likeness", _("I do not want a machine to be able to draw my child's face.")),
        Ground("posted", _("Others posted pictures of my child without asking.")),
        Ground("forever", _("What a model has learnt about my child cannot be taken back, for a whole life.")),
    ),
    Meaning.AGENT: (
        Ground("never", _("The person never agreed to this use.")),
        Ground("sensitive", _("The posts tell about the person's health, faith or politics.")),
        Ground(
            "likeness", _("The person does not want a machine to be able to draw their face or to sound like them.")
        ),
        Ground("forever", _("What a model has learnt about the person cannot be taken back.")),
    ),
}


def add_grounds(text: str, meaning: Meaning, ticked: Iterable[str]) -> str:
    """Return a text with the ticked sentences at its end, each on a line of its own and none twice."""
    wanted = set(ticked)
    sentences = [str(ground.sentence) for ground in GROUNDS[meaning] if ground.key in wanted]
    lines = [text.rstrip(), *(sentence for sentence in sentences if sentence not in text)]
    return "\n".join(filter(None, lines))
