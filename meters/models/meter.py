from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from meters.domain.scaling import Factors, factors_of


class Meter(models.Model):
    """A device that measures, from its first usable message on.

    It begins as discovered, without a site; claiming it fills in site and name. Its
    readings are stored from the first one, and stay when it is retired. One that
    nobody wants is ignored: it goes on being stored, and no list shows it; or blocked:
    nothing of it is stored any more.
    """

    class State(models.TextChoices):
        DISCOVERED = "discovered", _("discovered")
        ACTIVE = "active", _("active")
        RETIRED = "retired", _("retired")
        IGNORED = "ignored", _("ignored")
        BLOCKED = "blocked", _("blocked")

    # Without a site and a name.
    UNCLAIMED_STATES = (State.DISCOVERED, State.IGNORED, State.BLOCKED)

    class Medium(models.TextChoices):
        ELECTRICITY = "electricity", _("electricity")
        GAS = "gas", _("gas")
        WATER = "water", _("water")
        HEAT = "heat", _("heat")

    class Wiring(models.TextChoices):
        FOUR_WIRE = "3P4W", _("three phases, four wires")
        THREE_WIRE = "3P3W", _("three phases, three wires")
        SINGLE_PHASE = "1P", _("one phase")

    class PositivePower(models.TextChoices):
        CONSUMPTION = "consumption", _("consumption")
        GENERATION = "generation", _("generation")
        CHARGE = "charge", _("charge")
        DISCHARGE = "discharge", _("discharge")

    # Four bytes: it stands in every reading.
    id = models.AutoField(primary_key=True)
    family = models.CharField(_("family"), max_length=40)
    device_id = models.CharField(_("device id"), max_length=100)
    state = models.CharField(
        _("state"), max_length=10, choices=State, default=State.DISCOVERED
    )
    site = models.ForeignKey(
        "meters.Site",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="meters",
    )
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )
    name = models.CharField(_("name"), max_length=200, blank=True)
    medium = models.CharField(
        _("medium"), max_length=12, choices=Medium, default=Medium.ELECTRICITY
    )
    wiring = models.CharField(
        _("wiring"), max_length=4, choices=Wiring, default=Wiring.FOUR_WIRE
    )
    positive_power = models.CharField(
        _("positive power means"),
        max_length=12,
        choices=PositivePower,
        default=PositivePower.CONSUMPTION,
    )
    nominal_voltage = models.FloatField(
        _("nominal voltage"),
        null=True,
        blank=True,
        help_text=_("Phase to neutral, in V."),
    )
    rated_current = models.FloatField(
        _("rated current"),
        null=True,
        blank=True,
        help_text=_("In A, of the primary side."),
    )
    ct_ratio = models.FloatField(
        _("current transformer ratio"), default=1.0, help_text=_("200/5 A is 40.")
    )
    pt_ratio = models.FloatField(
        _("voltage transformer ratio"), default=1.0, help_text=_("10000/100 V is 100.")
    )
    # Meters differ in what they send already multiplied by the ratios.
    voltage_is_primary = models.BooleanField(_("voltage is primary"), default=False)
    current_is_primary = models.BooleanField(_("current is primary"), default=False)
    power_is_primary = models.BooleanField(
        _("power and demand are primary"), default=False
    )
    energy_is_primary = models.BooleanField(_("energy is primary"), default=False)
    rate_labels = ArrayField(
        models.CharField(max_length=40, blank=True),
        verbose_name=_("names of the rates"),
        default=list,
        blank=True,
        size=4,
        help_text=_("Of rate registers 1 to 4, like sharp, peak, flat, valley."),
    )
    expected_interval_s = models.FloatField(
        _("expected interval"),
        null=True,
        blank=True,
        help_text=_("Seconds between readings. Empty: learned from what comes."),
    )
    learned_interval_s = models.FloatField(null=True, editable=False)
    clock_shift_min = models.SmallIntegerField(
        _("clock shift"),
        default=0,
        help_text=_(
            "Minutes added to the device’s own times, where its clock is set to"
            " another zone."
        ),
    )
    commands_need_approval = models.BooleanField(
        _("commands need approval"),
        default=False,
        help_text=_("A manager other than the requester approves each command."),
    )
    # As its availability message said last; NULL where it sends none.
    is_online = models.BooleanField(null=True, editable=False)
    online_changed_at = models.DateTimeField(null=True, editable=False)
    # The topic of its first message: tells which site's managers see it.
    first_topic = models.TextField(blank=True, editable=False)
    discovered_at = models.DateTimeField(_("discovered"), auto_now_add=True)
    # Ingest asks for what has changed since it last looked.
    changed_at = models.DateTimeField(auto_now=True, db_index=True)

    class Meta:
        ordering = ["name", "device_id"]
        verbose_name = _("meter")
        verbose_name_plural = _("meters")
        constraints = [
            models.UniqueConstraint(
                fields=["family", "device_id"], name="one_meter_of_a_device"
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["discovered", "ignored", "blocked"], site__isnull=True
                )
                | Q(state__in=["active", "retired"], site__isnull=False) & ~Q(name=""),
                name="claimed_meter_has_site_and_name",
            ),
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")),
                name="meter_is_not_its_own_parent",
            ),
            models.CheckConstraint(
                condition=Q(ct_ratio__gt=0, pt_ratio__gt=0), name="ratios_are_positive"
            ),
        ]
        indexes = [
            # How many are unclaimed, and the page that lists them.
            models.Index(
                fields=["discovered_at"],
                condition=Q(state="discovered"),
                name="unclaimed_meters",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.device_id

    def get_absolute_url(self) -> str:
        return reverse("meter_detail", kwargs={"meter_id": self.pk})

    @property
    def interval_s(self) -> float:
        """Seconds between its readings: as set, else as learned, else a minute."""
        return self.expected_interval_s or self.learned_interval_s or 60.0

    @property
    def factors(self) -> Factors:
        """What each group of its values is multiplied by."""
        return factors_of(
            ct_ratio=self.ct_ratio,
            pt_ratio=self.pt_ratio,
            voltage_is_primary=self.voltage_is_primary,
            current_is_primary=self.current_is_primary,
            power_is_primary=self.power_is_primary,
            energy_is_primary=self.energy_is_primary,
        )
