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
Draft, Photo      nothing readable: both are sealed under docket.secret
Addition          put words into a person's mouth
TrainingSet       show people a training set that was never built; its signed manifest would contradict it
"""

from django.db import models

from demur.core.entry import Event
from demur.core.identifier import IdentifierKind, Standing
from demur.core.objection import Capacity, CaseState


class MailKind(models.TextChoices):
    """What a mail tells."""

    CODE = "code"
    CONFIRMATION = "confirmation"
    DECISION = "decision"
    APPEAL = "appeal"
    ADDITION = "addition"
    WITHDRAWAL = "withdrawal"


class MailState(models.TextChoices):
    """Where a mail is: `sending` means that it may have left, `sent` that it has, `withheld` that it never will."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    WITHHELD = "withheld"


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


class Draft(models.Model):
    """What somebody has sent of the form so far, kept for a day so that an error or a closed tab loses nothing."""

    token_sha256_hex = models.CharField(
        max_length=64,
        unique=True,
        db_comment="SHA-256 of the secret in the browser's cookie",
    )
    sealed_fields = models.BinaryField(db_comment="The fields as JSON, sealed under docket.secret")
    salt = models.BinaryField(max_length=32, db_comment="Salt of the sealing")
    expires_at = models.DateTimeField(db_comment="The row is erased from this instant on")

    class Meta:
        """Drafts as a table."""

        db_table_comment = "Forms that were begun; erased after 24 hours, or when they are sent"
        indexes = (models.Index(fields=["expires_at"], name="draft_expires_at"),)

    def __str__(self) -> str:
        """Return the row's number."""
        return f"draft {self.pk}"


class PhotoPurpose(models.TextChoices):
    """Why a photo was sent."""

    SHOWS_PERSON = "shows_person"
    MANDATE = "mandate"


class Photo(models.Model):
    """A photo that somebody sent, drawn anew from its pixels; it belongs to a draft until that becomes a case."""

    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, null=True, related_name="photos")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, null=True, related_name="photos")
    purpose = models.CharField(max_length=16, choices=PhotoPurpose, db_comment="shows_person or mandate")
    sealed_jpeg = models.BinaryField(db_comment="JPEG without metadata, sealed under docket.secret")
    salt = models.BinaryField(max_length=32, db_comment="Salt of the sealing")
    width_pixels = models.PositiveIntegerField(db_comment="Width as stored")
    height_pixels = models.PositiveIntegerField(db_comment="Height as stored")
    size_bytes = models.PositiveIntegerField(db_comment="Size of the JPEG")
    created_at = models.DateTimeField(db_comment="When it was sent")

    class Meta:
        """Photos as a table."""

        db_table_comment = "Photos that people sent, sealed"
        constraints = (
            models.CheckConstraint(
                condition=models.Q(draft=None, case__isnull=False) | models.Q(draft__isnull=False, case=None),
                name="photo_has_one_owner",
            ),
        )

    def __str__(self) -> str:
        """Return the row's number."""
        return f"photo {self.pk}"


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


class TrainingSet(models.Model):
    """A training set that a gate built, as its signed manifest tells."""

    manifest_sha256_hex = models.CharField(
        max_length=64,
        unique=True,
        db_comment="SHA-256 of the manifest's text, without its signatures, of which more may be added",
    )
    built_at = models.DateTimeField(db_comment="When the manifest was logged: it holds no clock time itself")
    list_number = models.PositiveIntegerField(db_comment="Number of the suppression list that the gate used")
    input_rows = models.PositiveBigIntegerField(db_comment="Rows that went in")
    withheld_rows = models.PositiveBigIntegerField(db_comment="Rows that were left out")

    class Meta:
        """Training sets as a table."""

        db_table_comment = "Training sets, from gate manifests"
        ordering = ("built_at", "pk")

    def __str__(self) -> str:
        """Return the list's number."""
        return f"training set of list {self.list_number}"


class WithheldCount(models.Model):
    """How many rows of a training set were left out for one case."""

    training_set = models.ForeignKey(TrainingSet, on_delete=models.CASCADE, related_name="counts")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="withheld_counts")
    rows = models.PositiveBigIntegerField(
        db_comment="Rows left out because of this case's identifiers; one in which two of them occur counts twice",
    )
    identifiers = models.PositiveIntegerField(
        db_comment="How many of the case's identifiers left out rows; the number of rows is exact if it is one",
    )

    class Meta:
        """Counts as a table."""

        db_table_comment = "Rows left out of training sets, by case"
        constraints = (models.UniqueConstraint(fields=["training_set", "case"], name="count_once_a_set_and_case"),)

    def __str__(self) -> str:
        """Return which count it is."""
        return f"count of {self.case_id} in {self.training_set_id}"


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


