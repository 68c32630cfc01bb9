"""Profiles: what a device's messages mean, declared in TOML instead of written in code.

docs/reference/profiles.md names every key.
"""

from pathlib import Path

from meters.families.profiles.definition import Profile, ProfileError, read_profile
from meters.families.profiles.family import ProfileFamily

__all__ = [
    "Profile",
    "ProfileError",
    "ProfileFamily",
    "built_in_profiles",
    "profiles_in",
    "read_profile",
]


def built_in_profiles() -> list[Profile]:
    """Return the profiles that are shipped."""
    return profiles_in(Path(__file__).parent)


def profiles_in(directory: Path) -> list[Profile]:
    """Return the profiles of a folder; raise ProfileError naming the file."""
    if not directory.is_dir():
        raise ProfileError(f"{directory}: there is no such folder.")
    return [
        read_profile(path.read_bytes(), where=path.name)
        for path in sorted(directory.glob("*.toml"))
    ]
