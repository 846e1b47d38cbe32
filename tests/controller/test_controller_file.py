"""Reading the controller's file: every fault is told with its line and its field, and never as a traceback."""

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from controller_world import EXAMPLE, ROOT, SPEC, edited, load, write
from django.conf import settings as django_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from demur.controller import file
from demur.controller.catalogue import Kind
from demur.controller.controller import Controller, ReasonsPolicy
from demur.controller.errors import ControllerFileError
from demur.controller.file import load_catalogue, load_controller
from demur.controller.local_text import SUPPORTED_LANGUAGES

COLLECTED_TWICE = """\
  - id: more-posts
    name: More
    description: More.
    purpose: More.
    legal_basis: More.
    kinds: [photo, post]
    products: [lumen]
    audiences: [friends, public]
    kept_for: More.
    used_for_training: false
"""


def test_the_example_of_the_specification_is_read_field_by_field(tmp_path: Path) -> None:
    controller = load(tmp_path, EXAMPLE)
    assert controller.log_origin == "lumen.example/log"
    assert controller.languages == ("en", "de")
    assert controller.policy.reasons is ReasonsPolicy.OPTIONAL
    assert controller.policy.where_no_law.in_language("de").startswith("Wir behandeln")
    assert controller.sign_in is not None
    assert controller.sign_in.issuer == "https://accounts.lumen.example"
    assert controller.campaigns[0].training_starts_on == date(2026, 12, 15)
    (product,) = controller.products
    assert (product.namespace, product.sign_in_claim, product.colour) == ("lumen", "lumen_account", "#0b5d66")
    assert [level.name.in_language("de") for level in product.menu_path][:2] == ["Profil", "Datenschutzrichtlinie"]
    assert [entry.default for entry in product.menu_path[0].beside] == ["Search", "New photo"]
    assert product.logo is not None
    assert product.logo.media_type == "image/svg+xml"
    assert [line.used_for_training for line in controller.collected] == [True, False]
    assert controller.find_product("lumen") is product
    assert controller.find_product("cy") is None


def test_what_may_be_left_out_is_none(tmp_path: Path) -> None:
    text = re.sub(r"sign_in:\n(  .*\n)+", "", EXAMPLE)
    text = text.replace("    sign_in_claim: lumen_account\n", "").replace("    logo: logos/lumen.svg\n", "")
    controller = load(tmp_path, text)
    assert controller.sign_in is None
    assert not controller.compare_faces
    assert controller.products[0].sign_in_claim is None
    assert controller.products[0].logo is None


def test_faces_are_compared_only_if_the_file_says_so_and_what_finds_them_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    turned_on = edited("appeal_days: 30", "appeal_days: 30\ncompare_faces: true")
    assert load(tmp_path, turned_on).compare_faces
    assert not load(tmp_path, turned_on.replace("true", "false", 1)).compare_faces
    monkeypatch.setattr(file, "find_spec", lambda _name: None)
    with pytest.raises(ControllerFileError) as caught:
        load(tmp_path, turned_on)
    assert str(caught.value) == (
        'controller.yaml, line 10: the field "compare_faces" is true, but what finds faces is not installed; '
        'run pip install "demur[faces]", or take the field out'
    )
    assert not load(tmp_path, EXAMPLE).compare_faces
    assert load_catalogue(write(tmp_path, turned_on)), "a gate that reads no pictures needs nothing that finds faces"


def test_a_text_in_no_language_of_the_file_falls_back_to_the_first(tmp_path: Path) -> None:
    description = load(tmp_path, EXAMPLE).products[0].description
    assert description.in_language("it") == "the photo-sharing app"


def test_the_languages_of_the_file_are_those_that_the_pages_speak() -> None:
    assert tuple(code for code, _ in django_settings.LANGUAGES) == SUPPORTED_LANGUAGES


def test_the_page_of_the_specification_names_every_language_and_field() -> None:
    assert all(f"`{code}`" in SPEC for code in SUPPORTED_LANGUAGES)
    fields = set(re.findall(r"^ *(?:- )?([a-z_]+):", EXAMPLE, re.MULTILINE)) - {"en", "de"}
    assert [field for field in fields if f"`{field}`" not in SPEC.split("## Fields")[1]] == []


