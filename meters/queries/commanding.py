"""By what way a meter can be told something: a template, or its family."""

from dataclasses import dataclass
from functools import cache

from meters.domain.command_templates import fill
from meters.domain.commands import confirmation_s
from meters.domain.topic_prefixes import sites_of, with_slash
from meters.families import Registry
from meters.families.message import Command as Asked, Commandable, Outgoing
from meters.models import Command, CommandTemplate, Meter, Output, Site

SWITCHING = ("on", "off", "toggle")


@cache
def registry() -> Registry:
    """Return the families of this process."""
    return Registry()


@dataclass(frozen=True, slots=True)
class Way:
    """How one action reaches a meter; exactly one of the two is there."""

    template: CommandTemplate | None
    family: Commandable | None

    @property
    def reports_outputs(self) -> bool:
        """Whether the device tells how its outputs stand."""
        if self.template is not None:
            return self.template.read_back == CommandTemplate.ReadBack.OUTPUT
        return self.family is not None and self.family.reports_outputs

    def awaits(self, action: str) -> str:
        """Return what shows that the device did it."""
        if self.template is not None:
            if self.template.read_back:
                return self.template.read_back
            answers = bool(self.template.reply_topic)
            return Command.Awaits.ANSWER if answers else Command.Awaits.NOTHING
        if action in SWITCHING and self.reports_outputs:
            return Command.Awaits.OUTPUT
        if action == Command.Action.READ:
            return Command.Awaits.READING
        return Command.Awaits.NOTHING

    def confirmation_s(self, meter: Meter) -> float:
        """Return how long to wait for that. [s]"""
        if self.template is not None:
            return self.template.timeout_s
        return confirmation_s(interval_s=meter.interval_s)


def ways_of(meter: Meter) -> dict[str, Way]:
    """Return the way of each action that can be asked of a meter."""
    family: object = registry().family(meter.family)
    ways: dict[str, Way] = {}
    if isinstance(family, Commandable):
        ways = {action: Way(None, family) for action in family.actions}
    templates = CommandTemplate.objects.filter(enabled=True)
    of_meter = templates.filter(meter=meter.pk)
    for template in (*templates.filter(family=meter.family), *of_meter):
        ways[template.action] = Way(template, None)
    if all(way in ways and ways[way].reports_outputs for way in ("on", "off")):
        ways.setdefault("toggle", ways["on"])
    elif "toggle" in ways:
        # Without the state nobody knows what it would do.
        del ways["toggle"]
    return {name: ways[name] for name in Command.Action.values if name in ways}


def outgoing_of(command: Command, way: Way) -> list[Outgoing]:
    """
    Return the messages to publish for a command.

    Raises
    ------
    CannotCommandError, TemplateError
        It cannot be put into a message.
    """
    if way.template is not None:
        return [filled(way.template, values_of(command))]
    assert way.family is not None  # noqa: S101 - a Way has one of the two
    action = command.action
    if command.wanted_on is not None:
        action = "on" if command.wanted_on else "off"
    return way.family.encode(
        Asked(
            device=command.meter.device_id,
            action=action,  # type: ignore[arg-type]
            topic=command.meter.first_topic,
            request=command.pk,
            output=command.output.number if command.output else 1,
            interval_s=command.interval_s,
        )
    )


def is_foreign(topic: str, meter: Meter) -> bool:
    """
    Return whether a topic lies under the prefix of another site than the meter's.

    A meter that has moved was first heard by such, and its template may name one.
    """
    named = Site.objects.exclude(topic_prefix="").values_list("topic_prefix", "pk")
    sites = sites_of(topic, ((with_slash(prefix), pk) for prefix, pk in named))
    return bool(sites) and meter.site_id not in sites


def filled(template: CommandTemplate, values: dict[str, str]) -> Outgoing:
    """Return what a template publishes with these values; raises TemplateError."""
    payload = fill(template.payload, values)
    return Outgoing(fill(template.topic, values), payload.encode())


def values_of(command: Command) -> dict[str, str]:
    """Return what the placeholders of a template stand for."""
    meter, output = command.meter, command.output
    return placeholder_values(
        meter,
        output=output,
        request=command.pk or 0,
        interval_s=command.interval_s,
        wanted_on=command.wanted_on,
    )


def placeholder_values(
    meter: Meter,
    *,
    output: Output | None,
    request: int,
    interval_s: float | None,
    wanted_on: bool | None,
) -> dict[str, str]:
    """Return the values by the placeholder's name; empty where there is none."""
    prefix = meter.site.topic_prefix.rstrip("/") if meter.site else ""
    return {
        "device": meter.device_id,
        "output": str(output.number) if output else "",
        "request": str(request),
        "topic_prefix": prefix,
        "interval_s": "" if interval_s is None else f"{interval_s:g}",
        "on": "" if wanted_on is None else str(int(wanted_on)),
    }
