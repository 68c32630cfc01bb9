from datetime import datetime
from typing import Self
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from meters.models.zones import validate_time_zone


class Organisation(models.Model):
    """A company or public body that owns sites."""

    name = models.CharField(_("name"), max_length=200, unique=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")

    def __str__(self) -> str:
        return self.name


class Site(models.Model):
    """A place with meters: a plant, a building, a campus."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="sites"
    )
    name = models.CharField(_("name"), max_length=200)
    slug = models.SlugField(_("short name in addresses"), max_length=80, unique=True)
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="UTC", validators=[validate_time_zone]
    )
    currency = models.CharField(
        _("currency"), max_length=3, default="EUR", help_text=_("ISO 4217, like EUR.")
    )
    interval_minutes = models.PositiveSmallIntegerField(
        _("interval length"),
        default=15,
        help_text=_("Of energy and demand, in minutes."),
    )
    keep_raw_days = models.PositiveIntegerField(
        _("keep readings for"),
        default=400,
        validators=[MinValueValidator(1)],
        help_text=_(
            "In days. Older readings go a month at a time, once their energy and"
            " demand are stored, and when no other site still wants that month."
        ),
    )
    topic_prefix = models.CharField(
        _("topic prefix"),
        max_length=200,
        blank=True,
        help_text=_(
            "Devices whose topic starts with this are discovered for this site’s"
            " managers. Empty: staff claim them."
        ),
    )

    class Meta:
        ordering = ["name"]
        verbose_name = _("site")
        verbose_name_plural = _("sites")
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "name"], name="one_site_of_a_name"
            ),
            models.CheckConstraint(
                condition=Q(interval_minutes__in=[1, 5, 10, 15, 20, 30, 60]),
                name="interval_divides_the_hour",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("site_dashboard", kwargs={"slug": self.slug})

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class MembershipQuerySet(models.QuerySet["Membership"]):
    def valid_at(self, instant: datetime) -> Self:
        """Those in force at `instant`."""
        return self.filter(
            Q(valid_from__isnull=True) | Q(valid_from__lte=instant),
            Q(valid_to__isnull=True) | Q(valid_to__gt=instant),
        )


class Membership(models.Model):
    """What one user may do, where, and from when to when.

    The scope is exactly one of an organisation (all its sites), a site, or a branch
    of a site's distribution tree (a meter and what hangs below it).
    """

    class Role(models.TextChoices):
        VIEWER = "viewer", _("viewer")
        OPERATOR = "operator", _("operator")
        # Everything but money.
        INSTALLER = "installer", _("installer")
        MANAGER = "manager", _("manager")
        # Reads everything, changes nothing.
        AUDITOR = "auditor", _("auditor")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships"
    )
    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, null=True, blank=True
    )
    site = models.ForeignKey(Site, on_delete=models.CASCADE, null=True, blank=True)
    branch = models.ForeignKey(
        "meters.Meter", on_delete=models.CASCADE, null=True, blank=True
    )
    role = models.CharField(_("role"), max_length=10, choices=Role)
    valid_from = models.DateTimeField(_("valid from"), null=True, blank=True)
    valid_to = models.DateTimeField(_("valid to"), null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(
                        organisation__isnull=False,
                        site__isnull=True,
                        branch__isnull=True,
                    )
                    | Q(
                        organisation__isnull=True,
                        site__isnull=False,
                        branch__isnull=True,
                    )
                    | Q(
                        organisation__isnull=True,
                        site__isnull=True,
                        branch__isnull=False,
                    )
                ),
                name="membership_has_one_scope",
            ),
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True)
                | Q(valid_to__isnull=True)
                | Q(valid_to__gt=models.F("valid_from")),
                name="membership_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        scope = self.organisation or self.site or self.branch
        return f"{self.user}: {self.get_role_display()}, {scope}"

    def end(self) -> None:
        """End it now; the row stays as the record of who had access when."""
        self.valid_to = timezone.now()