def test_the_sample_controller_speaks_every_language_and_names_every_kind() -> None:
    controller = load_controller(ROOT / "src/demur/sample/data/controller.yaml")
    assert controller.languages == SUPPORTED_LANGUAGES
    assert all(product.logo for product in controller.products)
    assert {kind for line in controller.collected for kind in line.kinds} == set(Kind)
    for text in (controller.policy.where_no_law, *(line.purpose for line in controller.collected)):
        assert len({text.in_language(code) for code in SUPPORTED_LANGUAGES}) == len(SUPPORTED_LANGUAGES)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("name: lumen.example", "name: Lumen Platforms", 'the field "name" is not a host name in lower case'),
        ("country: IE", "country: Ireland", 'the field "country" is not a country'),
        ("Europe/Dublin", "Mars/Olympus", 'the field "time_zone" names no time zone that this machine knows'),
        ("Europe/Dublin", "../../etc/passwd", 'the field "time_zone" names no time zone'),
        ("Europe/Dublin", "Europe", 'the field "time_zone" names no time zone'),
        ("privacy@lumen.example", "privacy", 'the field "contact_email" is not an e-mail address'),
        ("dpo@lumen.example", '"dpo@lumen.example\\r\\nBcc: cy@mail.example"', "is longer than one line"),
        ("legal_name: Lumen Example Ltd", "legal_name:", 'the field "legal_name" is empty'),
        ("legal_name: Lumen Example Ltd", "legal_name: [a]", 'the field "legal_name" is not a text'),
        ("[1 Example Quay, Dublin, Ireland]", "1 Example Quay", "is not a list with at least one entry"),
        ("[1 Example Quay, Dublin, Ireland]", "[[1]]", 'the field "postal_address" is not a text'),
        ("languages: [en, de]", "languages: []", 'the field "languages" is not a list with at least one entry'),
        ("languages: [en, de]", "languages: [en, de, nl]", 'the field "languages" has nl; Demur speaks en, pt-br'),
        ("languages: [en, de]", "languages: [en, de, en]", 'the field "languages" names a language twice'),
        ("appeal_days: 30", "appeal_days: 29", 'the field "appeal_days" is 29; it may be 30 to 3650'),
        ("appeal_days: 30", "appeal_days: 99999", "is 99999; it may be 30 to 3650"),
        ("appeal_days: 30", "appeal_days: a month", 'the field "appeal_days" is not a whole number'),
        ("appeal_days: 30", "compare_faces: sometimes\nappeal_days: 30", '"compare_faces" is neither true nor false'),
        ("appeal_days: 30", "appeal_day: 30", 'the field "appeal_day" is not known here'),
        ("appeal_days: 30", "appeal_days: 30\ncountry: DE", 'the field "country" stands twice'),
        ("reasons: optional", "reasons: never", 'policy: the field "reasons" has "never", which is none of optional,'),
        ("answer_days: 30", "answer_days: 0", 'policy: the field "answer_days" is 0'),
        ("https://accounts", "http://accounts", 'sign_in: the field "issuer" is not an address that begins with'),
        ("2026-12-15", "soon", 'campaign "winter-2026": the field "training_starts_on" is not a day of this century'),
        ("2026-12-15", "1995-12-15", "is not a day of this century like 2026-12-15"),
        ("id: lumen", "id: Lumen!", 'product "Lumen!": the field "id" may hold only a-z'),
        ("namespace: lumen", "namespace: lu men", 'product "lumen": the field "namespace" may hold only'),
        ('"#0b5d66"', "teal", 'product "lumen": the field "colour" is not a colour like #0b5d66'),
        ('"#0b5d66"', "#0b5d66", 'product "lumen": the field "colour" is empty'),
        ('"#ffffff"', '"#0b7d66"', 'product "lumen": the field "text_colour" is hard to read on "colour": their'),
        ("logos/lumen.svg", "logos/none.svg", 'the field "logo" names the file "logos/none.svg", which cannot be read'),
        ("logos/lumen.svg", "[logos]", 'product "lumen": the field "logo" is not a text'),
        ("logos/lumen.svg", "../lumen.svg", 'the field "logo" leads out of the folder of the controller\'s file'),
        ("logos/lumen.svg", "/etc/passwd", "leads out of the folder"),
        ("{en: Profile, de: Profil}", "{en: Profile}", 'menu_path: the field "name" has no text for de'),
        ("{en: Search, de: Suche}", "{en: Search, it: Cerca}", 'the field "beside" has no text for de'),
        ("{en: Search, de: Suche}", "{en: a, de: b, it: c}", "has a text for it, not one of the file's languages"),
        ("{en: Posts, de: Beiträge}", "[Posts]", 'collected "posts": the field "name" is neither a text nor'),
        ("{en: Posts, de: Beiträge}", "{en: Posts, de: }", 'collected "posts": the field "name" is not a text'),
        ("kinds: [post]", "kinds: [posts]", 'the field "kinds" has "posts", which is none of post, photo'),
        ("products: [lumen]", "products: [agora]", 'the field "products" names "agora", which is no product\'s id'),
        ("used_for_training: true", "used_for_training: yes", "is neither true nor false"),
        ("used_for_training: false", "used_for_training: true", "private messages are never used for training"),
        ("  - id: messages", "  - id: posts", 'collected "posts": the field "id" stands twice in the list'),
        ("  - id: messages", "  - ident: messages", 'collected 2: the field "id" is missing'),
    ],
)
def test_a_fault_names_its_line_and_its_field(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    text = edited(old, new)
    with pytest.raises(ControllerFileError) as caught:
        load(tmp_path, text)
    told = [line for line in str(caught.value).splitlines() if sentence in line]
    assert told, str(caught.value)
    changed = zip(EXAMPLE.splitlines(), text.splitlines(), strict=False)
    line = next(number for number, (before, after) in enumerate(changed, 1) if before != after)
    assert told[0].startswith(f"controller.yaml, line {line}: "), told


def test_the_sentence_of_the_specification_is_the_one_that_is_told(tmp_path: Path) -> None:
    with pytest.raises(ControllerFileError, match=r'product "lumen": the field "colour" is not a colour like #0b5d66'):
        load(tmp_path, edited('"#0b5d66"', "teal"))
    assert 'product "lumen": the field "colour" is not a colour like #0b5d66`' in SPEC


def test_everything_that_is_wrong_is_told_at_once_in_the_order_of_the_lines(tmp_path: Path) -> None:
    text = edited("country: IE", "country: x").replace("kinds: [message]", "kinds: [letter]").replace("id: lumen", "")
    with pytest.raises(ControllerFileError) as caught:
        load(tmp_path, text)
    lines = str(caught.value).splitlines()
    assert len(lines) >= 3
    numbers = [int(re.findall(r"line (\d+)", line)[0]) for line in lines]
    assert numbers == sorted(numbers)
    assert "docs/spec/controller.md" in caught.value.hint


def test_lines_that_contradict_one_another_about_training_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ControllerFileError, match=r'says otherwise of the same data than collected "posts" does'):
        load(tmp_path, EXAMPLE + COLLECTED_TWICE)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("- a list", "line 1: wanted fields with values"),
        ("name: {\n", "line 2: this is not YAML"),
        ("", "the file is empty"),
        ("a: " + "[" * 20_000, "this is not YAML"),
        ("policy: no table\n", "policy: wanted fields with values"),
        ("products: [lumen]\n", "product 1: wanted fields with values"),
        ("? [a]\n: b\n", 'the field "?" is not known here'),
        ("a: &a [*a]\nproducts: *a\n", "wanted fields with values"),
    ],
)
def test_what_is_no_such_file_is_refused_in_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(ControllerFileError, match=re.escape(sentence)):
        load(tmp_path, text)


