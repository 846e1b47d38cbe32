"""A case, and what belongs to it from the form to the end."""

from django.db import models

from demur.core.identifier import IdentifierKind, Standing
from demur.core.objection import Capacity, CaseState


class ListWish(models.IntegerChoices):
    """Whether the next suppression list must say something else about a case.

    `taken` while a list is made: who changes the case meanwhile sets it to `wanted` again, and what a crash leaves
    taken is as good as wanted.
    """

    NONE = 0
    WANTED = 1
    TAKEN = 2


class Case(models.Model):
    """An objection, from the form to its decision (see demur.core.objection)."""

    reference = models.CharField(max_length=16, unique=True, db_comment="What people quote, e.g. DMR-7K3F-9Q2M")
    state = models.CharField(
        max_length=16,
        choices=[(state.value, state.value) for state in CaseState],
        db_comment="State after demur.core.objection; changed by services only",
    )
    version = models.PositiveIntegerField(default=0, db_comment="Rises with every change; closes races")
    country = models.CharField(max_length=2, db_comment="Country of residence, ISO 3166-1 alpha-2")
    email = models.CharField(max_length=320, db_comment="Normalised address, to which the code was sent")
    language = models.CharField(max_length=12, db_comment="Language of pages and mails, BCP 47")
    capacity = models.CharField(
        max_length=24,
        choices=[(capacity.value, capacity.value) for capacity in Capacity],
        db_comment="In which capacity the person objects",
    )
    name = models.CharField(
        max_length=200,
        blank=True,
        db_comment="Name, as typed, of the person whom the data are about; may be empty",
    )
    representative_name = models.CharField(
        max_length=200,
        blank=True,
        db_comment="Name, as typed, of the guardian or agent who writes; empty if the person writes",
    )
    links = models.JSONField(default=list, db_comment="Links to posts by others, as typed")
    effect = models.TextField(blank=True, db_comment="How the processing affects the person, in their words")
    lodged_at = models.DateTimeField(db_comment="When the form was sent")
    received_at = models.DateTimeField(
        null=True,
        db_comment="Start of the legal clock: lodged_at, once the code is confirmed; null before",
    )
    confirmed_at = models.DateTimeField(null=True, db_comment="When the code was confirmed; in force from here on")
    due_on = models.DateField(null=True, db_comment="Last day on which an answer is in time; null until confirmed")
    decided_at = models.DateTimeField(null=True, db_comment="When the latest decision was made; null until then")
    continue_token_sha256_hex = models.CharField(
        max_length=64,
        unique=True,
        db_comment="SHA-256 of the secret in the code page's address",
    )
    status_token_sha256_hex = models.CharField(  # noqa: DJ001  (unique, so that "none yet" cannot be "")
        max_length=64,
        unique=True,
        null=True,
        db_comment="SHA-256 of the secret in the status page's address; null until confirmed",
    )
    first_list_number = models.PositiveIntegerField(
        null=True,
        db_comment="Number of the first suppression list that carried this case; null until one did",
    )
    list_wish = models.PositiveSmallIntegerField(
        choices=ListWish,
        default=ListWish.NONE,
        db_comment="1 from a change that the newest suppression list does not carry; 2 while one is made that does",
    )

    class Meta:
        """Cases as a table."""

        db_table_comment = "Objections; unconfirmed ones are erased after 24 hours"
        indexes = (
            models.Index(fields=["state", "due_on"], name="case_state_due_on"),
            models.Index(fields=["lodged_at"], condition=models.Q(state=CaseState.LODGED), name="case_unconfirmed"),
            models.Index(fields=["list_wish"], condition=models.Q(list_wish__gt=ListWish.NONE), name="case_list_wish"),
        )

    def __str__(self) -> str:
        """Return the reference: the only thing about a case that may appear in a log."""
        return self.reference


