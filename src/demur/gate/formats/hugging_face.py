"""Dataset folders of Hugging Face: their data are Arrow streams or Parquet; beside them lie files that describe them.

    save_to_disk                          the hub's layout
    dataset_dict.json                     README.md            a card, with a head in YAML
    train/data-00000-of-00002.arrow       data/train-00000-of-00001.parquet
    train/state.json
    train/dataset_info.json

What describes the data comes out with them, corrected: other numbers of rows and bytes, another fingerprint. Of a card,
only the head comes out, and of that what readers of the data need: nobody looked at its prose, which may show rows.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final, TypeAlias

import yaml

from demur.core.gate_manifest import KEPT, GateMode, ManifestFile
from demur.gate.errors import UnreadableInputError
from demur.gate.formats.data_format import KeptBeside
from demur.gate.output import HashingStream, writing

_STATE, _INFO, _DICT, _CARD = "state.json", "dataset_info.json", "dataset_dict.json", "README.md"
_STATE_FIELDS: Final = {
    "_data_files",
    "_fingerprint",
    "_format_columns",
    "_format_kwargs",
    "_format_type",
    "_output_all_columns",
    "_split",
}
_FINGERPRINT_DIGITS: Final = 16
_SIZES: Final = {
    "download_checksums",
    "download_size",
    "post_processing_size",
    "size_in_bytes",
    "splits",
    "dataset_size",
}
_CARD_FIELDS: Final = ("configs", "dataset_info", "language", "license", "pretty_name")
_CARD_EDGE: Final = "---"

Fields: TypeAlias = dict[str, object]


@dataclass(frozen=True)
class _Companion:
    """A file that describes data: its name inside the input, its bytes, and what they say."""

    name: str
    raw: bytes
    fields: Fields

    def write(self, folder: Path, text: str) -> KeptBeside:
        target = folder / KEPT / self.name
        with writing():
            target.parent.mkdir(parents=True, exist_ok=True)
            with HashingStream(target) as stream:
                stream.write(text.encode())
                digest = stream.finish()
        source = ManifestFile(self.name, hashlib.sha256(self.raw).digest(), 0)
        return KeptBeside(source, ManifestFile(f"{KEPT}/{self.name}", digest, 0), is_linked=False)


@dataclass(frozen=True)
class _SavedDataset:
    """A folder as `Dataset.save_to_disk` writes it; `shards` are the names of its files inside the input, in order."""

    state: _Companion
    info: _Companion
    shards: Sequence[str]

    def write(self, folder: Path, kept: Mapping[str, ManifestFile]) -> Iterable[KeptBeside]:
        files = [kept[shard] for shard in self.shards]
        fingerprint = hashlib.sha256(b"".join(file.sha256 for file in files)).hexdigest()[:_FINGERPRINT_DIGITS]
        num_bytes = sum((folder / file.path).stat().st_size for file in files)
        info = {name: value for name, value in self.info.fields.items() if name not in _SIZES}
        splits, split = self.info.fields.get("splits"), self.state.fields.get("_split")
        if isinstance(splits, dict) and isinstance(split, str) and split in splits:
            counts = {"name": split, "num_bytes": num_bytes, "num_examples": sum(file.rows for file in files)}
            info |= {"splits": {split: counts}, "dataset_size": num_bytes}
        state = {name: value for name, value in self.state.fields.items() if name in _STATE_FIELDS}
        yield self.state.write(folder, _json({**state, "_fingerprint": fingerprint}))
        yield self.info.write(folder, _json(info))


@dataclass(frozen=True)
class Companions:
    """The files beside the data of an input that describe them."""

    datasets: Sequence[_SavedDataset] = ()
    dicts: Sequence[_Companion] = ()
    cards: Sequence[_Companion] = ()

    def write_kept(self, folder: Path, mode: GateMode, kept: Mapping[str, ManifestFile]) -> list[KeptBeside]:
        """Write what they say of the kept rows, once those are written; nothing in the mode `ids`.

        Args:
            folder: where the output is written.
            mode: what is written of the kept rows.
            kept: each kept file by the name of its input.

        Raises:
            OutputWriteError: writing failed.
        """
        if mode is GateMode.IDS:
            return []
        written = [companion for dataset in self.datasets for companion in dataset.write(folder, kept)]
        written += [each.write(folder, _json({"splits": each.fields["splits"]})) for each in self.dicts]
        written += [card.write(folder, _corrected_card(card.fields)) for card in self.cards]
        return sorted(written, key=lambda companion: companion.source.path)


def is_companion(path: Path, inputs: Path) -> bool:
    """Tell whether a file in the folder `inputs` describes data beside it.

    Raises:
        OSError: a folder cannot be read.
    """
    folder = path.parent
    if path.name in (_STATE, _INFO):
        return _is_saved_dataset(folder)
    if path.name == _DICT:
        return any(_is_saved_dataset(each) for each in folder.iterdir())
    return path.name == _CARD and folder == inputs and path.read_bytes().startswith(_CARD_EDGE.encode())


def find_companions(inputs: Path, files: Iterable[str]) -> Companions:
    """Return the files of a folder that describe its data, after checking that they describe what is there.

    Args:
        inputs: the folder.
        files: names of all files of data in it.

    Raises:
        UnreadableInputError: one says something else of the data than is there, or something that nobody knows.
    """
    by_folder: dict[PurePosixPath, set[str]] = {}
    for name in files:
        by_folder.setdefault(PurePosixPath(name).parent, set()).add(PurePosixPath(name).name)
    saved = [folder for folder in sorted(by_folder) if _is_saved_dataset(inputs / folder)]
    datasets = [_find_dataset(inputs, folder, by_folder[folder]) for folder in saved]
    parents = sorted({folder.parent for folder in saved if folder.parts})
    dicts = [_load_json(inputs, str(parent / _DICT)) for parent in parents if (inputs / parent / _DICT).is_file()]
    for each in dicts:
        there = {folder.name for folder in saved if folder.parent == PurePosixPath(each.name).parent}
        splits = each.fields.get("splits")
        if not isinstance(splits, list) or sorted(map(str, splits)) != sorted(there):
            raise UnreadableInputError(f"{each.name} names other splits than the folders beside it")
    has_card = (inputs / _CARD).is_file()
    return Companions(datasets, dicts, [_load_card(inputs)] if has_card else [])


def _is_saved_dataset(folder: Path) -> bool:
    return (folder / _STATE).is_file() and (folder / _INFO).is_file() and any(folder.glob("*.arrow"))


def _find_dataset(inputs: Path, folder: PurePosixPath, there: set[str]) -> _SavedDataset:
    state = _load_json(inputs, str(folder / _STATE))
    for name, value in state.fields.items():
        if name not in _STATE_FIELDS and value:
            raise UnreadableInputError(
                f'{state.name} has a field "{name}" that this gate does not know: another file may choose the rows',
                hint="load the dataset, call flatten_indices(), and save it again with a current version of datasets",
            )
    files = state.fields.get("_data_files")
    named = [str(each.get("filename")) for each in files if isinstance(each, dict)] if isinstance(files, list) else []
    if len(named) != len(there) or set(named) != there:
        raise UnreadableInputError(
            f"{state.name} names other files than the folder holds",
            hint="save the dataset again into an empty folder",
        )
    return _SavedDataset(state, _load_json(inputs, str(folder / _INFO)), [str(folder / name) for name in named])


def _load_json(inputs: Path, name: str) -> _Companion:
    try:
        raw = (inputs / name).read_bytes()
        fields = json.loads(raw)
    except (OSError, ValueError, RecursionError) as error:
        raise UnreadableInputError(f"{name} cannot be read: it is not JSON") from error
    if not isinstance(fields, dict):
        raise UnreadableInputError(f"{name} cannot be read: it is not a table of fields")
    return _Companion(name, raw, fields)


def _load_card(inputs: Path) -> _Companion:
    try:
        raw = (inputs / _CARD).read_bytes()
        fields = yaml.safe_load(raw.decode().split(f"\n{_CARD_EDGE}", 1)[0].removeprefix(_CARD_EDGE))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise UnreadableInputError(f"{_CARD} cannot be read: its head is not YAML") from error
    if not isinstance(fields, dict):
        raise UnreadableInputError(f"{_CARD} cannot be read: its head is not a table of fields")
    return _Companion(_CARD, raw, fields)


def _corrected_card(fields: Fields) -> str:
    head = {name: fields[name] for name in _CARD_FIELDS if name in fields}
    infos = head.pop("dataset_info", None)
    if isinstance(infos, list):
        head["dataset_info"] = [_without_sizes(info) for info in infos]
    elif infos is not None:
        head["dataset_info"] = _without_sizes(infos)
    return f"{_CARD_EDGE}\n{yaml.safe_dump(head, allow_unicode=True, sort_keys=False)}{_CARD_EDGE}\n"


def _without_sizes(info: object) -> object:
    return {name: value for name, value in info.items() if name not in _SIZES} if isinstance(info, dict) else {}


def _json(fields: Fields) -> str:
    return json.dumps(fields, indent=2, sort_keys=True)
