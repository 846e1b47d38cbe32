"""What limits floods, and mails to one address."""

from django.db import models


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
