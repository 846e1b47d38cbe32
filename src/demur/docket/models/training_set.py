"""Training sets, and whose rows were left out of them."""

from django.db import models

from demur.docket.models.case import Case


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
        db_comment="Rows left out for the case's identifiers, photos and faces; one with two of them counts twice",
    )
    identifiers = models.PositiveIntegerField(
        db_comment="How many of its identifiers, photos and faces left out rows; the number is exact if it is one",
    )
    photos = models.PositiveIntegerField(
        default=0,
        db_comment="How many of them are photos, which anybody can send, or faces in them",
    )

    class Meta:
        """Counts as a table."""

        db_table_comment = "Rows left out of training sets, by case"
        constraints = (models.UniqueConstraint(fields=["training_set", "case"], name="count_once_a_set_and_case"),)

    def __str__(self) -> str:
        """Return which count it is."""
        return f"count of {self.case_id} in {self.training_set_id}"
