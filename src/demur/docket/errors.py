"""The docket's errors.

DemurError
└── DocketError
    ├── LodgingRefusedError      a field of the form cannot be taken as it is
    ├── LinkUnknownError         no case has this private link, or it was erased
    ├── CodeError
    │   ├── CodeWrongError       another code was sent; says how many tries are left
    │   ├── CodeSpentError       five tries were made
    │   └── CodeExpiredError     the code is older than an hour
    ├── AlreadyConfirmedError    the case was confirmed before
    ├── MailLimitError           enough codes were asked for; says when the next may be
    ├── CorrectionLimitError     the address was corrected often enough
    ├── FloodError               too much comes from one network; says when it may go on
    ├── CaseUnknownError         no case has this reference
    ├── CaseChangedError         somebody else changed the case a moment ago
    ├── DecisionRefusedError     a decision lacks its grounds, or is made by the wrong person
    ├── PhotoRefusedError        a photo cannot be taken; says why
    ├── AdditionRefusedError     something cannot be added to the case; says why
    ├── TrainingSetRefusedError  a gate's counts are not those of its manifest, or of no list of ours
    ├── HomeNotReadyError        the home folder was never made ready, or not to its end
    └── WorkerRunningError       another worker serves this docket

Their sentences are for the web and for terminals alike: what happened, without anything that a person typed.
"""

from datetime import datetime
from enum import StrEnum

from demur.core.errors import DemurError


class DocketError(DemurError):
    """What the docket refuses, or could not do."""


class LodgingRefusedError(DocketError):
    """A field of the form cannot be taken as it is.

    Attributes:
        field: the field's name in `Lodging`.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class LinkUnknownError(DocketError):
    """No case has this private link: it was never given out, or the case was erased unconfirmed."""

    def __init__(self) -> None:
        super().__init__(
            "this link is not known: the objection was not confirmed in time and has been erased, or the link is cut",
            hint="open the link from the newest mail, or send the objection again",
        )


class CodeError(DocketError):
    """The code that was typed does not confirm the case."""


class CodeWrongError(CodeError):
    """Another code was sent.

    Attributes:
        tries_left: how often a code may still be typed; from 1.
    """

    def __init__(self, tries_left: int) -> None:
        super().__init__("this is not the code that was sent", hint="compare it with the newest mail")
        self.tries_left = tries_left


class CodeSpentError(CodeError):
    """All tries were made; no code confirms until a new one is sent."""

    def __init__(self) -> None:
        super().__init__("this code was typed wrongly too often and is no longer valid", hint="ask for a new code")


class CodeExpiredError(CodeError):
    """The code is older than an hour."""

    def __init__(self) -> None:
        super().__init__("this code has expired; nothing that you wrote is lost", hint="ask for a new code")


class AlreadyConfirmedError(DocketError):
    """The case was confirmed before: by a second click, or on another device."""

    def __init__(self) -> None:
        super().__init__(
            "this objection is confirmed already",
            hint="its private link is in the confirmation mail",
        )


class MailLimitError(DocketError):
    """Enough codes were asked for.

    Attributes:
        next_at: when the next one may be asked for.
    """

    retry_can_help = True

    def __init__(self, next_at: datetime) -> None:
        super().__init__(
            "no more codes can be sent for this objection for a while",
            hint="use the code of the newest mail, or ask again later",
        )
        self.next_at = next_at


class CorrectionLimitError(DocketError):
    """The address was corrected so often that somebody may be trying addresses out."""

    def __init__(self) -> None:
        super().__init__(
            "the address of this objection cannot be corrected again",
            hint="send the objection again, with the right address",
        )


class FloodError(DocketError):
    """Too much comes from one network, or from one signed-in person.

    Attributes:
        next_at: when it may go on.
    """

    retry_can_help = True

    def __init__(self, next_at: datetime) -> None:
        super().__init__("too much came from the same network within a short time", hint="try again later")
        self.next_at = next_at


class CaseUnknownError(DocketError):
    """No case has this reference."""

    def __init__(self) -> None:
        super().__init__("no case has this reference")


class CaseChangedError(DocketError):
    """Somebody else changed the case between reading and writing."""

    retry_can_help = True

    def __init__(self) -> None:
        super().__init__(
            "somebody else changed this case a moment ago; nothing was done",
            hint="look at it again",
        )


class DecisionRefusedError(DocketError):
    """A decision lacks its grounds, or is made by somebody who must not make it."""


class AdditionProblem(StrEnum):
    """Why something cannot be added to a case."""

    CLOSED = "closed"
    ENOUGH_TODAY = "enough_today"
    ENOUGH = "enough"
    NOTHING_NEW = "nothing_new"


class AdditionRefusedError(DocketError):
    """Something cannot be added to a case.

    Attributes:
        problem: why.
    """

    def __init__(self, problem: AdditionProblem) -> None:
        super().__init__(f"this cannot be added to the case: {problem.replace('_', ' ')}")
        self.problem = problem


class PhotoProblem(StrEnum):
    """Why a photo cannot be taken."""

    EMPTY = "empty"
    TOO_MANY_BYTES = "too_many_bytes"
    TOO_MANY_PIXELS = "too_many_pixels"
    NO_PHOTO = "no_photo"
    ANOTHER_KIND = "another_kind"
    BROKEN = "broken"
    HIDES_ANOTHER_FILE = "hides_another_file"
    NOT_DRAWN = "not_drawn"
    TOO_MANY_PHOTOS = "too_many_photos"


class FaceProblem(StrEnum):
    """Why no face is looked for by a photo whose sender agreed to it; the photo itself is taken all the same."""

    NO_FACE = "no-face"
    SEVERAL_FACES = "several-faces"
    TOO_SMALL = "too-small"
    NOT_READ = "not-read"


class PhotoRefusedError(DocketError):
    """A photo cannot be taken.

    Attributes:
        problem: why.
    """

    def __init__(self, problem: PhotoProblem) -> None:
        super().__init__(f"this photo cannot be taken: {problem.replace('_', ' ')}")
        self.problem = problem


class TrainingSetRefusedError(DocketError):
    """The counts beside a gate's manifest are not those that it names, or it names no list that was published here."""


class HomeNotReadyError(DocketError):
    """The home folder was never made ready, or not to its end, or by an older version."""


class WorkerRunningError(DocketError):
    """Another worker serves this docket; two would send mails twice."""

    def __init__(self) -> None:
        super().__init__("another worker already serves this docket", hint="stop it first; one is enough")
