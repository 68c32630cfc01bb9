"""The API of commands: what was asked of a meter, and asking."""

from datetime import datetime
from typing import Any, Literal

from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema, Status
from ninja.errors import HttpError

from meters import tasks
from meters.domain.commands import MOST_OUTPUTS, CommandRefusedError
from meters.models import Command, CommandStep, User
from meters.queries.access import commandable_meters, get_visible_meter
from meters.queries.commands import PER_PAGE, told_commands
from meters.services.request_command import Request, request_command

router = Router(tags=["commands"])


class StepOut(Schema):
    """One step of a command's life; `who` is null where the portal itself did it."""

    at: datetime
    who: str | None
    state: str
    text: str

    @staticmethod
    def resolve_who(step: CommandStep) -> str | None:
        return step.who.email if step.who else None


class CommandOut(Schema):
    """A command; `wanted_on` is null where nothing is switched."""

    id: int
    meter: int = Field(alias="meter_id")
    action: str
    output: int | None
    wanted_on: bool | None
    interval_s: float | None
    state: str
    requested_at: datetime
    expires_at: datetime
    failure: str
    steps: list[StepOut]

    @staticmethod
    def resolve_output(command: Command) -> int | None:
        return command.output.number if command.output else None

    @staticmethod
    def resolve_steps(command: Command) -> list[CommandStep]:
        return list(command.steps.all())


class CommandIn(Schema):
    """
    What is asked.

    `typed` is the output's name, where the output wants it typed; `valid_s` for how
    long it may wait to be published.
    """

    action: Literal["on", "off", "toggle", "read", "set_interval"]
    output: int | None = Field(None, ge=1, le=MOST_OUTPUTS)
    interval_s: float | None = None
    typed: str = Field("", max_length=200)
    valid_s: float | None = Field(None, ge=1, le=3600)


@router.get(
    "/meters/{int:meter_id}/commands", response=list[CommandOut], by_alias=False
)
def list_commands(request: HttpRequest, meter_id: int) -> list[Command]:
    """Return the latest commands of a meter, newest first."""
    meter = get_visible_meter(user=request.user, meter_id=meter_id, now=timezone.now())
    if meter is None:
        raise Http404
    return list(told_commands(Command.objects.filter(meter=meter))[:PER_PAGE])


@router.post(
    "/meters/{int:meter_id}/commands", response={202: CommandOut}, by_alias=False
)
def post_command(request: HttpRequest, meter_id: int, asked: CommandIn) -> Any:
    """Ask something of a meter; 409 where it is not allowed."""
    now = timezone.now()
    user = request.user
    meters = commandable_meters(user=user, now=now)
    if not isinstance(user, User) or not meters.filter(pk=meter_id).exists():
        raise Http404
    try:
        command = request_command(
            meter_id=meter_id, request=Request(**asked.dict()), by=user, now=now
        )
    except CommandRefusedError as error:
        raise HttpError(409, str(error)) from error
    tasks.send_soon(command)
    return Status(202, command)
