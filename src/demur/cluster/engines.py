"""From an engine's name to what `run_gate` gates files with. Libraries of engines are loaded here, when asked for."""

from pathlib import Path

from demur.cluster.driver import Engine, gate_files_on
from demur.cluster.engine_name import EngineName
from demur.cluster.errors import ClusterError
from demur.gate.embedded_engine import GateFiles, gate_in_threads


def load_gate_files(name: EngineName, list_path: Path, keys_folder: Path) -> GateFiles:
    """Return what gates the files of a run.

    Args:
        name: of the engine.
        list_path: the sealed list, which is brought to the workers.
        keys_folder: what they open it with, at the same path on each machine.

    Raises:
        ClusterError: the engine's library is not installed.
    """
    if name is EngineName.EMBEDDED:
        return gate_in_threads
    try:
        return gate_files_on(_load(name, list_path), keys_folder)
    except ImportError as error:
        raise ClusterError(
            f"the library of the engine {name} is not installed", hint=f'run: pip install "demur[{name}]"'
        ) from error


def _load(name: EngineName, list_path: Path) -> Engine:
    if name is EngineName.RAY:
        from demur.cluster.ray_engine import RayEngine  # noqa: PLC0415  (a large library that may not be there)

        return RayEngine(list_path)
    from demur.cluster.spark_engine import SparkEngine  # noqa: PLC0415

    return SparkEngine(list_path)
