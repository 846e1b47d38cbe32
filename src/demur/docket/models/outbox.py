"""Mails that are due, and those that have left."""

from django.db import models

from demur.docket.models.case import Case
from demur.docket.models.publication import LogEntry


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
