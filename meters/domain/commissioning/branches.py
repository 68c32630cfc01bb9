"""The meters below a meter, against the meter itself."""

from collections.abc import Sequence
from typing import Literal

from meters.domain.balance import contradicts, rest_of
from meters.domain.commissioning.checks import Check, Verdict
from meters.domain.formatting import format_measure
from meters.domain.quantities import gettext_noop


def check_children(
    name: str,
    above: float | None,
    below: Sequence[float | None],
    *,
    check: Literal["children", "feeder"] = "children",
) -> Check:
    """
    Return whether the meters below show no more than the one above.

    Parameters
    ----------
    name : str
        Of the meter above.
    above : float or None
        Its power, positive away from the grid; None where it is not known now. [kW]
    below : sequence of float or None
        Powers of the meters right below it. [kW]
    check : str
        "feeder" where the meter in question is one of those below.
    """
    if not below:
        return Check(
            check,
            Verdict.NONE,
            gettext_noop("No meter hangs below %(name)s."),
            {"name": name},
        )
    rest = rest_of(above, below)
    if above is None or rest is None:
        return Check(
            check,
            Verdict.WAIT,
            gettext_noop("Not every meter below %(name)s has a fresh value."),
            {"name": name},
        )
    facts = {
        "name": name,
        "above": str(format_measure(above, "kW")),
        "below": str(format_measure(above - rest, "kW")),
        "rest": str(format_measure(rest, "kW")),
    }
    if contradicts(rest, above, below):
        return Check(
            check,
            Verdict.BAD,
            gettext_noop(
                "The meters below %(name)s show %(below)s, it shows %(above)s: a ratio"
                " is wrong, a current transformer turned round, or a meter hangs in the"
                " wrong place."
            ),
            facts,
        )
    return Check(
        check,
        Verdict.GOOD,
        gettext_noop(
            "The meters below %(name)s show %(below)s of its %(above)s; %(rest)s is not"
            " metered below."
        ),
        facts,
    )
