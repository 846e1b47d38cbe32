"""The engines that a run can be made with. Here alone, so that the command line can name them without loading them."""

from enum import StrEnum


class EngineName(StrEnum):
    """What gates the files of a run."""

    EMBEDDED = "embedded"
    RAY = "ray"
    SPARK = "spark"