class CaseIdentifier(models.Model):
    """One identifier of the person, and so one entry of the suppression list while the case is in force."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="identifiers")
    kind = models.CharField(
        max_length=8,
        choices=[(kind.value, kind.value) for kind in IdentifierKind],
        db_comment="Kind after demur.core.identifier",
    )
    value = models.CharField(max_length=320, db_comment="Normalised value, as the gate compares it")
    standing = models.CharField(
        max_length=8,
        choices=[(standing.value, standing.value) for standing in Standing],
        db_comment="verified or claimed",
    )
    entry_id = models.BinaryField(max_length=16, unique=True, db_comment="16 random bytes that name the list entry")
    typed = models.CharField(max_length=320, blank=True, db_comment="What the person typed; empty if nothing was")
    source = models.ForeignKey(
        "self",
        on_delete=models.CASCADE,
        null=True,
        related_name="accounts",
        db_comment="The handle that the account directory resolved into this account",
    )
    accounts_found = models.PositiveSmallIntegerField(
        null=True,
        db_comment="How many accounts the directory knows for this handle; null if not asked yet, or no handle",
    )
    ask_at = models.DateTimeField(
        null=True,
        db_comment="When the directory is asked again about this handle; null if it has answered, or before the code",
    )

    class Meta:
        """Identifiers as a table."""

        db_table_comment = "Identifiers of the people who objected"
        constraints = (models.UniqueConstraint(fields=["case", "kind", "value"], name="identifier_once_a_case"),)
        indexes = (models.Index(fields=["ask_at"], condition=models.Q(ask_at__isnull=False), name="identifier_ask_at"),)

    def __str__(self) -> str:
        """Return the kind only: a value is personal data."""
        return f"{self.kind} of {self.case_id}"


class Code(models.Model):
    """The six-digit code that is outstanding for a case; a new one replaces it.

    `expires_at` and `tries_left` are what a page tells, and begin anew whenever a code is asked for. `good_until` and
    `guesses_left` belong to the code that was mailed, and begin anew only with the next one: where an address had its
    share of mails, the page looks as ever, and the code that the person holds goes on to work for its hour.
    """

    case = models.OneToOneField(Case, on_delete=models.CASCADE, related_name="code")
    digest_hex = models.CharField(max_length=64, db_comment="HMAC-SHA-256 of case and code under docket.secret")
    good_until = models.DateTimeField(
        null=True,
        db_comment="From this instant on the code that was mailed confirms nothing; null if none was mailed",
    )
    guesses_left = models.SmallIntegerField(
        default=0,
        db_comment="How often the code that was mailed may still be compared; falls below zero",
    )
    expires_at = models.DateTimeField(db_comment="An hour after a code was asked for; typing is pointless from here")
    tries_left = models.PositiveSmallIntegerField(db_comment="Paid before a code is compared; from 5 down")
    asked_at = models.JSONField(default=list, db_comment="When codes were asked for at the present address")
    corrections = models.PositiveSmallIntegerField(default=0, db_comment="How often the address was corrected")

    class Meta:
        """Codes as a table."""

        db_table_comment = "Outstanding codes; the codes themselves are not stored"

    def __str__(self) -> str:
        """Return the case."""
        return f"code of {self.case_id}"


class CaseChange(models.Model):
    """One change of state. Rows are added and never changed."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="changes")
    changed_at = models.DateTimeField(db_comment="When")
    old_state = models.CharField(max_length=16, blank=True, db_comment="State before; empty for the first row")
    new_state = models.CharField(max_length=16, db_comment="State after")
    actor = models.CharField(max_length=80, db_comment="data_subject, or the id of a member of staff")
    ground = models.CharField(max_length=40, blank=True, db_comment="Machine-readable ground of a refusal")
    text = models.TextField(blank=True, db_comment="Written ground, or what the person wrote in the appeal")

    class Meta:
        """Changes as a table."""

        db_table_comment = "Append-only history of cases"
        ordering = ("pk",)

    def __str__(self) -> str:
        """Return the change without its text."""
        return f"{self.case_id}: {self.old_state} -> {self.new_state}"


class Addition(models.Model):
    """Something that a person added to a confirmed case, in their words."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="additions")
    added_at = models.DateTimeField(db_comment="When")
    text = models.TextField(blank=True, db_comment="What was written; empty if only identifiers or photos came")

    class Meta:
        """Additions as a table."""

        db_table_comment = "What people added to their cases later"
        ordering = ("pk",)

    def __str__(self) -> str:
        """Return the case."""
        return f"addition to {self.case_id}"
