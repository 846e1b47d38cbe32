"""What can stop a gate. Each error has an exit code of its own, so that a script can tell them apart.

DemurError
└── GateError
    ├── MappingError             10  the source mapping is not one
    ├── ColumnMissingError       11  the mapping names a column that a file does not have
    ├── ColumnTypeError          12  a column has a type that its role cannot have
    ├── UnreadableInputError     13  no data that can be read, or a folder that holds other things
    ├── RowIdMissingError        14  a row without id cannot be accounted for
    ├── InputChangedError        15  an input file changed while it was read
    ├── OutputExistsError        16  the output folder has something in it, or is in the input
    ├── OutputBusyError          17  another run is writing to the same output folder
    ├── OutputWriteError         19  writing failed
    │   └── NoSpaceError         18  the disk, the quota or the file size limit is full
    ├── StoreError               21  an object store refused, cannot be reached, or lacks what a run needs
    ├── PictureToolsMissingError 22  what reads pictures is not installed
    ├── PictureProcessError      23  no process that looks at pictures can be started
    └── EarlierOutputError       24  an earlier output cannot be gone on from

A list that is damaged, foreign, tampered or out of date is refused with the errors of `demur.core.errors`. Whatever
the error: nothing was written under the final name. No message holds a value of a row.
"""

from typing import ClassVar

from demur.core.errors import DemurError


class GateError(DemurError):
    """A gate stopped, and wrote nothing.

    Attributes:
        exit_code: what the command line ends with.
    """

    exit_code: ClassVar[int]


class MappingError(GateError):
    """A source mapping is not what docs/spec/source-mapping.md says."""

    exit_code = 10


class ColumnMissingError(GateError):
    """A file lacks a column that the mapping names, or has it twice."""

    exit_code = 11


class ColumnTypeError(GateError):
    """A column has a type that its role cannot have."""

    exit_code = 12


class UnreadableInputError(GateError):
    """An input cannot be read, is damaged, or is a folder with something in it that would have been passed over."""

    exit_code = 13


class RowIdMissingError(GateError):
    """A row has no id, so that nobody could be told whether it was kept or withheld."""

    exit_code = 14


class InputChangedError(GateError):
    """An input file is not the same at the end of the run as at its beginning."""

    exit_code = 15
    retry_can_help = True


class OutputExistsError(GateError):
    """The output folder has something in it, is no folder, or lies in the input."""

    exit_code = 16


class OutputBusyError(GateError):
    """Another run is writing to the same output folder."""

    exit_code = 17
    retry_can_help = True


class OutputWriteError(GateError):
    """Writing failed."""

    exit_code = 19


class NoSpaceError(OutputWriteError):
    """The disk, the quota or the file size limit is full."""

    exit_code = 18


class StoreError(GateError):
    """An object store refused, cannot be reached, or lacks what a run needs."""

    exit_code = 21
    retry_can_help = True


class PictureToolsMissingError(GateError):
    """What reads pictures is not installed."""

    exit_code = 22


class PictureProcessError(GateError):
    """No child process that looks at pictures could be started."""

    exit_code = 23
    retry_can_help = True


class EarlierOutputError(GateError):
    """An output that a run was to go on from is no output of this gate, or of another mapping, mode or rules."""

    exit_code = 24
