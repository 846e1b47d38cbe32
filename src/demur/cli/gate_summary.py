"""What `demur gate run` shows while it runs, and says at its end."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from demur.core.gate_manifest import WITHHELD, GateManifest, GateMode

if TYPE_CHECKING:
    from demur.gate.dry_run import DryRun
    from demur.gate.mapping import SourceMapping
    from demur.gate.suppression_list import SuppressionList

_BAR_CELLS = 30


class _RowRate(ProgressColumn):
    """Rows a second."""

    def render(self, task: Task) -> Text:
        """Return the speed so far."""
        rate = task.finished_speed or task.speed
        return Text("" if rate is None else f"{rate:,.0f} rows/s")


class GateProgress(Progress):
    """A bar on the error stream, and below it, as long as it moves, the reasons so far."""

    def __init__(self, what: str) -> None:
        """Show the bar of something whose size is not known yet."""
        self._reasons = ""
        super().__init__(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            _RowRate(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._task = self.add_task(what, total=None)

    def __call__(self, done: int, total: int | None) -> None:
        """Be told (rows done, rows in all)."""
        self.update(self._task, completed=done, total=total)

    def tell_reasons(self, rows: Mapping[str, int]) -> None:
        """Be told how many rows have each reason so far."""
        most_first = sorted(rows.items(), key=lambda item: (-item[1], item[0]))
        self._reasons = ", ".join(f"{code} {count:,}" for code, count in most_first)

    def stop(self) -> None:
        """Leave the bar alone: of reasons the summary says more."""
        self._reasons = ""
        super().stop()

    def get_renderables(self) -> Iterator[RenderableType]:
        """Return the bar and the reasons."""
        yield from super().get_renderables()
        if self._reasons:
            yield Text(f"withheld so far: {self._reasons}", no_wrap=True, overflow="ellipsis")


@contextmanager
def gate_progress(what: str, doing: str = "gating with") -> Iterator[GateProgress]:
    """Show a bar; give what has to be told (rows done, rows in all), and of reasons if there are some."""
    with GateProgress(f"{doing} {what}") as bar:
        yield bar


def print_summary(
    outcome: "GateManifest | DryRun", end: str, taken_over: int = 0, unaffected: int | None = None
) -> None:
    """Print what was decided, by reason, and what became of it.

    Args:
        outcome: what was decided.
        end: where it is.
        taken_over: how many files a dead run had finished.
        unaffected: how many files were taken over from an earlier output; None if there is none.
    """
    total = outcome.kept_rows + outcome.withheld_rows
    table = Table("", "rows", "share", "", box=None, pad_edge=False)
    table.columns[1].justify = table.columns[2].justify = "right"
    lines = [("kept", outcome.kept_rows), ("withheld", outcome.withheld_rows)]
    reasons = sorted(outcome.withheld_by_reason.items(), key=lambda item: (-item[1], item[0]))
    for name, rows in [*lines, *((f"  {code}", rows) for code, rows in reasons if rows)]:
        share = rows / total if total else 0.0
        table.add_row(name, f"{rows:,}", f"{share:.2%}", "█" * round(share * _BAR_CELLS))
    console = Console(highlight=False, markup=False)
    console.print(table)
    if isinstance(outcome, GateManifest) and outcome.linked:
        console.print(_linked_words(outcome))
    if isinstance(outcome, GateManifest) and taken_over:
        console.print(f"Files taken over from a run that died: {taken_over:,} of {len(outcome.inputs):,}.")
    if isinstance(outcome, GateManifest) and unaffected is not None:
        console.print(f"Files unaffected since the earlier output: {unaffected:,} of {len(outcome.inputs):,}.")
    if any(outcome.withheld_by_reason.values()):
        console.print("A row with two reasons counts in both.")
    if outcome.kinds_not_applied:
        kinds = ", ".join(outcome.kinds_not_applied)
        console.print(f"The list also has entries that no rule of this version looks for: {kinds}.")
    console.print(f"list {outcome.list_number}; {end}", soft_wrap=True)


def _linked_words(outcome: GateManifest) -> str:
    if outcome.mode is GateMode.DELETES:
        return (
            f"All {len(outcome.linked):,} files are linked, with rows that are withheld: read them as a table only, "
            "which leaves these out."
        )
    files = [file for file in outcome.outputs if file.path.startswith(f"{WITHHELD}/")]
    return f"{len(outcome.linked):,} of {len(files):,} files kept every row, and are linked."


def warn_of_namespaces(mapping: "SourceMapping", suppressions: "SuppressionList") -> None:
    """Say when a mapping's namespace cannot match anybody: a misspelt one would keep everybody's rows in silence."""
    from demur.core.identifier import IdentifierKind

    columns = [column for column in (mapping.author_account, mapping.tagged_accounts) if column is not None]
    namespaces = sorted({column.namespace for column in columns if column.namespace is not None})
    for namespace in namespaces if IdentifierKind.ACCOUNT in suppressions.kinds else ():
        if not len(suppressions.index(IdentifierKind.ACCOUNT, namespace)):
            Console(highlight=False, markup=False, soft_wrap=True).print(
                f'No account on the list is of the namespace "{namespace}", so nobody was looked for in columns of it. '
                "If people of this product have objected, the mapping is wrong: do not train on the output."
            )
