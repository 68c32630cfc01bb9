"""Who may come in to the amqtt broker, and what they may do."""

import hmac

import msgspec


class Configuration(msgspec.Struct):
    """What the broker's process is told."""

    address: str
    port: int
    snapshot: str
    # Bytes that may wait for one client, and the largest message.
    room: int
    largest: int
    passwords: dict[str, str]
    # login -> "read", "write" or "readwrite", on every topic
    may: dict[str, str]

    def knows(self, login: str | None, password: str | None) -> bool:
        """Tell whether a password is right."""
        expected = self.passwords.get(login or "")
        given = (password or "").encode()
        return expected is not None and hmac.compare_digest(expected.encode(), given)

    def lets(self, login: str | None, what: str) -> bool:
        """Tell whether a login may "read" or "write"."""
        return what in self.may.get(login or "", "")
