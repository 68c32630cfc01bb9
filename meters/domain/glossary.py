"""Words of the trade, each with the sentence that pages show when one points at it."""

from meters.domain.quantities import gettext_noop

# By the word as pages write it, in English.
SENTENCES: dict[str, str] = {
    "Active power": gettext_noop(
        "What does work, or heats. Import comes from the grid, export flows into it."
    ),
    "Reactive power": gettext_noop(
        "What swings between source and load without doing work. Positive is"
        " inductive while importing."
    ),
    "Apparent power": gettext_noop(
        "Voltage times current: what cables and transformers must carry."
    ),
    "Power factor": gettext_noop(
        "Active power over apparent power. Lagging: inductive, as motors are."
        " Leading: capacitive."
    ),
    "Power now": gettext_noop(
        "Active power of the incomers: what the site takes from the grid, or feeds"
        " into it."
    ),
    "Generation now": gettext_noop(
        "Active power that the site's own generators make, used here or exported."
    ),
    "Energy today": gettext_noop(
        "Active energy counted by the incomers since midnight in the zone of the site."
    ),
    "Active demand": gettext_noop(
        "The mean active power over an interval, usually a quarter of an hour."
    ),
    "Maximum demand": gettext_noop("The highest demand since it was last set back."),
    "Distribution": gettext_noop(
        "Which meter hangs below which, from the incomer to the last load."
    ),
    "Not metered below": gettext_noop(
        "What the meter above shows and no meter below it: losses of cables and"
        " transformers, and loads without a meter of their own."
    ),
    "Line voltage": gettext_noop("Between two phases; 1.73 times that of a phase."),
    "Frequency": gettext_noop("How often the voltage swings in a second."),
    "Residual current": gettext_noop(
        "What does not come back through the conductors: it flows to earth."
    ),
    "Voltage THD": gettext_noop(
        "Total harmonic distortion: how far the voltage is from a clean wave."
    ),
    "Current THD": gettext_noop(
        "Total harmonic distortion: how far the current is from a clean wave."
    ),
    "Voltage unbalance": gettext_noop(
        "How far the three voltages are from equal; motors heat up by it."
    ),
    "Current unbalance": gettext_noop("How far the three currents are from equal."),
    "Phasors": gettext_noop(
        "Voltages and currents as arrows: their length is the size, their angle how"
        " far one swings behind the other."
    ),
    "Incomer": gettext_noop("The meter where the site is fed: it has no parent."),
    "Voltage transformer ratio": gettext_noop(
        "Primary over secondary voltage: 10000/100 V is 100."
    ),
    "Current transformer ratio": gettext_noop(
        "Primary over secondary current: 200/5 A is 40."
    ),
    "Active energy import": gettext_noop(
        "What the register has counted of energy taken from the grid."
    ),
    "Active energy export": gettext_noop(
        "What the register has counted of energy fed into the grid."
    ),
}
