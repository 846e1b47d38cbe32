from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('docket', '0004_the_tables_are_the_queues'),
    ]

    operations = [
        migrations.AddField(
            model_name='withheldcount',
            name='identifiers',
            field=models.PositiveIntegerField(db_comment="How many of the case's identifiers left out rows; the number of rows is exact if it is one", default=1),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name='trainingset',
            name='built_at',
            field=models.DateTimeField(db_comment='When the manifest was logged: it holds no clock time itself'),
        ),
        migrations.AlterField(
            model_name='trainingset',
            name='manifest_sha256_hex',
            field=models.CharField(db_comment="SHA-256 of the manifest's text, without its signatures, of which more may be added", max_length=64, unique=True),
        ),
        migrations.AlterField(
            model_name='withheldcount',
            name='rows',
            field=models.PositiveBigIntegerField(db_comment="Rows left out because of this case's identifiers; one in which two of them occur counts twice"),
        ),
    ]
