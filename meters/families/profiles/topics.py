"""Topic patterns: ``wemos/{device}/power``, ``{device...}/state/{quantity...}``.

A part in braces takes one part of the topic, with dots one or more; `{}` or `{...}`
takes what is not needed. MQTT's wildcards are understood as these.
"""

import re

_PLACE = re.compile(r"\{([a-z]*)(\.\.\.)?\}")
_NAMES = frozenset({"", "device", "quantity", "channel"})
# With more of them, a topic that does not match takes too long to say so.
_MOST_LONG_PLACES = 2


class TopicError(ValueError):
    """The pattern cannot be read; the text is one sentence."""


def compiled(pattern: str) -> re.Pattern[str]:
    """Return the pattern as a regular expression with named groups."""
    plain = pattern.replace("+", "{}")
    if plain.endswith("#"):
        plain = plain[:-1] + "{...}"
    expression, position = "", 0
    seen: set[str] = set()
    for match in _PLACE.finditer(plain):
        name, many = match[1], match[2]
        if name not in _NAMES or (name and name in seen):
            raise TopicError(
                f"The topic “{pattern}” may have {{device}}, {{channel}} and"
                f" {{quantity}} once each, not {match[0]}."
            )
        seen.add(name)
        expression += re.escape(plain[position : match.start()])
        group = f"?P<{name}>" if name else "?:"
        expression += f"({group}.+)" if many else f"({group}[^/]+)"
        position = match.end()
    if plain.count("...}") > _MOST_LONG_PLACES:
        raise TopicError(
            f"The topic “{pattern}” takes several parts in more than two places."
        )
    rest = plain[position:]
    if "{" in rest or "}" in rest:
        raise TopicError(f"The topic “{pattern}” has a brace that stands alone.")
    return re.compile(expression + re.escape(rest))


def lies_under(pattern: str, prefix: str) -> bool:
    """Tell whether every topic of the pattern begins with the prefix, as it stands."""
    return pattern.startswith(prefix) and not set("{}+#").intersection(prefix)
