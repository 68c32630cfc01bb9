from django.contrib.postgres.fields import ArrayField
from django.db import models


class IngestSession(models.Model):
    """A session that an ingest process has at the broker, by its fixed name.

    The broker keeps messages for it while no process holds it. The row goes when the
    session is drained.
    """

    name = models.CharField(max_length=100, primary_key=True)
    topics = ArrayField(models.TextField())
    # When a process last said that it holds the session.
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
