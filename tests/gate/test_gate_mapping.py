"""The source mapping: what it may say, and that each mistake is named with its line and field."""

import hashlib
from pathlib import Path

import pytest
from gate_world import MAPPING, mapping

from demur.gate.errors import MappingError
from demur.gate.mapping import AccountColumn, Holds, ImageColumn, Kind, ProductColumn, load_mapping, parse_mapping


def test_every_role_is_read() -> None:
    text = (
        MAPPING.replace("author_account: author_account", "author_account: {column: who, namespace: lumen}")
        + "image: {column: image_path, holds: path, folder: photos}\ncreated_at: {column: created}\n"
        + "product: product\nlanguage: language\n"
    )
    read = parse_mapping(text.encode(), Path("/data"))
    assert read.row_id == "record_id"
    assert (read.kind, read.kind_values) == ("kind", {"post": Kind.POST, "bild": Kind.PHOTO, "dm": Kind.MESSAGE})
    assert (read.audience, read.audience_values) == ("audience", {"public": "public", "world": "public"})
    assert read.author_account == AccountColumn("who", "lumen")
    assert read.author_is_minor == "author_is_minor"
    assert read.tagged_accounts == AccountColumn("tagged_accounts", None)
    assert read.others == {
        "text": "text",
        "created_at": "created",
        "language": "language",
    }
    assert read.product == ProductColumn("product", None)
    assert read.image == ImageColumn("image_path", Holds.PATH, Path("/data/photos"))
    assert read.sha256 == hashlib.sha256(text.encode()).digest()


def test_the_folder_of_images_is_as_seen_from_the_mapping_file(tmp_path: Path) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text(f"{MAPPING}image: {{column: photo, holds: path, folder: ../photos}}\n")
    assert load_mapping(path).image == ImageColumn("photo", Holds.PATH, tmp_path / "../photos")
    path.write_text(f"{MAPPING}image: {{column: photo, holds: path}}\n")
    beside = load_mapping(path).beside(Path("/lake/part/a.parquet")).image
    assert beside == ImageColumn("photo", Holds.PATH, Path("/lake/part"))
    assert mapping().beside(path) == mapping()


def test_a_mapping_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match=r'"mapping\.yaml" cannot be read'):
        load_mapping(tmp_path / "mapping.yaml")


@pytest.mark.parametrize(
    ("image", "what"),
    [
        ("{column: photo, holds: pixels}", "one of bytes, path, url"),
        ("{column: photo, folder: photos}", "only name"),
        ("{column: photo, holds: url}", "image.folder"),
        ("{column: photo, holds: path, folders: photos}", "folders"),
    ],
)
def test_images_that_nobody_could_find_are_refused(image: str, what: str) -> None:
    with pytest.raises(MappingError, match=what):
        mapping(f"{MAPPING}image: {image}\n")


def test_the_example_in_the_specification_is_a_mapping() -> None:
    page = Path(__file__).parents[2] / "docs" / "spec" / "source-mapping.md"
    example = page.read_text().split("```yaml\n")[1].split("```")[0]
    assert parse_mapping(example.encode()).kind_values["message"] is Kind.MESSAGE


@pytest.mark.parametrize(
    ("said", "look_alikes"),
    [
        ("text", False),
        ("{column: text}", False),
        ("{column: text, look_alikes: false}", False),
        ("{column: text, look_alikes: true}", True),
    ],
)
def test_look_alikes_count_in_texts_only_where_the_mapping_says_so(said: str, look_alikes: bool) -> None:  # noqa: FBT001
    read = mapping(MAPPING.replace("text: text", f"text: {said}"))
    assert (read.others["text"], read.look_alikes) == ("text", look_alikes)


def test_a_dataset_without_tags_says_so() -> None:
    assert mapping(MAPPING.replace("tagged_accounts: tagged_accounts", "tagged_accounts: none")).tagged_accounts is None


def test_other_audiences_and_the_products_of_a_dataset_get_the_names_of_the_catalogue() -> None:
    text = MAPPING.replace("[public, world]", "[public, world]\n  friends: [circle]\n  private: [me, nobody]")
    read = mapping(text + "product: {column: app, values: {LUMEN_IOS: lumen, LUMEN_WEB: lumen, 7: agora}}\n")
    assert read.audience_values == {
        "public": "public",
        "world": "public",
        "circle": "friends",
        "me": "private",
        "nobody": "private",
    }
    assert read.product == ProductColumn("app", {"LUMEN_IOS": "lumen", "LUMEN_WEB": "lumen", "7": "agora"})


def test_silence_about_tags_is_refused() -> None:
    with pytest.raises(MappingError, match="tagged_accounts") as caught:
        mapping(MAPPING.replace("tagged_accounts: tagged_accounts\n", ""))
    assert "tagged_accounts: none" in caught.value.hint


