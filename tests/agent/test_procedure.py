import pytest

from demur.agent.errors import DirectoryError
from demur.agent.procedure import find_procedures, load_directory, parse_directory

WHOLE = """
platforms:
- {id: a, product: Photos, controller: {name: Example}, channel: web-form, entry_url: null, steps: [open it],
   eligible: {regions: [EU]}, effect: none, status: reported-current, source_date: '2025-05', confidence: high,
   sources: [a page]}
"""


def test_every_procedure_that_ships_is_whole() -> None:
    procedures = load_directory()
    assert len(procedures) == 40
    assert all(procedure.sources for procedure in procedures)


def test_a_platform_is_found_by_its_words_with_the_newest_first() -> None:
    found = find_procedures(load_directory(), "instagram META")
    assert len(found) >= 2
    assert not found[0].is_superseded
    assert [p.is_superseded for p in found] == sorted(p.is_superseded for p in found)


def test_an_unknown_platform_is_not_found() -> None:
    assert find_procedures(load_directory(), "no such platform") == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("effect: none, ", ""),
        ("confidence: high", "confidence: certain"),
        ("sources: [a page]", "sources: []"),
        ("{name: Example}", "null"),
        ("platforms:", "others:"),
        ("platforms:", "platforms: ["),
    ],
)
def test_an_entry_that_is_not_whole_is_refused(old: str, new: str) -> None:
    with pytest.raises(DirectoryError):
        parse_directory(WHOLE.replace(old, new))


def test_two_entries_with_one_id_are_refused() -> None:
    entry = WHOLE.split("platforms:\n", 1)[1]
    with pytest.raises(DirectoryError, match="same id"):
        parse_directory(f"platforms:\n{entry}{entry}".replace("\n\n", "\n"))
    assert [procedure.product for procedure in parse_directory(WHOLE)] == ["Photos"]
