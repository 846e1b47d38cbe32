"""The source mapping: which column of a dataset plays which role. Specified in docs/spec/source-mapping.md.

The YAML is read as a tree of nodes rather than as values, for three reasons: an error can name its line, a field that
stands twice is noticed, and `no`, `1` or `2024-06-26` as a source value stay the text that was written.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Final, NoReturn

import yaml

from demur.controller.catalogue import Audience, Kind
from demur.gate.errors import MappingError

FORM: Final = "demur-source-mapping/v1"
NO_COLUMN: Final = "none"
"""What a mapping says of `tagged_accounts` when the dataset has no such column."""

_NAMESPACE = re.compile(r"[a-z0-9-]+\Z")
_OPTIONAL: Final = ("created_at", "language")
_TRUTHS: Final = {"true": True, "false": False}
_Fields = dict[str, yaml.Node]


@dataclass(frozen=True)
class AccountColumn:
    """A column of accounts.

    Attributes:
        column: its name.
        namespace: of bare ids; None when each value is `namespace:stable-id` itself.
    """

    column: str
    namespace: str | None


@dataclass(frozen=True)
class ProductColumn:
    """A column that says of which product a row is.

    Attributes:
        column: its name.
        values: the product's id in the catalogue that each value means; None when the values are the ids themselves.
    """

    column: str
    values: Mapping[str, str] | None


class Holds(StrEnum):
    """What a column of images holds of them."""

    BYTES = "bytes"
    PATH = "path"
    URL = "url"


@dataclass(frozen=True)
class ImageColumn:
    """A column of images.

    Attributes:
        column: its name.
        holds: the images themselves, or where they are.
        folder: of images that rows only name; None for the one of the file that names them. Of URLs it is where they
            were fetched to, and is never None.
    """

    column: str
    holds: Holds
    folder: Path | None

    def beside(self, file: Path) -> "ImageColumn":
        """Return the column as a file of rows means it, which has its images beside it unless it is said otherwise."""
        is_beside = self.holds is Holds.PATH and self.folder is None
        return replace(self, folder=file.parent) if is_beside else self


@dataclass(frozen=True)
class WebColumns:
    """Columns that say where on the web a row is from, and what was captured there.

    Attributes:
        url: where it was fetched; a null is a row that is not from the web.
        headers: of the answer, a line each; None if nobody captured them.
        page: the page that the row is, or that it stood in; None if nobody captured it.
        sites: the folder of what was captured of sites; None if nobody did.
        crawler: the name by which the crawler that fetched it told sites who it is; None for the gate's own.
    """

    url: str
    headers: str | None
    page: str | None
    sites: Path | None
    crawler: str | None


@dataclass(frozen=True)
class SourceMapping:
    """Which column plays which role.

    Attributes:
        row_id: the column that names a row.
        kind: the column that says what a row is.
        kind_values: the kind that each value of that column means; other values are unknown.
        audience: the column that says who may see a row.
        audience_values: the audience that each value of that column means; other values are none that is known.
        author_account: whose row it is.
        author_is_minor: the column that says whether the author is a minor.
        tagged_accounts: the people tagged; None when the mapping says that there is no such column.
        product: of which product a row is; None if the mapping does not say.
        image: the images of a row; None if the mapping does not say.
        web: where on the web a row is from; None if the mapping does not say.
        others: column by optional role; of these, rules read `text` only.
        look_alikes: whether in texts a letter that looks like a Latin one counts as that one.
        sha256: of the mapping file (32 bytes).
        path_columns: of these columns, those that the path of the file at hand gives (demur.gate.path_columns).
        needs_ids: whether anybody wants to know which rows are meant; who only counts them does not.
    """

    row_id: str
    kind: str
    kind_values: Mapping[str, Kind]
    audience: str
    audience_values: Mapping[str, Audience]
    author_account: AccountColumn
    author_is_minor: str
    tagged_accounts: AccountColumn | None
    product: ProductColumn | None
    image: ImageColumn | None
    web: WebColumns | None
    others: Mapping[str, str]
    sha256: bytes
    path_columns: frozenset[str] = frozenset()
    look_alikes: bool = False
    needs_ids: bool = True

    def beside(self, file: Path) -> "SourceMapping":
        """Return the mapping of the rows of one file; see `ImageColumn.beside`."""
        return self if self.image is None else replace(self, image=self.image.beside(file))


def load_mapping(path: Path) -> SourceMapping:
    """Return the mapping in a file; folders that it names are as seen from where it is.

    Raises:
        MappingError: names the line and the field that is wrong; or the file cannot be read.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise MappingError(f'the source mapping "{path.name}" cannot be read') from error
    return parse_mapping(raw, path.parent)


