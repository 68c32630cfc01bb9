from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class StoredBatch(models.Model):
    """What one transaction of ingest stored; written in that transaction.

    Whoever needs to know of new readings follows these rows in order.
    """

    stored_at = models.DateTimeField(auto_now_add=True, db_index=True)
    source = models.CharField(max_length=40)
    meters = ArrayField(models.IntegerField())
    first_time = models.DateTimeField()
    last_time = models.DateTimeField()
    readings = models.PositiveIntegerField()
    # Readings whose meter and time were there already, with nothing new.
    duplicates = models.PositiveIntegerField(default=0)
    # Values that differed from the one there; the first was kept.
    conflicts = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("stored batch")
        verbose_name_plural = _("stored batches")

    def __str__(self) -> str:
        return f"{self.source} {self.pk}: {self.readings} readings"


class RejectedMessage(models.Model):
    """A message that could not be used, kept for a while with the reason."""

    received_at = models.DateTimeField(db_index=True)
    topic = models.TextField()
    # The beginning of it; `payload_size` tells how long it was, in bytes.
    payload = models.BinaryField()
    payload_size = models.PositiveIntegerField()
    reason = models.TextField()
    # Of the family that refused it; empty where none knows the topic.
    family = models.CharField(max_length=40, blank=True)
    retain = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("rejected message")
        verbose_name_plural = _("rejected messages")

    def __str__(self) -> str:
        return f"{self.topic}: {self.reason}"


class RecentMessage(models.Model):
    """A message without a device time, remembered for ten minutes by its hash.

    When the broker delivers it again (DUP), the time of receipt would be another; the
    hash tells that it is stored already.
    """

    digest = models.BinaryField(primary_key=True, max_length=16)
    received_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return bytes(self.digest).hex()
