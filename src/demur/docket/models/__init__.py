"""The tables of the docket, which no other room reads or writes directly.

Services write them, selectors read them. For each table: what someone who can change it could do.

Case              withdraw or forge an objection: keep the database as private and as guarded as the keys
CaseIdentifier    decide whose rows are withheld
Code              confirm an objection for an address that is not theirs, if they also hold docket.secret
CaseChange        rewrite the history that a person sees; the log (ledger) would contradict it
Mail              nothing readable: a waiting body is sealed under docket.secret, and is wiped once sent
LogEntry          lose the salt of a receipt, so that it can no longer be shown; not forge an entry
PublishedList     hide that a list was published; the log would contradict it
MailAllowance     lift the limit on code mails to an address
UsedShare         lift the limits that stop a flood
Draft             nothing readable: it is sealed under docket.secret
Photo             decide by its hashes which pictures are withheld; the photo itself is sealed under docket.secret
Face              nothing readable: it is sealed under docket.secret; undo a withdrawal only by giving the face anew
Addition          put words into a person's mouth
TrainingSet       show people a training set that was never built; its signed manifest would contradict it
"""

from demur.docket.models.case import Addition, Case, CaseChange, CaseIdentifier, Code, ListWish
from demur.docket.models.draft import MOST_HASHINGS, Draft, Photo, PhotoPurpose
from demur.docket.models.face import Face
from demur.docket.models.limit import MailAllowance, UsedShare
from demur.docket.models.outbox import Mail, MailKind, MailState
from demur.docket.models.publication import LogEntry, PublishedList
from demur.docket.models.training_set import TrainingSet, WithheldCount

__all__ = [
    "MOST_HASHINGS",
    "Addition",
    "Case",
    "CaseChange",
    "CaseIdentifier",
    "Code",
    "Draft",
    "Face",
    "ListWish",
    "LogEntry",
    "Mail",
    "MailAllowance",
    "MailKind",
    "MailState",
    "Photo",
    "PhotoPurpose",
    "PublishedList",
    "TrainingSet",
    "UsedShare",
    "WithheldCount",
]
