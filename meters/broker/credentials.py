"""Mosquitto's password and access files: who may log in, and what each may do.

A device may publish under its own prefix only, and hear what is sent to it there;
ingest reads everything and writes nothing; the portal may do both: only it commands.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from meters.broker.passwords import new_password, password_hash
from meters.broker.private_files import write_private

PASSWORDS, ACCESS = "passwords", "access"
# The portal's own, which no device may have.
OWN_LOGINS = {"ingest": ["topic read #"], "portal": ["topic readwrite #"]}
_NAME = re.compile(r"[A-Za-z0-9._@-]{1,64}")
_HEAD = (
    "# Written by manage.py mqtt_credentials; changes by hand are kept for its logins"
    " only.\n"
)


class CredentialsError(ValueError):
    """What is asked for cannot be done; the text is one sentence."""


@dataclass
class BrokerCredentials:
    """The logins of a broker, as its two files have them."""

    directory: Path
    # By login: the hash of its password, and the lines of what it may do.
    hashes: dict[str, str] = field(default_factory=dict)
    rules: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def read(cls, directory: Path) -> Self:
        """Return what the files say; nothing where there are none yet."""
        found = cls(directory)
        for line in _lines(directory / PASSWORDS):
            login, separator, hashed = line.partition(":")
            if not separator:
                raise CredentialsError(
                    f"{directory / PASSWORDS}: “{line}” is no login."
                )
            found.hashes[login] = hashed
        rules: list[str] = []
        for line in _lines(directory / ACCESS):
            if line.startswith("user "):
                rules = found.rules.setdefault(line.removeprefix("user ").strip(), [])
            else:
                rules.append(line)
        return found

    def complete(self) -> dict[str, str]:
        """Make the portal's own logins where they are missing; return the passwords."""
        missing = [login for login in OWN_LOGINS if login not in self.hashes]
        for login in OWN_LOGINS:
            self.rules[login] = list(OWN_LOGINS[login])
        return {login: self._set_password(login) for login in missing}

    def add(self, login: str, *, prefix: str) -> str:
        """Let a device or a site log in; return the password, which is told once."""
        if not _NAME.fullmatch(login):
            raise CredentialsError(
                f"“{login}” is no login: letters, digits and . _ @ - make one."
            )
        if login in self.hashes:
            raise CredentialsError(f"There is a login “{login}” already.")
        topic = prefix.strip("/")
        if not topic or any(sign in topic for sign in "+#\n\0"):
            raise CredentialsError(
                f"“{prefix}” is no prefix of topics, such as north or north/press-4."
            )
        # As it was written: topics of some devices begin with a slash.
        topic = f"{'/' if prefix.startswith('/') else ''}{topic}"
        self.rules[login] = [f"topic readwrite {topic}/#"]
        return self._set_password(login)

    def renew(self, login: str) -> str:
        """Give a login another password; return it."""
        if login not in self.hashes:
            raise CredentialsError(f"There is no login “{login}”.")
        return self._set_password(login)

    def remove(self, login: str) -> None:
        """Let a login in no more."""
        if login in OWN_LOGINS:
            raise CredentialsError(f"The portal itself needs the login “{login}”.")
        if login not in self.hashes:
            raise CredentialsError(f"There is no login “{login}”.")
        del self.hashes[login]
        self.rules.pop(login, None)

    def write(self) -> None:
        """Replace both files, readable by their owner only."""
        owner = None
        if self.directory.exists():
            status = self.directory.stat()
            owner = (status.st_uid, status.st_gid)
        passwords = "".join(f"{name}:{text}\n" for name, text in self.hashes.items())
        access = "".join(
            f"user {login}\n" + "".join(f"{rule}\n" for rule in rules) + "\n"
            for login, rules in self.rules.items()
        )
        write_private(self.directory / ACCESS, _HEAD + access, owner=owner)
        write_private(self.directory / PASSWORDS, passwords, owner=owner)

    def _set_password(self, login: str) -> str:
        password = new_password()
        self.hashes[login] = password_hash(password)
        return password


def _lines(path: Path) -> list[str]:
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and line[0] != "#"]
