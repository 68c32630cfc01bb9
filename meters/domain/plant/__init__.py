"""A plant that could be real: what its meters show at any instant.

Everything follows from the seed and the time. A simulator that starts anew goes on
exactly where it stopped, and no instant needs the ones before it.

model       the plant as others use it: its meters, their readings
fleet       many plants, for load
publishing  which instants are published when
layout      what the plant consists of; kinds: what its loads are like
curves      the course of power; incidents and effects: what goes wrong
hours       power, registers and warmth in steps of ten seconds
registers   what was counted before; counting: how registers count
measuring   what the meters show; rounding: to how many decimals
chance, calendar
"""

from meters.domain.plant.counting import RATE_LABELS
from meters.domain.plant.fleet import Fleet, load
from meters.domain.plant.incidents import DESCRIPTIONS, Incident
from meters.domain.plant.layout import NOMINAL_VOLTAGE, PLACES, Place
from meters.domain.plant.model import ZONE, Plant, Readings

__all__ = [
    "DESCRIPTIONS",
    "NOMINAL_VOLTAGE",
    "PLACES",
    "RATE_LABELS",
    "ZONE",
    "Fleet",
    "Incident",
    "Place",
    "Plant",
    "Readings",
    "load",
]