class LogEntry(models.Model):
    """A statement that is, or is about to be, committed to in the log."""

    event = models.CharField(max_length=24, choices=[(e.value, e.value) for e in Event], db_comment="What happened")
    statement = models.JSONField(db_comment="What is stated; the log holds only a salted hash of it")
    salt = models.BinaryField(max_length=32, db_comment="32 random bytes; whoever lacks them cannot guess")
    leaf_index = models.PositiveBigIntegerField(null=True, unique=True, db_comment="Place in the log; null until there")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, null=True, related_name="log_entries")
    created_at = models.DateTimeField(db_comment="When the statement was made")

    class Meta:
        """Entries as a table."""

        db_table_comment = "Statements behind the entries of the append-only log"
        ordering = ("pk",)

    def __str__(self) -> str:
        """Return the event and its place."""
        return f"{self.event} at {self.leaf_index}"


class Mail(models.Model):
    """One mail of the outbox, written in the transaction that makes it due."""

    kind = models.CharField(max_length=16, choices=MailKind, db_comment="What the mail tells")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="mails")
    recipient = models.CharField(max_length=320, db_comment="Address")
    message_id = models.CharField(
        max_length=120,
        unique=True,
        db_comment="Message-ID, fixed here so that a second try can be recognised as the same mail",
    )
    sealed_body = models.BinaryField(null=True, db_comment="Subject and text, sealed; null once sent or pointless")
    salt = models.BinaryField(max_length=32, db_comment="Salt of the sealing")
    state = models.CharField(max_length=8, choices=MailState, default=MailState.QUEUED, db_comment="Where it is")
    attempts = models.PositiveSmallIntegerField(default=0, db_comment="How often a delivery was begun")
    created_at = models.DateTimeField(db_comment="When it became due; also its Date header")
    next_attempt_at = models.DateTimeField(db_comment="Not to be tried before this instant")
    pointless_from = models.DateTimeField(null=True, db_comment="A code mail is not sent once its code has expired")
    sent_at = models.DateTimeField(null=True, db_comment="When the mail server took it")
    waits_for = models.ForeignKey(
        LogEntry,
        on_delete=models.PROTECT,
        null=True,
        related_name="mails",
        db_comment="The entry whose receipt is attached; the mail waits until it is logged",
    )

    class Meta:
        """Mails as a table."""

        db_table_comment = "Outbox"
        indexes = (
            models.Index(fields=["next_attempt_at"], condition=models.Q(state=MailState.QUEUED), name="mail_queued"),
            models.Index(fields=["id"], condition=models.Q(state=MailState.SENDING), name="mail_sending"),
        )

    def __str__(self) -> str:
        """Return the kind and the case, not the recipient."""
        return f"{self.kind} mail of {self.case_id}"


class PublishedList(models.Model):
    """A suppression list that was published."""

    number = models.PositiveIntegerField(unique=True, db_comment="Counts from 1 and only rises")
    issued_at = models.DateTimeField(db_comment="When it was published")
    expires_at = models.DateTimeField(db_comment="From this instant on no gate uses it")
    tree_size = models.PositiveBigIntegerField(db_comment="Every objection logged below this position is in it")
    entries = models.PositiveBigIntegerField(db_comment="How many entries are sealed inside")
    content_sha256_hex = models.CharField(max_length=64, db_comment="SHA-256 of the entries before sealing")
    file_sha256_hex = models.CharField(max_length=64, db_comment="SHA-256 of the file")

    class Meta:
        """Lists as a table."""

        db_table_comment = "Published suppression lists"

    def __str__(self) -> str:
        """Return the number."""
        return f"list {self.number}"


class MailAllowance(models.Model):
    """How many code mails an address got lately, and from whose network; survives the erasure of cases."""

    key_hmac_hex = models.CharField(
        max_length=64,
        unique=True,
        db_comment="HMAC-SHA-256 of the address under docket.secret, so that no address is kept here",
    )
    taken_at = models.JSONField(
        default=list,
        db_comment="Instants of the last day, oldest first, each with the start of an HMAC of who asked",
    )
    expires_at = models.DateTimeField(db_comment="The row is erased from this instant on")

    class Meta:
        """Allowances as a table."""

        db_table_comment = "Limits on code mails"
        indexes = (models.Index(fields=["expires_at"], name="allowance_expires_at"),)

    def __str__(self) -> str:
        """Return the row's number."""
        return f"allowance {self.pk}"


class UsedShare(models.Model):
    """How much of its share somebody has used: a network, a signed-in person, or a proof of work that counts once.

    Every use moves `used_until` onward by a step; time brings it back. So a limit is one conditional update.
    """

    key_hmac_hex = models.CharField(
        max_length=64,
        unique=True,
        db_comment="HMAC-SHA-256 of what is limited, under docket.secret: no address is kept here",
    )
    used_until = models.DateTimeField(db_comment="The whole share is back at this instant; the row is then erased")

    class Meta:
        """Shares as a table."""

        db_table_comment = "Limits against floods"
        indexes = (models.Index(fields=["used_until"], name="used_share_used_until"),)

    def __str__(self) -> str:
        """Return the row's number."""
        return f"share {self.pk}"
