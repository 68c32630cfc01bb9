from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class Profile(models.Model):
    """A mapping of a device's messages to quantities that users have made.

    `definition` is the TOML of ``meters.families.profiles``; ingest follows changes.
    """

    name = models.SlugField(
        _("name"),
        max_length=40,
        unique=True,
        help_text=_("Letters, digits and hyphens: the family of its meters."),
    )
    definition = models.TextField(_("definition"))
    # A message that it was tried on: the next who changes it sees what comes of it.
    example_topic = models.TextField(blank=True, editable=False)
    example_payload = models.BinaryField(default=bytes, editable=False)
    enabled = models.BooleanField(_("enabled"), default=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True
    )
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("profile")
        verbose_name_plural = _("profiles")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("change_profile", kwargs={"profile_id": self.pk})
