"""Gates damaged files, one after another, and says of each what it is doing, so that a crash can be laid to its door.

    python fuzz_child.py FORMAT FIRST_SEED MUTANTS FOLDER

Says "SEED gate" and "SEED read" as it goes, "SEED failed WHAT" for each leak or traceback, and how all ended. The
mutant that FORMAT and SEED stand for is always the same; with MUTANTS 1 it is left in FOLDER.
"""

import faulthandler
import resource
import shutil
import sys
import traceback
from collections import Counter
from pathlib import Path
from random import Random

from fuzz_formats import FORMATS, FuzzFormat
from fuzz_judge import ADAS_HANDLE, may_train
from gate_world import GATE_SIGNER, entry, list_of, mapping

from demur.core.gate_manifest import GateManifest, GateMode
from demur.core.identifier import IdentifierKind
from demur.gate.errors import GateError
from demur.gate.run import GateRequest, run_gate

_MEMORY_BYTES = 4 << 30
_MOST_SECONDS = 60
_MAPPING = mapping()
_LIST = list_of("lumen:ada", others=[entry(ADAS_HANDLE, IdentifierKind.HANDLE)])


class _Mutant:
    """One file, and what became of it."""

    def __init__(self, of: FuzzFormat, raw: bytes, mode: GateMode, folder: Path) -> None:
        self.of, self.mode, self.name = of, mode, f"a.{of.suffix}"
        self.lake, self.out = folder / "lake", folder / "out"
        for each in (self.lake, self.out):
            shutil.rmtree(each, ignore_errors=True)
        self.lake.mkdir(parents=True)
        (self.lake / self.name).write_bytes(raw)

    def gate(self) -> GateManifest | None:
        """Return the manifest of a run, or None if it stopped and left nothing.

        Raises:
            AssertionError: it stopped, and something stands there.
        """
        request = GateRequest(self.lake, _MAPPING, self.out, mode=self.mode)
        error = None
        try:
            return run_gate(request, _LIST, GATE_SIGNER, lambda _done, _total: None)
        except GateError as caught:
            error = caught
        assert self.name in str(error), f"the message does not name the file: {error}"
        assert {path.name for path in self.out.parent.iterdir()} == {"lake"}, "something was left"
        return None

    def judge(self, manifest: GateManifest, outcomes: Counter[str]) -> None:
        """Read what was kept, and hold every row against plain Python.

        Raises:
            AssertionError: a row that must not train is there, or rows are missing.
        """
        assert manifest.kept_rows + manifest.withheld_rows == sum(file.rows for file in manifest.inputs)
        for reader in self.of.readers:
            seen = 0
            is_read = True
            try:
                for fields in reader(self.out / "kept" / self.name):
                    seen += 1
                    assert may_train(fields), (
                        f"{reader.__name__} finds in {self.mode} a row that must not train: {fields}"
                    )
            except AssertionError:
                raise
            except BaseException as error:  # noqa: BLE001  readers raise what they like, and Polars panics
                is_read = False
                outcomes[f"{reader.__name__} refuses what was kept ({self.mode}): {type(error).__name__}"] += 1
            assert not is_read or seen == manifest.kept_rows, (
                f"{reader.__name__} finds {seen} rows in {self.mode}, and not {manifest.kept_rows}"
            )


def _damaged(of: FuzzFormat, name: str, seed: int, folder: Path) -> _Mutant:
    random = Random(f"{name} {seed}")
    mode = GateMode.LINK if seed % 3 == 0 else GateMode.REWRITE
    base = random.randrange(len(of.bases) // 2) * 2 + (1 if mode is GateMode.LINK else 0)
    return _Mutant(of, of.mutant(base, random), mode, folder)


def _check_undamaged(of: FuzzFormat, folder: Path) -> None:
    """See to it that what is not damaged is read by all, and that all loops are compiled."""
    outcomes: Counter[str] = Counter()
    for raw in of.bases:
        sound = _Mutant(of, raw, GateMode.REWRITE, folder)
        manifest = sound.gate()
        assert manifest is not None
        assert manifest.kept_rows
        sound.judge(manifest, outcomes)
    assert not outcomes, outcomes


def main(name: str, first: str, mutants: str, folder: str) -> None:
    """Gate some mutants."""
    of = FORMATS[name]()
    _check_undamaged(of, Path(folder))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    outcomes: Counter[str] = Counter()
    for seed in range(int(first), int(first) + int(mutants)):
        faulthandler.dump_traceback_later(_MOST_SECONDS, exit=True)
        print(seed, "gate", flush=True)
        try:
            mutant = _damaged(of, name, seed, Path(folder))
            manifest = mutant.gate()
            print(seed, "read", flush=True)
            if manifest is not None:
                mutant.judge(manifest, outcomes)
            outcomes["refused" if manifest is None else "gated"] += 1
        except Exception as error:  # noqa: BLE001  a traceback in the gate is a finding like any other
            where = traceback.extract_tb(error.__traceback__)[-1]
            print(
                seed,
                "failed",
                repr(f"{type(error).__name__} at {Path(where.filename).name}:{where.lineno} {error}"),
                flush=True,
            )
    faulthandler.cancel_dump_traceback_later()
    for outcome, times in sorted(outcomes.items()):
        print(times, outcome, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