def parse_mapping(raw: bytes, seen_from: Path = Path()) -> SourceMapping:
    """Return the mapping in a file's bytes.

    Args:
        raw: the whole file.
        seen_from: the folder that the file is in.

    Raises:
        MappingError: names the line and the field that is wrong.
    """
    try:
        root = yaml.compose(raw, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise MappingError(f"the source mapping is not YAML: something is wrong{line}") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise MappingError("the source mapping is not YAML, or not UTF-8 text") from error
    fields = _table(root, "the source mapping")
    form = _take_text(fields, "form")
    if form != FORM:
        raise MappingError(f'the source mapping: wanted "form: {FORM}" in this version of the gate')
    kind = _role_fields(fields, "kind")
    audience = _role_fields(fields, "audience")
    others, look_alikes = _take_others(fields)
    mapping = SourceMapping(
        row_id=_take_column(fields, "row_id"),
        kind=_take_text(kind, "kind.column"),
        kind_values=_take_kinds(kind),
        audience=_take_text(audience, "audience.column"),
        audience_values=_take_audiences(audience),
        author_account=_take_account(fields, "author_account"),
        author_is_minor=_take_column(fields, "author_is_minor"),
        tagged_accounts=_take_tagged(fields),
        product=_take_product(fields),
        image=_take_image(fields, seen_from),
        web=_take_web(fields, seen_from),
        others=others,
        look_alikes=look_alikes,
        sha256=hashlib.sha256(raw).digest(),
    )
    for left in (fields, kind, audience):
        _end(left)
    return mapping


def _fail(node: yaml.Node | None, what: str) -> NoReturn:
    line = f", line {node.start_mark.line + 1}" if node is not None else ""
    raise MappingError(f"the source mapping{line}: {what}")


def _table(node: yaml.Node | None, what: str) -> _Fields:
    """Return the values of a YAML mapping by name."""
    if not isinstance(node, yaml.MappingNode):
        _fail(node, f"{what} is not a table of fields")
    fields: _Fields = {}
    for key, value in node.value:
        name = _text(key, f"a name in {what}")
        if name in fields:
            _fail(key, f'"{name}" stands twice')
        fields[name] = value
    return fields


def _text(node: yaml.Node, what: str) -> str:
    if not isinstance(node, yaml.ScalarNode) or not node.value:
        _fail(node, f"{what} must be a text that is not empty")
    return str(node.value)


def _take(fields: _Fields, path: str) -> yaml.Node:
    name = path.rpartition(".")[2]
    if name not in fields:
        raise MappingError(
            f'the source mapping has no field "{path}"',
            hint='a dataset without such a column must say so: "tagged_accounts: none"'
            if path == "tagged_accounts"
            else "docs/spec/source-mapping.md lists the fields",
        )
    return fields.pop(name)


def _take_text(fields: _Fields, path: str) -> str:
    return _text(_take(fields, path), f'"{path}"')


def _texts(node: yaml.Node, path: str) -> tuple[str, ...]:
    if not isinstance(node, yaml.SequenceNode) or not node.value:
        _fail(node, f'"{path}" must be a list that is not empty')
    return tuple(_text(item, f'a value of "{path}"') for item in node.value)


def _role_fields(fields: _Fields, role: str) -> _Fields:
    """Return a role's fields; a bare column name is short for a table with `column`."""
    node = _take(fields, role)
    return {"column": node} if isinstance(node, yaml.ScalarNode) else _table(node, f'"{role}"')


def _take_column(fields: _Fields, role: str) -> str:
    own = _role_fields(fields, role)
    column = _take_text(own, f"{role}.column")
    _end(own)
    return column


def _take_others(fields: _Fields) -> tuple[dict[str, str], bool]:
    """Return the column of each optional role, and whether look-alikes count in texts."""
    text = _role_fields(fields, "text") if "text" in fields else None
    others: dict[str, str] = {role: _take_column(fields, role) for role in _OPTIONAL if role in fields}
    if text is None:
        return others, False
    look_alikes = _take_truth(text, "text.look_alikes") if "look_alikes" in text else False
    others["text"] = _take_text(text, "text.column")
    _end(text)
    return others, look_alikes


def _take_truth(fields: _Fields, path: str) -> bool:
    node = _take(fields, path)
    word = _text(node, f'"{path}"')
    if word not in _TRUTHS:
        _fail(node, f'"{path}" must be true or false')
    return _TRUTHS[word]


def _take_account(fields: _Fields, role: str) -> AccountColumn:
    own = _role_fields(fields, role)
    column = _take_text(own, f"{role}.column")
    node = own.pop("namespace", None)
    namespace = None if node is None else _text(node, f'"{role}.namespace"')
    if namespace is not None and not _NAMESPACE.match(namespace):
        _fail(node, f'"{role}.namespace" may hold only a-z, 0-9 and "-"')
    _end(own)
    return AccountColumn(column, namespace)


def _take_tagged(fields: _Fields) -> AccountColumn | None:
    node = fields.get("tagged_accounts")
    if isinstance(node, yaml.ScalarNode) and node.value == NO_COLUMN:
        del fields["tagged_accounts"]
        return None
    return _take_account(fields, "tagged_accounts")


def _take_audiences(own: _Fields) -> dict[str, Audience]:
    """Return what each value means. Only `public` is needed: the catalogue may say that others train too."""
    audiences: dict[str, Audience] = {}
    for audience in Audience:
        path = f"audience.{audience}"
        if audience is not Audience.PUBLIC and audience not in own:
            continue
        node = _take(own, path)
        for value in _texts(node, path):
            if value in audiences:
                _fail(node, f'"{value}" stands twice under "audience"')
            audiences[value] = audience
    return audiences


def _take_image(fields: _Fields, seen_from: Path) -> ImageColumn | None:
    if "image" not in fields:
        return None
    own = _role_fields(fields, "image")
    column, holds = _take_text(own, "image.column"), Holds.BYTES
    if "holds" in own:
        node = own.pop("holds")
        word = _text(node, '"image.holds"')
        if word not in set(Holds):
            _fail(node, f'"image.holds" must be one of {", ".join(Holds)}')
        holds = Holds(word)
    folder = own.pop("folder", None)
    if folder is not None and holds is Holds.BYTES:
        _fail(folder, '"image.folder" is for images that rows only name, with "holds: path" or "holds: url"')
    if folder is None and holds is Holds.URL:
        _take(own, "image.folder")
    _end(own)
    where = None if folder is None else seen_from.absolute() / _text(folder, '"image.folder"')
    return ImageColumn(column, holds, where)


def _take_web(fields: _Fields, seen_from: Path) -> WebColumns | None:
    if "web" not in fields:
        return None
    own = _table(_take(fields, "web"), '"web"')

    def take(name: str) -> str | None:
        return _take_text(own, f"web.{name}") if name in own else None

    url, sites = _take_text(own, "web.url"), take("sites")
    where = None if sites is None else seen_from.absolute() / sites
    web = WebColumns(url, take("headers"), take("page"), where, take("crawler"))
    _end(own)
    return web


def _take_product(fields: _Fields) -> ProductColumn | None:
    if "product" not in fields:
        return None
    own = _role_fields(fields, "product")
    column = _take_text(own, "product.column")
    values = None
    if "values" in own:
        table = _table(own.pop("values"), '"product.values"')
        values = {source: _text(node, 'a value of "product.values"') for source, node in table.items()}
    _end(own)
    return ProductColumn(column, values)


def _take_kinds(own: _Fields) -> dict[str, Kind]:
    kinds = {}
    values = _table(_take(own, "kind.values"), '"kind.values"')
    for source, node in values.items():
        name = _text(node, 'a value of "kind.values"')
        if name not in set(Kind):
            _fail(node, f'"{name}" is not a kind; the kinds are {", ".join(Kind)}')
        kinds[source] = Kind(name)
    if not kinds:
        raise MappingError('the source mapping: "kind.values" is empty')
    return kinds


def _end(fields: _Fields) -> None:
    """Refuse fields that nobody read: a rule that a person believes to have set must not be passed over."""
    for name, node in fields.items():
        _fail(node, f'the field "{name}" is not known here')
