"""What a person means by objecting: the first question of the way without sign-in, in words that need no law."""

from enum import StrEnum

from demur.core.objection import Capacity


class Meaning(StrEnum):
    """The four answers; each has a form of its own at an address that ends with it."""

    OWN = "own"
    OTHERS = "others"
    CHILD = "child"
    AGENT = "agent"

    @property
    def capacity(self) -> Capacity:
        """In which capacity somebody objects who gives this answer."""
        return _CAPACITIES[self]


_CAPACITIES = {
    Meaning.OWN: Capacity.ACCOUNT_HOLDER,
    Meaning.OTHERS: Capacity.NO_ACCOUNT,
    Meaning.CHILD: Capacity.PARENT_OR_GUARDIAN,
    Meaning.AGENT: Capacity.AUTHORISED_AGENT,
}


class MeaningConverter:
    """The last part of a form's address."""

    regex = "|".join(Meaning)

    def to_python(self, value: str) -> Meaning:
        """Return the meaning that an address names."""
        return Meaning(value)

    def to_url(self, value: Meaning) -> str:
        """Return a meaning as it stands in an address."""
        return str(value)
