"""What was stated for good: entries of the log, and suppression lists."""

from django.db import models

from demur.core.entry import Event
from demur.docket.models.case import Case


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


class PublishedList(models.Model):
    """A suppression list that was published."""

    number = models.PositiveIntegerField(unique=True, db_comment="Counts from 1 and only rises")
    issued_at = models.DateTimeField(db_comment="When it was published")
    expires_at = models.DateTimeField(db_comment="From this instant on no gate uses it")
    tree_size = models.PositiveBigIntegerField(db_comment="Every objection logged below this position is in it")
    entries = models.PositiveBigIntegerField(db_comment="How many entries are sealed inside")
    content_sha256_hex = models.CharField(max_length=64, db_comment="SHA-256 of the entries before sealing")
    faces_compared = models.BooleanField(
        default=False,
        db_comment="Whether faces were compared when it was made; another list follows once that changes",
    )
    file_sha256_hex = models.CharField(max_length=64, db_comment="SHA-256 of the file")

    class Meta:
        """Lists as a table."""

        db_table_comment = "Published suppression lists"

    def __str__(self) -> str:
        """Return the number."""
        return f"list {self.number}"
