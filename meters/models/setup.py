from django.db import models


class SetupToken(models.Model):
    """The one-time key to the page that makes the first administrator.

    Only its hash is kept. The row goes when it is used.
    """

    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"made {self.created_at:%Y-%m-%d %H:%M}"
