"""Mentions in texts: a labelled set, and that the compiled pass proposes all that plain Python takes for one."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
import yaml
from gate_world import MAPPING, batch_of, entry, list_of, mapping, row
from hypothesis import given, settings
from hypothesis import strategies as st

from demur.core.identifier import IdentifierKind
from demur.gate.decision import decide
from demur.gate.entry_counts import EntryCounter, entry_rows_batch
from demur.gate.mentions import exact, mention_index, normal_form, scan, sequences, token_table, tokens
from demur.gate.mentions.exact import is_mention
from demur.gate.mentions.mention_index import MENTIONED_KINDS, MentionIndex
from demur.gate.mentions.normal_form import fold_each, fold_table
from demur.gate.mentions.token_table import LINK_WORDS, empty_table

SET = yaml.safe_load(Path(__file__).with_name("mentions.yaml").read_text())
PAGE = Path(__file__).parents[2] / "docs" / "data-engineer" / "mentions.md"
PEOPLE = {IdentifierKind(kind): values for kind, values in SET["people"].items()}
SPELLED = [(kind, value) for kind, values in PEOPLE.items() for value in values]


def index_of(*people: tuple[IdentifierKind, str], mask: int = (1 << 64) - 1, look_alikes: bool = False) -> MentionIndex:
    suppressions = list_of(others=[entry(value, kind) for kind, value in people])
    return MentionIndex(suppressions, look_alikes=look_alikes, mask=mask)


EVERYBODY = index_of(*SPELLED)
WITH_LOOK_ALIKES = index_of(*SPELLED, look_alikes=True)
COLLIDING = index_of(*SPELLED, mask=0x1E)


def found(texts: list[str | None], index: MentionIndex = EVERYBODY) -> list[bool]:
    answers: list[bool] = index.contains(pa.array(texts, pa.string())).tolist()
    return answers


def sentences(forms: dict[str, list[str]]) -> list[str]:
    return [
        carrier.format(form)
        for language, carriers in SET["carriers"].items()
        for form in [*forms.get("all", []), *forms.get(language, [])]
        for carrier in carriers
    ]


@pytest.mark.parametrize("kind", SET["mentions"])
def test_every_written_form_is_found_in_every_language(kind: str) -> None:
    texts = sentences(SET["mentions"][kind])
    assert [text for text, is_found in zip(texts, found(texts), strict=True) if not is_found] == []


@pytest.mark.parametrize("kind", SET["misses"])
def test_what_the_page_says_is_not_caught_is_not(kind: str) -> None:
    texts = sentences(SET["misses"][kind])
    assert [text for text, is_found in zip(texts, found(texts), strict=True) if is_found] == []


def test_no_stranger_is_taken_for_somebody_on_the_list() -> None:
    texts = sentences(SET["strangers"])
    assert [text for text, is_found in zip(texts, found(texts), strict=True) if is_found] == []


@pytest.mark.parametrize("kind", SET["alarms"])
def test_what_the_page_says_is_caught_in_error_is(kind: str) -> None:
    assert all(found(sentences(SET["alarms"][kind])))


def test_the_page_gives_the_figures_of_the_labelled_set() -> None:
    strangers = len(sentences(SET["strangers"]))
    lines = []
    for kind in SET["mentions"]:
        hits, missed = len(sentences(SET["mentions"][kind])), len(sentences(SET["misses"][kind]))
        alarms = len(sentences(SET["alarms"].get(kind, {})))
        lines.append(f"| {kind} | {hits + missed} | {hits / (hits + missed):.0%} | {hits / (hits + alarms):.0%} |")
    print("\n".join([*lines, f"{strangers} sentences about strangers"]))
    page = PAGE.read_text()
    assert [line for line in lines if line not in page] == []
    assert f"{strangers} sentences" in page


PIECES = st.sampled_from(
    [
        *(value for _, value in SPELLED),
        *(
            "Maria",
            "Silva",
            "silva",
            ", ",
            ",",
            " ",
            " ",
            "-",
            ".",
            "@",
            " at ",
            "(at)",
            " dot ",
            "ada",
            "_77",
            "noor",
            "é",
            "山",
            "太郎",
        ),
        *(
            "สม",
            "ใจดี",
            "و",
            "مريم",
            "+",
            "00",
            "351",
            "912",
            "345678",
            "(0)",
            "20",
            "7946 0018",
            "u/",
            "lumen.example/",
            "\u200b",
            "\u0301",
            "💕",
        ),
        *("mail", "post", "example", "'s", "x", "0", "\n", "…", "\u2019"),
    ],
)
TEXTS = st.lists(PIECES, max_size=14).map("".join)


def folded(text: str) -> str:
    return "".join(fold_each(text))


@settings(max_examples=300, deadline=None)
@given(texts=st.lists(TEXTS, min_size=1, max_size=5))
def test_all_that_plain_python_takes_for_a_mention_is_proposed_and_nothing_else(texts: list[str]) -> None:
    words = [(kind, value) for kind, value in SPELLED if kind is not IdentifierKind.PHONE]
    for text in texts:
        for kind, value in words:
            is_there = is_mention(kind, folded(value), folded(text), 0, 0)
            if kind is IdentifierKind.NAME and not is_there:
                glued = folded(value).replace("-", "").replace("'", "")
                is_there = glued != folded(value) and is_mention(kind, glued, folded(text), 0, 0)
            assert (found([text], ALONE[kind, value]) == [True]) == is_there, (kind, value, text)
    assert found(list(texts), COLLIDING) == found(list(texts))


ALONE = {person: index_of(person) for person in SPELLED}


@settings(max_examples=200, deadline=None)
@given(
    person=st.sampled_from(SPELLED),
    before=st.text(max_size=40),
    after=st.text(max_size=40),
    gap=st.sampled_from([" ", "\n", "! ", " (", "、 ", " — "]),
)
def test_whoever_is_named_between_spaces_is_found_in_any_text(
    person: tuple[IdentifierKind, str], before: str, after: str, gap: str
) -> None:
    kind, value = person
    named = f"@{value}" if kind is IdentifierKind.HANDLE else value
    marks = "".join(sign for sign in after if sign.isascii())  # a mark after the gap would join it to the name
    text = f"{before}{gap}{named}; {marks}"
    assert found([text]) == [True]
    assert found([text], COLLIDING) == [True]


@pytest.fixture
def uncompiled(uncompile: Callable[..., None]) -> None:
    uncompile(tokens, sequences, scan, normal_form, token_table, mention_index, exact)


def test_the_loops_are_as_right_before_they_are_compiled(request: pytest.FixtureRequest) -> None:
    texts = [text for kind in SET["mentions"] for text in sentences(SET["mentions"][kind])[::9]]
    texts.append("قال ومريم حسن")
    strangers = ["", "an Ada", "+1 2", "0035191234567 8901234567890", "\U000e0041\U0001f495\U0002ebe0\U0010fffd"]
    expected = found(texts + strangers)
    assert expected == [True] * len(texts) + [False] * len(strangers)
    request.getfixturevalue("uncompiled")
    assert found(texts + strangers, index_of(*SPELLED)) == expected
    assert found(texts + strangers, index_of(*SPELLED, mask=0x1E)) == expected


@pytest.mark.usefixtures("uncompiled")
def test_many_people_link_words_and_torn_texts_are_as_right_before_the_loops_are_compiled() -> None:
    people = [(IdentifierKind.NAME, f"Person Number{number}") for number in range(9_000)]
    people += [(IdentifierKind.PHONE, f"+3519{number:08}") for number in range(8_300)]
    index = index_of((IdentifierKind.HANDLE, "dot"), (IdentifierKind.NAME, "Dot Point"), *people)
    many = "".join(f"Number{number}, Person / " for number in range(100))
    texts = ["@dot", "dot", "see Dot Point", "Number8999, Person", "Person Number9000", many, "+3519 0000 8299"]
    assert found(texts, index) == [True, False, True, True, False, True, True]
    torn = [b"@dot \xff", b"\xc3", b"\xed\xa0\x80", b"\xe0\x80\x80", b"\xf5", b"\xc3\x29", "Å".encode()]
    column = pa.array(torn).view(pa.string())
    assert mention_index.find_readable_texts(column).tolist() == [False] * 6 + [True]
    assert index.contains(column).tolist() == [True] + [False] * 6


def test_letters_that_look_like_others_count_as_these_only_where_that_is_asked_for() -> None:
    assert not any(found(SET["disguised"]))
    assert all(found(SET["disguised"], WITH_LOOK_ALIKES))
    texts = sentences(SET["strangers"])
    assert not any(found(texts, WITH_LOOK_ALIKES))


@settings(max_examples=200, deadline=None)
@given(texts=st.lists(TEXTS, min_size=1, max_size=5))
def test_whoever_is_found_without_look_alikes_is_found_with_them(texts: list[str]) -> None:
    both = zip(found(list(texts)), found(list(texts), WITH_LOOK_ALIKES), strict=True)
    assert all(with_them for without, with_them in both if without)


def test_a_mapping_that_asks_for_look_alikes_withholds_by_them() -> None:
    suppressions = list_of(others=[entry("Maria Silva", IdentifierKind.NAME)])
    batch = batch_of(row(text="with Maria Silva"), row(text=SET["disguised"][0]), row(text="with nobody"))
    asked = mapping(MAPPING.replace("text: text", "text: {column: text, look_alikes: true}"))
    assert decide(batch, mapping(), suppressions).kept_mask.tolist() == [False, True, True]
    assert decide(batch, asked, suppressions).kept_mask.tolist() == [False, False, True]
    assert decide(batch, mapping(), suppressions).kept_mask.tolist() == [False, True, True]


def test_entries_are_counted_once_for_each_row_and_equal_values_share() -> None:
    twice = [entry("Maria Silva", IdentifierKind.NAME), entry("noor", IdentifierKind.HANDLE)]
    suppressions = list_of(others=twice)
    texts = ["Maria Silva and Silva, Maria", "@noor with Maria Silva", None, "nobody", "été @noor"]
    batch = batch_of(*(row(text=text) for text in texts))
    counter = EntryCounter(mapping(), suppressions)
    counter.add(batch, decide(batch, mapping(), suppressions), "a batch")
    by_entry = entry_rows_batch(counter.result(), suppressions)
    counted = dict(zip(*(by_entry[name].to_pylist() for name in ("entry_id", "rows")), strict=True))
    assert counted == {twice[0].entry_id: 2, twice[1].entry_id: 2}


def test_a_value_that_cannot_stand_in_a_text_is_found_nowhere_and_stops_nothing() -> None:
    odd = index_of(
        (IdentifierKind.HANDLE, "..."),
        (IdentifierKind.PHONE, "none"),
        (IdentifierKind.NAME, "!"),
        (IdentifierKind.PHONE, "1234567"),
    )
    assert found(["@...", "none", "!", "", "1234567", "+1234567"], odd) == [False] * 5 + [True]


def test_names_of_link_words_and_many_people_are_found() -> None:
    people = [(IdentifierKind.NAME, f"Person Number{number}") for number in range(30_000)]
    index = index_of((IdentifierKind.HANDLE, "dot"), (IdentifierKind.NAME, "Dot Point"), *people)
    texts = ["@dot", "dot", "see Dot Point", "Number29999, Person", "Person Number30000"]
    assert found(texts, index) == [True, False, True, True, False]


def test_a_text_with_very_many_mentions_names_each() -> None:
    texts = pa.array(["".join(f"{value} / @{value} " for _, value in SPELLED) * 20])
    rows, places = EVERYBODY.find_entries(texts)
    assert Counter(rows.tolist()) == {0: len(SPELLED)}
    assert len(set(places.tolist())) == len(SPELLED)


def test_columns_that_are_dictionaries_views_or_slices_are_read_alike() -> None:
    texts = pa.array(["x", "@noor", None, "Maria Silva", "@noor"])
    expected = [True, False, True, True]
    for kind in (pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())):
        assert EVERYBODY.contains(texts.cast(kind)[1:]).tolist() == expected
        assert EVERYBODY.find_entries(texts.cast(kind)[1:])[0].tolist() == [0, 2, 3]


def test_a_list_without_people_to_mention_finds_nobody() -> None:
    nobody = index_of()
    assert found(["@noor"], nobody) == [False]
    assert [len(part) for part in nobody.find_entries(pa.array(["@noor"]))] == [0, 0]
    assert len(MENTIONED_KINDS) == 4


def test_link_words_have_places_of_their_own_whatever_is_drawn() -> None:
    for seed in range(200):
        links = empty_table(fold_table().classes, 1, seed).links
        assert len(links[links != 0]) == len(LINK_WORDS)


def test_a_text_outside_its_buffer_stops_the_run() -> None:
    offsets = pa.array([0, 900, 4], pa.int32()).buffers()[1]
    torn = pa.StringArray.from_buffers(2, offsets, pa.py_buffer(b"noor"))
    with pytest.raises(pa.ArrowInvalid, match="outside its own buffer"):
        EVERYBODY.contains(torn)