def test_a_column_called_none_can_still_be_meant() -> None:
    read = mapping(MAPPING.replace("tagged_accounts: tagged_accounts", "tagged_accounts: {column: none}"))
    assert read.tagged_accounts == AccountColumn("none", None)


def test_words_that_yaml_takes_for_other_things_stay_text() -> None:
    read = mapping(MAPPING.replace("[public, world]", "[no, 1, 2024-06-26, null]").replace("    dm:", "    1:"))
    assert list(read.audience_values) == ["no", "1", "2024-06-26", "null"]
    assert read.kind_values["1"] is Kind.MESSAGE


@pytest.mark.parametrize("field", ["form", "row_id", "kind", "audience", "author_account", "author_is_minor"])
def test_a_missing_field_is_named(field: str) -> None:
    lines = MAPPING.splitlines(keepends=True)
    start = next(number for number, line in enumerate(lines) if line.startswith(field + ":"))
    end = next((n for n in range(start + 1, len(lines)) if not lines[n].startswith(" ")), len(lines))
    with pytest.raises(MappingError, match=field) as caught:
        mapping("".join(lines[:start] + lines[end:]))
    assert caught.value.hint or field == "form"


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("demur-source-mapping/v1", "demur-source-mapping/v2", "demur-source-mapping/v1"),
        ("row_id: record_id", "row_id:", "line 2.*row_id"),
        ("row_id: record_id", "row_id: [record_id]", "line 2.*row_id"),
        ("row_id: record_id", "row_id: {name: record_id}", "row_id.column"),
        ("row_id: record_id", "row_id: {column: record_id, extra: 1}", "line 2.*extra"),
        ("row_id: record_id", "row_id: record_id\nrow_id: other", "line 3.*twice"),
        ("  column: kind\n", "", "kind.column"),
        ("    dm: message", "    dm: letter", "line 8.*letter.*post, photo"),
        ("    dm: message", "    dm:", "line 8.*kind.values"),
        ("    post: post\n    bild: photo\n    dm: message", "    {}", "kind.values"),
        ("  values:\n    post: post\n    bild: photo\n    dm: message\n", "", "kind.values"),
        ("    dm: message", "    dm: message\n    post: photo", "line 9.*twice"),
        ("    dm: message", "    dm: message\n    [a]: photo", "line 9.*kind.values"),
        ("    dm: message", "    dm: message\n  more: 1", "line 9.*more"),
        ("  public: [public, world]\n", "", "audience.public"),
        ("[public, world]", "[]", "line 11.*audience.public"),
        ("[public, world]", "public", "line 11.*audience.public"),
        ("[public, world]", "[public, [world]]", "line 11.*audience.public"),
        ("[public, world]", "[public]\n  open: 1", "line 12.*open"),
        ("[public, world]", "[public]\n  friends: []", "line 12.*audience.friends"),
        ("[public, world]", "[public]\n  private: [public]", "line 12.*public.*twice"),
        ("text: text", "product: {column: a, values: [b]}", "line 15.*product.values"),
        ("text: text", "product: {column: a, values: {b: }}", "line 15.*product.values"),
        ("text: text", "product: {column: a, namespace: b}", "line 15.*namespace"),
        ("text: text", "product: {values: {a: b}}", "product.column"),
        ("author_account: author_account", "author_account: {column: a, namespace: 'Lumen:'}", "line 12.*namespace"),
        ("author_account: author_account", "author_account: {column: a, namespace: ''}", "line 12.*namespace"),
        ("author_account: author_account", "author_account: {column: a, name: b}", "line 12.*name"),
        ("tagged_accounts: tagged_accounts", "tagged_accounts:", "line 14.*tagged_accounts"),
        ("tagged_accounts: tagged_accounts", "tagged_accounts: [a]", "line 14.*tagged_accounts"),
        ("text: text", "text: text\nkeep_all: yes", "line 16.*keep_all"),
        ("text: text", "text: {column: text, look_alikes: yes}", "line 15.*look_alikes.*true or false"),
        ("text: text", "text: {look_alikes: true}", "text.column"),
        ("text: text", "text: {column: text, look_alike: true}", "line 15.*look_alike"),
        ("text: text", "text: [", "line 1[67]"),
        ("text: text", "text: text\n---\nform: other", "line 16"),
        ("text: text", "text: *other", "line 15"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_field(old: str, new: str, wanted: str) -> None:
    assert MAPPING.count(old) == 1
    with pytest.raises(MappingError, match=wanted):
        mapping(MAPPING.replace(old, new))


@pytest.mark.parametrize("raw", [b"", b"just text", b"- a\n- list\n", b"\xff\xfe\xff", b"a: \0", b"[" * 5000])
def test_what_is_not_a_table_in_yaml_is_refused(raw: bytes) -> None:
    with pytest.raises(MappingError):
        parse_mapping(raw)


def test_no_object_is_ever_made_from_yaml() -> None:
    with pytest.raises(MappingError):
        mapping(MAPPING.replace("text: text", "text: !!python/object/apply:os.getcwd []"))
