"""The faces by which people agreed to be looked for."""

from django.db import models

from demur.docket.models.draft import Photo


class Face(models.Model):
    """The face of a photo whose sender agreed to be looked for by it, and so one entry of the suppression list.

    It is there only if one face was found, and goes with its photo. Once the consent is withdrawn, nothing is left but
    when it was given and withdrawn (GDPR Art. 7(1)).
    """

    photo = models.OneToOneField(Photo, on_delete=models.CASCADE, related_name="face")
    entry_id = models.BinaryField(max_length=16, unique=True, db_comment="16 random bytes that name the list entry")
    sealed_value = models.BinaryField(
        null=True,
        db_comment="The entry's value, an embedding, sealed under docket.secret; null from the withdrawal on",
    )
    salt = models.BinaryField(max_length=32, db_comment="Salt of the sealing")
    consented_at = models.DateTimeField(db_comment="When the person agreed that this face is looked for")
    withdrawn_at = models.DateTimeField(null=True, db_comment="When the person withdrew that; null until then")

    class Meta:
        """Faces as a table."""

        db_table_comment = "Faces by which people agreed to be looked for, sealed"

    def __str__(self) -> str:
        """Return the photo's number."""
        return f"face of photo {self.photo_id}"
