"""What somebody sends before there is a case, and photos, which pass from one to the other."""

from django.db import models

from demur.docket.models.case import Case


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


MOST_HASHINGS = 10
"""So often hashing a photo is begun: one at which the worker dies each time must not keep it from all else."""


class Photo(models.Model):
    """A photo that somebody sent, drawn anew from its pixels; it belongs to a draft until that becomes a case.

    One that shows the person is, once it is hashed, one entry of the suppression list while the case is in force.
    """

    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, null=True, related_name="photos")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, null=True, related_name="photos")
    purpose = models.CharField(max_length=16, choices=PhotoPurpose, db_comment="shows_person or mandate")
    entry_id = models.BinaryField(max_length=16, unique=True, db_comment="16 random bytes that name the list entry")
    sealed_jpeg = models.BinaryField(
        null=True,
        db_comment="JPEG without metadata, sealed under docket.secret; null once it was erased",
    )
    salt = models.BinaryField(max_length=32, db_comment="Salt of the sealing")
    width_pixels = models.PositiveIntegerField(db_comment="Width as stored")
    height_pixels = models.PositiveIntegerField(db_comment="Height as stored")
    size_bytes = models.PositiveIntegerField(db_comment="Size of the JPEG")
    created_at = models.DateTimeField(db_comment="When it was sent")
    hashes = models.BinaryField(
        null=True,
        db_comment="PDQ hashes of 32 bytes, sorted; null if not made (yet), empty if there is too little in the photo",
    )
    hashings = models.PositiveSmallIntegerField(
        default=0,
        db_comment="How often hashing was begun; at 10 it is given up",
    )

    class Meta:
        """Photos as a table."""

        db_table_comment = "Photos that people sent, sealed"
        constraints = (
            models.CheckConstraint(
                condition=models.Q(draft=None, case__isnull=False) | models.Q(draft__isnull=False, case=None),
                name="photo_has_one_owner",
            ),
        )
        indexes = (
            models.Index(
                fields=["hashings", "id"],
                condition=models.Q(
                    hashes=None,
                    case__isnull=False,
                    purpose=PhotoPurpose.SHOWS_PERSON,
                    hashings__lt=MOST_HASHINGS,
                ),
                name="photo_to_hash",
            ),
        )

    def __str__(self) -> str:
        """Return the row's number."""
        return f"photo {self.pk}"
