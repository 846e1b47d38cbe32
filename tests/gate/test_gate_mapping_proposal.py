"""`demur gate inspect`: a proposal saves typing, and never lets anything through that nobody has read."""

import pyarrow as pa
import pytest
from gate_world import SCHEMA

from demur.gate.errors import MappingError
from demur.gate.mapping import AccountColumn, Holds, ImageColumn, ProductColumn, parse_mapping
from demur.gate.mapping_proposal import propose_mapping


def test_familiar_columns_are_recognised_and_the_proposal_parses() -> None:
    mapping = parse_mapping(propose_mapping(SCHEMA).encode())
    assert mapping.row_id == "record_id"
    assert mapping.author_account == AccountColumn("author_account", None)
    assert mapping.tagged_accounts == AccountColumn("tagged_accounts", None)
    assert mapping.audience_values == {"public": "public"}
    assert mapping.others == {"text": "text"}


def test_names_are_recognised_in_other_spellings_and_quoted_where_yaml_needs_it() -> None:
    schema = pa.schema(
        {
            "Record Id": pa.int64(),
            "contentType": pa.dictionary(pa.int8(), pa.string()),
            "Visibility": pa.large_string(),
            "AuthorID": pa.string(),
            "isMinor": pa.bool_(),
            "tags": pa.large_list(pa.string()),
            "no": pa.string(),
        },
    )
    mapping = parse_mapping(propose_mapping(schema).encode())
    assert (mapping.row_id, mapping.kind, mapping.audience) == ("Record Id", "contentType", "Visibility")
    assert (mapping.author_account.column, mapping.author_is_minor) == ("AuthorID", "isMinor")
    assert mapping.others == {}


def test_a_product_is_proposed_where_a_column_is_called_so_and_asked_of_nobody() -> None:
    schema = SCHEMA.append(pa.field("platform", pa.string()))
    assert parse_mapping(propose_mapping(schema).encode()).product == ProductColumn("platform", None)
    numbers = SCHEMA.append(pa.field("product", pa.int32()))
    assert "product" not in propose_mapping(numbers)


def test_images_are_proposed_where_they_are_and_where_they_are_only_named_a_person_must_say_the_folder() -> None:
    with_bytes = SCHEMA.append(pa.field("photo", pa.struct({"bytes": pa.binary(), "path": pa.string()})))
    assert parse_mapping(propose_mapping(with_bytes).encode()).image == ImageColumn("photo", Holds.BYTES, None)
    named = SCHEMA.append(pa.field("image_path", pa.string())).append(pa.field("photo url", pa.list_(pa.string())))
    text = propose_mapping(named)
    assert "# image: {column: image_path, holds: path, folder: images}" in text
    assert '# image: {column: "photo url", holds: url, folder: images}' in text
    assert parse_mapping(text.encode()).image is None


def test_what_cannot_be_guessed_stays_open_and_is_refused_until_filled_in() -> None:
    schema = pa.schema({"record_id": pa.float64(), "no": pa.string(), "kind": pa.int32()})
    text = propose_mapping(schema)
    assert 'author_account:  # to fill in: text; could be: "no"\n' in text
    assert "author_is_minor:  # to fill in: bool; no column has a fitting type\n" in text
    assert "write: none" in text
    with pytest.raises(MappingError):
        parse_mapping(text.encode())


def test_a_column_of_another_type_is_not_proposed() -> None:
    schema = SCHEMA.set(5, pa.field("tagged_accounts", pa.string()))
    assert "tagged_accounts:  # to fill in: a list of text; no column" in propose_mapping(schema)


@pytest.mark.parametrize(
    ("role", "more", "kind"),
    [
        ("kind", "content_type", pa.string()),
        ("audience", "privacy", pa.string()),
        ("author_account", "ownerId", pa.string()),
        ("author_is_minor", "underage", pa.bool_()),
        ("tagged_accounts", "mentions", pa.list_(pa.string())),
    ],
)
def test_of_two_likely_columns_none_is_chosen_in_silence(role: str, more: str, kind: pa.DataType) -> None:
    """Whoever is named only in the other column would be trained on."""
    text = propose_mapping(SCHEMA.append(pa.field(more, kind)))
    [line] = [line for line in text.splitlines() if line.startswith(f"{role}:")]
    assert "to fill in" in line
    assert f"could be: {role}, {more}" in line
    with pytest.raises(MappingError):
        parse_mapping(text.encode())


def test_a_minor_edit_is_not_taken_for_a_minor() -> None:
    schema = SCHEMA.set(4, pa.field("minor", pa.bool_()))
    assert "author_is_minor:  # to fill in: bool; could be: minor\n" in propose_mapping(schema)


@pytest.mark.parametrize("end_of_line", ["\n", "\r", "\x85", "\u2028", "\u2029"])
def test_a_name_of_a_column_cannot_write_a_line_of_the_mapping(end_of_line: str) -> None:
    name = f"x{end_of_line}  none{end_of_line}#"
    text = propose_mapping(SCHEMA.set(5, pa.field(name, pa.list_(pa.string()))))
    with pytest.raises(MappingError, match="tagged_accounts"):
        parse_mapping(text.encode())
