"""The data-mining property of PLUS and IPTC in XMP: what its values mean, and the one that is written.

Sources: PLUS License Data Format 2.0.1, vocabulary DMI; IPTC Photo Metadata Standard 2023.1, "Data Mining".
"""

from demur.reservations.preference import NOTHING_SAID, Preference, Word, combine
from demur.reservations.xmp_packet import Name, Packet

NAMESPACE = "http://ns.useplus.org/ldf/xmp/1.0/"
DATA_MINING: Name = (NAMESPACE, "DataMining")
VOCABULARY = "http://ns.useplus.org/ldf/vocab/"
NO_TRAINING = VOCABULARY + "DMI-PROHIBITED-AIMLTRAINING"

_DENY = Preference(Word.DENY, Word.DENY)
_SEE_ELSEWHERE = Preference(Word.DENY, Word.DENY, frozenset({"conditional"}))
_MEANINGS = {
    "DMI-UNSPECIFIED": NOTHING_SAID,
    "DMI-ALLOWED": Preference(Word.ALLOW, Word.ALLOW),
    "DMI-PROHIBITED": _DENY,
    "DMI-PROHIBITED-AIMLTRAINING": _DENY,
    "DMI-PROHIBITED-GENAIMLTRAINING": Preference(genai=Word.DENY),
    "DMI-PROHIBITED-EXCEPTSEARCHENGINEINDEXING": _DENY,
    "DMI-PROHIBITED-SEECONSTRAINT": _SEE_ELSEWHERE,
    "DMI-PROHIBITED-SEEEMBEDDEDRIGHTSEXPR": _SEE_ELSEWHERE,
    "DMI-PROHIBITED-SEELINKEDRIGHTSEXPR": _SEE_ELSEWHERE,
}
_STRICTER = ("DMI-PROHIBITED", "DMI-PROHIBITED-EXCEPTSEARCHENGINEINDEXING")
_LABELS = (
    ("PROHIBITED FOR GENERATIVE", "DMI-PROHIBITED-GENAIMLTRAINING"),
    ("PROHIBITED FOR AI", "DMI-PROHIBITED-AIMLTRAINING"),
    ("PROHIBITED EXCEPT", "DMI-PROHIBITED-EXCEPTSEARCHENGINEINDEXING"),
    ("PROHIBITED, SEE", "DMI-PROHIBITED-SEECONSTRAINT"),
    ("PROHIBITED", "DMI-PROHIBITED"),
    ("ALLOWED", "DMI-ALLOWED"),
    ("UNSPECIFIED", "DMI-UNSPECIFIED"),
)
"""How ExifTool shows the values; some programs write them so."""


def read_value(text: str) -> Preference:
    """Return what one value says, also when its address is spelled otherwise or missing.

    An unknown prohibition is a no, any other unknown value says nothing.
    """
    code = _code(text)
    meaning = _MEANINGS.get(code)
    if meaning is None:
        said = _DENY if code.startswith("DMI-PROHIBITED") else NOTHING_SAID
        return Preference(said.train, said.genai, frozenset({"unknown_code"}))
    flags = meaning.flags if text == VOCABULARY + code else meaning.flags | {"noncanonical"}
    return Preference(meaning.train, meaning.genai, flags)


def read_plus(packet: Packet) -> Preference:
    """Return what a packet's data-mining properties say together: the strictest.

    A no may stand anywhere, also on something that the photo was made from; a yes only on the photo itself.
    """
    said = []
    for each in packet.properties:
        if each.name == DATA_MINING:
            read = combine(read_value(value) for value in each.values)
            said.append(read if each.is_of_file or Word.DENY in (read.train, read.genai) else NOTHING_SAID)
    return combine(said)


def is_reserved(packet: Packet) -> bool:
    """Tell whether the photo itself already says no to all training, and without reference to something else."""
    own = [each for each in packet.properties if each.name == DATA_MINING and each.is_of_file]
    values = [value for each in own for value in each.values]
    return len(own) == 1 and bool(values) and all(read_value(value) == _DENY for value in values)


def value_to_write(packet: Packet) -> str:
    """Return the value that says no to training; one that says no to more is kept, spelled as it should be."""
    own = [each for each in packet.properties if each.name == DATA_MINING and each.is_of_file]
    codes = {_code(value) for each in own for value in each.values}
    return next((VOCABULARY + code for code in _STRICTER if code in codes), NO_TRAINING)


def _code(text: str) -> str:
    label = text.strip().upper()
    if "DMI-" in label:
        return label.rpartition("/")[2]
    return next((code for begin, code in _LABELS if label.startswith(begin)), label)
