"""Which sites a topic belongs to: those by whose prefix it begins."""

from collections.abc import Iterable


def sites_of(topic: str, prefixes: Iterable[tuple[str, int]]) -> frozenset[int]:
    """
    Return the sites by whose prefix a topic comes; empty: by none.

    Parameters
    ----------
    topic : str
    prefixes : iterable of (str, int)
        Prefix, as `with_slash` makes it, and site.
    """
    return frozenset(site for prefix, site in prefixes if topic.startswith(prefix))


def with_slash(prefix: str) -> str:
    """Return a prefix that ends where a part of the topic ends."""
    return f"{prefix.rstrip('/')}/"