def test_bytes_that_are_no_text_are_refused_in_a_sentence(tmp_path: Path) -> None:
    path = write(tmp_path, EXAMPLE)
    path.write_bytes(b"\xff\xfe\x00name")
    with pytest.raises(ControllerFileError, match="not YAML"):
        load_controller(path)
    with pytest.raises(ControllerFileError, match=r'the file "absent\.yaml" cannot be read'):
        load_controller(tmp_path / "absent.yaml")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_slip_of_an_editor_ends_in_a_traceback(tmp_path: Path, data: st.DataObject) -> None:
    lines = EXAMPLE.splitlines()
    at = data.draw(st.integers(0, len(lines) - 1))
    key, _, _ = lines[at].partition(":")
    slip = st.sampled_from(["", f"{key}:", f"{key}: []", f"{key}: {{}}", f"{key}: [x, {{y: z}}]", f"{key}: 9", "  - x"])
    lines[at] = data.draw(slip | st.text(max_size=20).map(lambda text: f"{key}: {text}"))
    if data.draw(st.booleans()):
        del lines[at + 1 :]
    path = write(tmp_path, "")
    path.write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
    try:
        assert isinstance(load_controller(path), Controller)
    except ControllerFileError as error:
        assert all(line.startswith("controller.yaml") for line in str(error).splitlines())  # noqa: PT017


def test_the_next_campaign_counts_until_the_last_has_started(tmp_path: Path) -> None:
    later = "  - {id: spring, name: More, training_starts_on: 2027-03-01}\n"
    controller = load(tmp_path, edited("campaigns:\n", f"campaigns:\n{later}"))
    starts = controller.campaigns[0].starts_at
    assert starts == datetime(2026, 12, 15, tzinfo=UTC)
    assert controller.campaign_at(datetime(2026, 12, 14, 23, 59, tzinfo=UTC)).id == "winter-2026"
    assert controller.campaign_at(starts).id == "spring"
    assert controller.campaign_at(datetime(2030, 1, 1, tzinfo=UTC)).id == "spring"
    assert controller.campaign in controller.campaigns
