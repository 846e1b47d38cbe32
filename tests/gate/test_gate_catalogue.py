"""The catalogue at the gate: what it does not name is withheld, and no message is kept whatever it says."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from gate_world import GATE_SIGNER, MAPPING, SCHEMA, batch_of, catalogue_of, list_of, mapping, row
from hypothesis import given, settings
from hypothesis import strategies as st

from demur.controller.catalogue import Audience, Catalogue, Kind
from demur.core.gate_manifest import verify_manifest
from demur.gate.decision import decide
from demur.gate.errors import ColumnTypeError, MappingError
from demur.gate.run import GateRequest, run_gate
from demur.gate.trained_values import catalogue_sha256

NOBODY_OBJECTS = list_of()
PRODUCT_SCHEMA = SCHEMA.append(pa.field("app", pa.string()))
AUDIENCES = "[public, world]\n  friends: [circle]\n  private: [me]"
PRODUCTS = "product: {column: app, values: {LUMEN_IOS: lumen, LUMEN_WEB: lumen, agora: agora}}\n"
WITH_PRODUCT = mapping(MAPPING.replace("[public, world]", AUDIENCES) + PRODUCTS)
BARE_PRODUCT = mapping(MAPPING + "product: app\n")
PUBLIC_POSTS = catalogue_of((Kind.POST, "lumen", Audience.PUBLIC))

OF_KIND = {"post": Kind.POST, "bild": Kind.PHOTO, "dm": Kind.MESSAGE}
OF_PRODUCT = {"LUMEN_IOS": "lumen", "LUMEN_WEB": "lumen", "agora": "agora"}
OF_AUDIENCE = {"public": Audience.PUBLIC, "world": Audience.PUBLIC, "circle": Audience.FRIENDS, "me": Audience.PRIVATE}
ROWS = st.lists(
    st.builds(
        lambda kind, product, audience: row(kind=kind, app=product, audience=audience),
        st.sampled_from([*OF_KIND, "DM", "", None]),
        st.sampled_from([*OF_PRODUCT, "lumen", "Agora", "", None]),
        st.sampled_from([*OF_AUDIENCE, "friends", "", None]),
    ),
    max_size=40,
)
CELLS = st.sets(
    st.tuples(st.sampled_from(Kind), st.sampled_from(["lumen", "agora", "muse"]), st.sampled_from(Audience))
)


def reasons_of(
    rows: list[dict[str, object]], catalogue: Catalogue | None, schema: pa.Schema = PRODUCT_SCHEMA
) -> list[set[str]]:
    decision = decide(batch_of(*rows, schema=schema), WITH_PRODUCT, NOBODY_OBJECTS, catalogue)
    spelled = iter(decision.withheld_reasons().to_pylist())
    return [set() if kept else set(next(spelled)) for kept in decision.kept_mask]


def cell_of(each: dict[str, object]) -> tuple[object, object, object]:
    return (
        OF_KIND.get(str(each["kind"])),
        OF_PRODUCT.get(str(each["app"])),
        OF_AUDIENCE.get(str(each["audience"])),
    )


@settings(max_examples=300, deadline=None)
@given(rows=ROWS, cells=CELLS)
def test_each_row_is_held_against_the_catalogue_as_plain_python_does(
    rows: list[dict[str, object]], cells: set[tuple[Kind, str, Audience]]
) -> None:
    catalogue = catalogue_of(*cells)
    for each, reasons in zip(rows, reasons_of(rows, catalogue), strict=True):
        kind, _, audience = cell = cell_of(each)
        assert ("not-in-catalogue" in reasons) == (cell not in cells)
        not_public = each["audience"] is not None and audience is not Audience.PUBLIC and cell not in cells
        assert ("not-public" in reasons) == not_public
        assert ("private-message" in reasons) == (kind is Kind.MESSAGE)


@settings(max_examples=100, deadline=None)
@given(rows=ROWS, cells=CELLS)
def test_a_catalogue_never_lets_through_what_is_withheld_without_one_except_for_its_audience(
    rows: list[dict[str, object]], cells: set[tuple[Kind, str, Audience]]
) -> None:
    without, within = reasons_of(rows, None), reasons_of(rows, catalogue_of(*cells))
    for before, after in zip(without, within, strict=True):
        assert before - {"not-public"} <= after
        assert after or before <= {"not-public"}


@pytest.mark.parametrize(
    "change",
    [{"app": None}, {"app": "lumen"}, {"app": ""}, {"app": "agora"}, {"kind": "bild"}, {"audience": "circle"}],
    ids=str,
)
def test_what_the_catalogue_does_not_name_is_withheld(change: dict[str, object]) -> None:
    assert reasons_of([row(app="LUMEN_IOS")], PUBLIC_POSTS) == [set()]
    assert "not-in-catalogue" in reasons_of([row(**{"app": "LUMEN_IOS", **change})], PUBLIC_POSTS)[0]


def test_an_empty_catalogue_keeps_nothing() -> None:
    assert reasons_of([row(app="LUMEN_IOS"), row(app=None)], catalogue_of()) == [{"not-in-catalogue"}] * 2


def test_what_friends_see_trains_only_where_the_catalogue_says_so() -> None:
    friends = catalogue_of((Kind.POST, "lumen", Audience.FRIENDS))
    rows = [row(app="LUMEN_IOS", audience="circle"), row(app="agora", audience="circle"), row(app="LUMEN_IOS")]
    assert reasons_of(rows, friends) == [set(), {"not-public", "not-in-catalogue"}, {"not-in-catalogue"}]
    assert reasons_of(rows[:1], None) == [{"not-public"}]


def test_a_catalogue_that_says_messages_train_is_not_obeyed() -> None:
    everything = catalogue_of(*((kind, "lumen", audience) for kind in Kind for audience in Audience))
    rows = [row(kind="dm", app="LUMEN_IOS", audience=audience) for audience in OF_AUDIENCE]
    assert reasons_of(rows, everything) == [{"private-message"}] * len(rows)


@pytest.mark.parametrize("kind", [pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())], ids=str)
@settings(max_examples=50, deadline=None)
@given(rows=ROWS, cells=CELLS)
def test_other_types_of_text_are_held_against_it_alike(
    kind: pa.DataType, rows: list[dict[str, object]], cells: set[tuple[Kind, str, Audience]]
) -> None:
    names = {"kind", "audience", "app"}
    schema = pa.schema([field.with_type(kind) if field.name in names else field for field in PRODUCT_SCHEMA])
    catalogue = catalogue_of(*cells)
    assert reasons_of(rows, catalogue, schema) == reasons_of(rows, catalogue)


def test_values_of_a_product_column_without_names_are_the_products_themselves() -> None:
    batch = batch_of(row(app="lumen"), row(app="LUMEN_IOS"), row(app=None), schema=PRODUCT_SCHEMA)
    assert decide(batch, BARE_PRODUCT, NOBODY_OBJECTS, PUBLIC_POSTS).kept_mask.tolist() == [True, False, False]


def test_a_catalogue_without_a_product_column_is_refused_before_the_first_row(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="product") as caught:
        decide(batch_of(row()), mapping(), NOBODY_OBJECTS, PUBLIC_POSTS)
    assert "--controller" in caught.value.hint
    request = GateRequest(tmp_path / "absent.parquet", mapping(), tmp_path / "out", PUBLIC_POSTS)
    with pytest.raises(MappingError, match="product"):
        run_gate(request, NOBODY_OBJECTS, GATE_SIGNER, lambda _done, _total: None)


def test_a_product_column_of_another_type_stops_everything() -> None:
    schema = SCHEMA.append(pa.field("app", pa.int32()))
    with pytest.raises(ColumnTypeError, match="app"):
        decide(batch_of(row(app=1), schema=schema), BARE_PRODUCT, NOBODY_OBJECTS)


def test_the_manifest_names_the_catalogue_that_was_used(tmp_path: Path) -> None:
    rows = [row(app="LUMEN_IOS"), row(app="agora"), row(app="LUMEN_WEB", kind="dm")]
    pq.write_table(pa.Table.from_pylist(rows, schema=PRODUCT_SCHEMA), tmp_path / "a.parquet")
    manifests = {}
    for name, catalogue in {"with": PUBLIC_POSTS, "without": None}.items():
        request = GateRequest(tmp_path / "a.parquet", WITH_PRODUCT, tmp_path / name, catalogue)
        run_gate(request, NOBODY_OBJECTS, GATE_SIGNER, lambda _done, _total: None)
        raw = (tmp_path / name / "manifest.note").read_bytes()
        manifests[name] = verify_manifest(raw, GATE_SIGNER.verifier_key)
    assert manifests["with"].catalogue_sha256 == catalogue_sha256(PUBLIC_POSTS)
    assert manifests["with"].withheld_by_reason["not-in-catalogue"] == 2
    assert manifests["with"].rules["not-in-catalogue"] == 1
    assert manifests["without"].catalogue_sha256 is None
    assert "not-in-catalogue" not in manifests["without"].rules
    assert "not-in-catalogue" not in manifests["without"].withheld_by_reason


def test_a_catalogue_is_named_by_what_it_lets_train_and_by_nothing_else() -> None:
    """The example of docs/spec/gate-manifest.md."""
    cells = [(Kind.POST, "lumen", Audience.PUBLIC), (Kind.PHOTO, "lumen", Audience.PUBLIC)]
    first, second = catalogue_of(*cells), catalogue_of(*reversed(cells))
    assert catalogue_sha256(first) == catalogue_sha256(second)
    assert catalogue_sha256(first) != catalogue_sha256(PUBLIC_POSTS)
    page = (Path(__file__).parents[2] / "docs" / "spec" / "gate-manifest.md").read_text()
    assert catalogue_sha256(first).hex() in page
