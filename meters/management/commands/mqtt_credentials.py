"""Write Mosquitto's password and access files: a login and a prefix for each device."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from meters.broker.credentials import BrokerCredentials, CredentialsError


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--directory",
            type=Path,
            required=True,
            help="where the broker's files passwords and access are",
        )
        doing = parser.add_mutually_exclusive_group()
        doing.add_argument("--add", metavar="LOGIN", help="let a device or a site in")
        doing.add_argument("--renew", metavar="LOGIN", help="give it another password")
        doing.add_argument("--remove", metavar="LOGIN", help="let it in no more")
        doing.add_argument("--list", action="store_true", help="who may do what")
        parser.add_argument(
            "--prefix", default="", help="with --add: the topics that are its own"
        )

    def handle(self, *, directory: Path, **options: Any) -> None:
        try:
            self._do(BrokerCredentials.read(directory), options)
        except (CredentialsError, OSError) as error:
            raise CommandError(str(error)) from error

    def _do(self, logins: BrokerCredentials, options: dict[str, Any]) -> None:
        if options["list"]:
            for login, rules in logins.rules.items():
                may = ", ".join(rule.removeprefix("topic ") for rule in rules)
                self.stdout.write(f"{login}: {may}")
            return
        told = logins.complete()
        if options["add"]:
            prefix = options["prefix"] or options["add"]
            told[options["add"]] = logins.add(options["add"], prefix=prefix)
        elif options["renew"]:
            told[options["renew"]] = logins.renew(options["renew"])
        elif options["remove"]:
            logins.remove(options["remove"])
        logins.write()
        for login, password in told.items():
            self.stdout.write(f"{login}: {password}")
        if told:
            self.stdout.write("Passwords are shown this once.")
        self.stdout.write("Tell a running Mosquitto: kill -HUP its process.")
