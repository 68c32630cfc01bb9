"""What the person has set in the environment: it wins over the embedded stack."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from energy_site.embedded.console import CannotContinueError


@dataclass(frozen=True)
class Given:
    """The environment bin/up was started in."""

    environment: Mapping[str, str]

    def get(self, name: str) -> str | None:
        """Return a setting from its variable, or from the file NAME_FILE points to."""
        value = self.environment.get(name)
        if value:
            return value
        path = self.environment.get(f"{name}_FILE")
        if not path:
            return None
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            message = f"{name}_FILE points to {path}: {error.strerror}."
            raise CannotContinueError(message) from error
