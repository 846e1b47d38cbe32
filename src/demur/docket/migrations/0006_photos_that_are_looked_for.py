import secrets

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

_ENTRY_ID_BYTES = 16


def name_entries(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Give each photo that is kept already the random name of its entry."""
    photos = apps.get_model("docket", "Photo").objects
    for pk in photos.values_list("pk", flat=True):
        photos.filter(pk=pk).update(entry_id=secrets.token_bytes(_ENTRY_ID_BYTES))


class Migration(migrations.Migration):

    dependencies = [
        ('docket', '0005_counts_that_say_whether_they_are_exact'),
    ]

    operations = [
        migrations.AddField(
            model_name='photo',
            name='entry_id',
            field=models.BinaryField(db_comment='16 random bytes that name the list entry', max_length=16, null=True),
        ),
        migrations.RunPython(name_entries, migrations.RunPython.noop),
        migrations.AlterField(
            model_name='photo',
            name='entry_id',
            field=models.BinaryField(db_comment='16 random bytes that name the list entry', max_length=16, unique=True),
        ),
        migrations.AlterField(
            model_name='photo',
            name='sealed_jpeg',
            field=models.BinaryField(db_comment='JPEG without metadata, sealed under docket.secret; null once it was erased', null=True),
        ),
        migrations.AddField(
            model_name='photo',
            name='hashes',
            field=models.BinaryField(db_comment='PDQ hashes of 32 bytes, sorted; null if not made (yet), empty if there is too little in the photo', null=True),
        ),
        migrations.AddField(
            model_name='photo',
            name='hashings',
            field=models.PositiveSmallIntegerField(db_comment='How often hashing was begun; at 10 it is given up', default=0),
        ),
        migrations.AddIndex(
            model_name='photo',
            index=models.Index(condition=models.Q(('case__isnull', False), ('hashes', None), ('hashings__lt', 10), ('purpose', 'shows_person')), fields=['hashings', 'id'], name='photo_to_hash'),
        ),
        migrations.AddField(
            model_name='withheldcount',
            name='photos',
            field=models.PositiveIntegerField(db_comment='How many of them are photos, which anybody can send', default=0),
        ),
        migrations.AlterField(
            model_name='withheldcount',
            name='rows',
            field=models.PositiveBigIntegerField(db_comment="Rows left out because of the case's identifiers and photos; one with two of them counts twice"),
        ),
        migrations.AlterField(
            model_name='withheldcount',
            name='identifiers',
            field=models.PositiveIntegerField(db_comment="How many of the case's identifiers and photos left out rows; the number is exact if it is one"),
        ),
    ]
