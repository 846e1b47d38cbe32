"""Everything that changes a case.

Each function is one transaction: the change, its history, its mail, its log entry and the wish for a new list become
visible together or not at all.

Races are closed by a conditional update ("did one row change?"), so two people, or two clicks, cannot both win.
Every function takes the instant as `now` and raises errors of demur.docket.errors or demur.core.errors.
"""

from demur.docket.services.add import add_information
from demur.docket.services.confirm import confirm_code
from demur.docket.services.correct import correct_address
from demur.docket.services.decide import appeal, decide, start_review
from demur.docket.services.erase import erase_photos, erase_unconfirmed
from demur.docket.services.faces import withdraw_faces
from demur.docket.services.lodge import lodge_objection, resend_code, was_lodged
from demur.docket.services.statement import record_statement
from demur.docket.services.withdraw import withdraw

__all__ = [
    "add_information",
    "appeal",
    "confirm_code",
    "correct_address",
    "decide",
    "erase_photos",
    "erase_unconfirmed",
    "lodge_objection",
    "record_statement",
    "resend_code",
    "start_review",
    "was_lodged",
    "withdraw",
    "withdraw_faces",
]
