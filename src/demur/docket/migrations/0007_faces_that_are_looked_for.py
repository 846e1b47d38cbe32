import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('docket', '0006_photos_that_are_looked_for'),
    ]

    operations = [
        migrations.AddField(
            model_name='publishedlist',
            name='faces_compared',
            field=models.BooleanField(db_comment='Whether faces were compared when it was made; another list follows once that changes', default=False),
        ),
        migrations.AlterField(
            model_name='withheldcount',
            name='identifiers',
            field=models.PositiveIntegerField(db_comment="How many of its identifiers, photos and faces left out rows; the number is exact if it is one"),
        ),
        migrations.AlterField(
            model_name='withheldcount',
            name='photos',
            field=models.PositiveIntegerField(db_comment='How many of them are photos, which anybody can send, or faces in them', default=0),
        ),
        migrations.AlterField(
            model_name='withheldcount',
            name='rows',
            field=models.PositiveBigIntegerField(db_comment="Rows left out for the case's identifiers, photos and faces; one with two of them counts twice"),
        ),
        migrations.CreateModel(
            name='Face',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('entry_id', models.BinaryField(db_comment='16 random bytes that name the list entry', max_length=16, unique=True)),
                ('sealed_value', models.BinaryField(db_comment="The entry's value, an embedding, sealed under docket.secret; null from the withdrawal on", null=True)),
                ('salt', models.BinaryField(db_comment='Salt of the sealing', max_length=32)),
                ('consented_at', models.DateTimeField(db_comment='When the person agreed that this face is looked for')),
                ('withdrawn_at', models.DateTimeField(db_comment='When the person withdrew that; null until then', null=True)),
                ('photo', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='face', to='docket.photo')),
            ],
            options={
                'db_table_comment': 'Faces by which people agreed to be looked for, sealed',
            },
        ),
    ]
