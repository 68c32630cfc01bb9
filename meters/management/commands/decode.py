"""Decode device messages: JSON lines in, JSON lines out. No database, no broker."""

import base64
import binascii
import sys
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO
from zoneinfo import available_timezones

import msgspec
from django.core.management.base import BaseCommand, CommandError

from meters.families import Decoded, Message, Registry
from meters.families.profiles import ProfileError, profiles_in


class InputLine(msgspec.Struct):
    """One message to decode."""

    topic: str
    id: Any = None
    payload: str | None = None
    payload_base64: str | None = None
    retain: bool = False
    received_at: datetime | None = None
    username: str | None = None
    timezone: str = "UTC"
    family: str | None = None

    def message(self, *, now: datetime) -> Message:
        if self.payload_base64 is not None:
            payload = base64.b64decode(self.payload_base64, validate=True)
        else:
            payload = (self.payload or "").encode("utf-8", "surrogatepass")
        received_at = self.received_at or now
        if received_at.tzinfo is None:
            received_at = received_at.replace(tzinfo=UTC)
        return Message(
            topic=self.topic,
            payload=payload,
            received_at=received_at.astimezone(UTC),
            retain=self.retain,
            username=self.username,
            timezone=self.timezone,
        )


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file", help="a file of JSON lines, or - for standard input"
        )
        parser.add_argument(
            "--profiles", type=Path, metavar="DIR", help="a folder of further profiles"
        )

    def handle(self, *, file: str, profiles: Path | None, **options: Any) -> None:
        registry = Registry()
        if profiles is not None:
            try:
                registry.use_profiles(profiles_in(profiles))
            except ProfileError as error:
                raise CommandError(str(error)) from error
        if file == "-":
            any_rejected = self._decode_lines(registry, sys.stdin.buffer)
        else:
            try:
                with Path(file).open("rb") as stream:
                    any_rejected = self._decode_lines(registry, stream)
            except OSError as error:
                raise CommandError(f"{file}: {error.strerror}.") from error
        if any_rejected:
            sys.exit(3)

    def _decode_lines(self, registry: Registry, stream: BinaryIO) -> bool:
        any_rejected = False
        for number, line in enumerate(stream, start=1):
            if not line.strip():
                continue
            id_, decoded = self._decode_line(registry, line, number)
            any_rejected = any_rejected or decoded.rejected is not None
            answer = {"id": id_, **_plain(decoded)}
            self.stdout.write(msgspec.json.encode(answer).decode())
        return any_rejected

    def _decode_line(
        self, registry: Registry, line: bytes, number: int
    ) -> tuple[Any, Decoded]:
        try:
            item = msgspec.json.decode(line, type=InputLine)
        except msgspec.DecodeError as error:
            return None, Decoded(None, rejected=f"Line {number} of the input: {error}.")
        try:
            message = item.message(now=datetime.now(UTC))
        except binascii.Error as error:
            reason = f"Line {number} of the input: payload_base64: {error}."
            return item.id, Decoded(None, rejected=reason)
        if item.timezone not in available_timezones():
            reason = f"Line {number} of the input: there is no zone “{item.timezone}”."
            return item.id, Decoded(None, rejected=reason)
        return item.id, registry.decode(message, family=item.family)


def _plain(decoded: Decoded) -> dict[str, Any]:
    """Return what is told of a message; not how ingest goes on with it."""
    plain: dict[str, Any] = msgspec.to_builtins(decoded)
    for reading in plain["readings"]:
        del reading["wall_clock"], reading["gathered"]
    for reply in plain["replies"]:
        if not reply["is_base64"]:
            del reply["is_base64"]
    for key in ("outputs", "answers"):
        if not plain[key]:
            del plain[key]
    return plain
