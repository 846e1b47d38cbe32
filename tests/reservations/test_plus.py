"""What the values of the data-mining property mean, as they are met."""

import pytest
from made_photos import xmp

from demur.reservations.plus import (
    DATA_MINING,
    NAMESPACE,
    NO_TRAINING,
    VOCABULARY,
    is_reserved,
    read_plus,
    read_value,
    value_to_write,
)
from demur.reservations.preference import Preference, Word
from demur.reservations.xmp_packet import parse_packet

DENY, ALLOW, UNKNOWN = Word.DENY, Word.ALLOW, Word.UNKNOWN


@pytest.mark.parametrize(
    ("text", "train", "genai", "flags"),
    [
        (NO_TRAINING, DENY, DENY, ()),
        ("https://ns.useplus.org/ldf/vocab/dmi-prohibited", DENY, DENY, ("noncanonical",)),
        ("Prohibited, see Other Constraints property", DENY, DENY, ("conditional", "noncanonical")),
        ("Prohibited except for search engine indexing", DENY, DENY, ("noncanonical",)),
        ("Prohibited for AI/ML training", DENY, DENY, ("noncanonical",)),
        ("Allowed", ALLOW, ALLOW, ("noncanonical",)),
        ("Unspecified - no prohibition defined", UNKNOWN, UNKNOWN, ("noncanonical",)),
        (VOCABULARY + "DMI-SOMETHINGNEW", UNKNOWN, UNKNOWN, ("unknown_code",)),
        (VOCABULARY + "DMI-PROHIBITED-SOMETHINGNEW", DENY, DENY, ("unknown_code",)),
        ("maybe", UNKNOWN, UNKNOWN, ("unknown_code",)),
    ],
)
def test_value_is_read(text: str, train: Word, genai: Word, flags: tuple[str, ...]) -> None:
    assert read_value(text) == Preference(train, genai, frozenset(flags))


def test_property_without_a_value_says_nothing() -> None:
    packet = parse_packet(xmp(f'<p:DataMining xmlns:p="{NAMESPACE}"/>'), lambda name: name == DATA_MINING)
    assert read_plus(packet) == Preference()
    assert not is_reserved(packet)


def test_other_properties_say_nothing() -> None:
    assert read_plus(parse_packet(xmp(), lambda _name: True)) == Preference()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("DMI-PROHIBITED", VOCABULARY + "DMI-PROHIBITED"),
        ("Prohibited except for search engine indexing", VOCABULARY + "DMI-PROHIBITED-EXCEPTSEARCHENGINEINDEXING"),
        (VOCABULARY + "DMI-PROHIBITED-GENAIMLTRAINING", NO_TRAINING),
        (VOCABULARY + "DMI-PROHIBITED-SEECONSTRAINT", NO_TRAINING),
        (VOCABULARY + "DMI-ALLOWED", NO_TRAINING),
    ],
)
def test_no_to_more_than_training_is_never_weakened(before: str, after: str) -> None:
    raw = xmp(f'<p:DataMining xmlns:p="{NAMESPACE}">{before}</p:DataMining>')
    packet = parse_packet(raw, lambda name: name == DATA_MINING)
    assert not is_reserved(packet)
    assert value_to_write(packet) == after
