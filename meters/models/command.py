from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from meters.domain.commands import State
from meters.models.command_template import CommandTemplate
from meters.models.meter import Meter
from meters.models.output import Output


class Command(models.Model):
    """Something asked of a device, from the request to its confirmation.

    Each change of `state` is a conditional UPDATE with a CommandStep beside it; see
    ``services/move_command.py``.
    """

    STATES: ClassVar = [
        (State.REQUESTED, _("waits for approval")),
        (State.APPROVED, _("to be sent")),
        (State.SENDING, _("being sent")),
        (State.SENT, _("sent")),
        (State.CONFIRMED, _("confirmed")),
        (State.FAILED, _("failed")),
        (State.EXPIRED, _("expired")),
        (State.CANCELLED, _("cancelled")),
        (State.UNKNOWN, _("unknown")),
    ]

    class Action(models.TextChoices):
        ON = "on", _("switch on")
        OFF = "off", _("switch off")
        TOGGLE = "toggle", _("toggle")
        READ = "read", _("read now")
        SET_INTERVAL = "set_interval", _("set the upload interval")

    class Awaits(models.TextChoices):
        """What shows that the device did it; its own answer always does."""

        NOTHING = "", _("nothing")
        ANSWER = "answer", _("its answer")
        OUTPUT = "output", _("the output's state")
        READING = "reading", _("the next reading")

    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="commands")
    output = models.ForeignKey(
        Output, on_delete=models.PROTECT, null=True, related_name="commands"
    )
    action = models.CharField(_("action"), max_length=12, choices=Action)
    # How the output is to stand afterwards; NULL where nothing is switched.
    wanted_on = models.BooleanField(null=True)
    interval_s = models.FloatField(null=True)
    template = models.ForeignKey(
        CommandTemplate, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    state = models.CharField(_("state"), max_length=10, choices=STATES)
    # NULL where a rule asked, not a person.
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    requested_at = models.DateTimeField()
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    approved_at = models.DateTimeField(null=True)
    # Never published after this.
    expires_at = models.DateTimeField()
    sending_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    awaits = models.CharField(
        max_length=10, choices=Awaits, blank=True, default=Awaits.NOTHING
    )
    # Set while something of the device may still settle it.
    confirm_by = models.DateTimeField(null=True)
    failure = models.TextField(blank=True)
    # As published; a line each where there were several messages.
    topic = models.TextField(blank=True)
    payload = models.BinaryField(default=b"")

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("command")
        verbose_name_plural = _("commands")
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[str(state) for state in State]),
                name="command_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True)
                | Q(requested_by__isnull=True)
                | ~Q(approved_by=models.F("requested_by")),
                name="nobody_approves_their_own_command",
            ),
        ]
        indexes = [
            # Ingest asks for these with each batch: few, and mostly none.
            models.Index(
                fields=["confirm_by"],
                condition=Q(confirm_by__isnull=False),
                name="commands_to_be_confirmed",
            ),
            models.Index(
                fields=["expires_at"],
                condition=Q(state__in=["requested", "approved", "sending"]),
                name="commands_not_sent",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk}: {self.get_action_display()}"


class CommandStep(models.Model):
    """One step of a command's life, for the audit; written once, never changed.

    The database refuses UPDATE and DELETE.
    """

    command = models.ForeignKey(Command, on_delete=models.PROTECT, related_name="steps")
    at = models.DateTimeField()
    # NULL where the portal itself did it.
    who = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    state = models.CharField(max_length=10, choices=Command.STATES)
    text = models.TextField(blank=True)

    class Meta:
        ordering = ["pk"]
        verbose_name = _("step of a command")
        verbose_name_plural = _("steps of commands")

    def __str__(self) -> str:
        return f"{self.command_id} {self.state}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("A step of a command is never changed.")
        super().save(*args, **kwargs)
