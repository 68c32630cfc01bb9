"""Finds the family of a message and lets it decode."""

from collections.abc import Iterable

from meters.families import totals
from meters.families.acrel_eiot import AcrelEiot
from meters.families.acrel_hw import AcrelHw
from meters.families.acrel_json_v2 import AcrelJsonV2
from meters.families.chirpstack_v4 import ChirpStackV4
from meters.families.dsmr_p1 import DsmrP1
from meters.families.emonhub import EmonHub
from meters.families.esphome import EspHome
from meters.families.home_assistant import HomeAssistant
from meters.families.message import (
    Decoded,
    Family,
    Message,
    RecognisesContent,
    UnusableMessageError,
)
from meters.families.profiles import Profile, ProfileFamily, built_in_profiles
from meters.families.senml import SenMl
from meters.families.shelly_gen1 import ShellyGen1
from meters.families.shelly_gen2 import ShellyGen2
from meters.families.sparkplug import SparkplugB
from meters.families.tasmota import Tasmota
from meters.families.thingsboard import ThingsBoard, ThingsBoardGateway
from meters.families.ttn_v3 import TtnV3
from meters.families.zigbee2mqtt import Zigbee2Mqtt

# A longer one is no reading: 60 instants of all points make 100 kB.
LARGEST_PAYLOAD = 2**20
# Topics remembered with their family; beyond it the memory starts anew.
_REMEMBERED_TOPICS = 50_000
UNKNOWN_TOPIC = "No device family knows this topic."


def built_in_families() -> tuple[Family, ...]:
    """Return one new instance of each family, with its state; asked in this order."""
    return (
        AcrelJsonV2(),
        AcrelEiot(),
        AcrelHw(),
        ChirpStackV4(),
        TtnV3(),
        SparkplugB(),
        ThingsBoard(),
        ThingsBoardGateway(),
        ShellyGen2(),
        Tasmota(),
        ShellyGen1(),
        Zigbee2Mqtt(),
        EspHome(),
        EmonHub(),
        DsmrP1(),
        SenMl(),
        *(ProfileFamily(profile) for profile in built_in_profiles()),
        HomeAssistant(),
    )


class Registry:
    """Holds one instance of each family; the first that knows a topic decodes it."""

    def __init__(self, families: Iterable[Family] | None = None) -> None:
        self._built_in = tuple(families or built_in_families())
        self._by_topic: dict[str, Family] = {}
        self.use_profiles(())

    def use_profiles(self, profiles: Iterable[Profile]) -> None:
        """Let these profiles of users stand beside the families, which come first.

        But for what a device announces for Home Assistant: its owner knows better.
        """
        families = (*self._built_in, *(ProfileFamily(profile) for profile in profiles))
        # Stable: the order of the others stays.
        self.families: tuple[Family, ...] = tuple(
            sorted(families, key=lambda family: isinstance(family, HomeAssistant))
        )
        self._by_name = {family.name: family for family in reversed(self.families)}
        self._by_topic.clear()

    def family(self, name: str) -> Family | None:
        """Return the family of this name."""
        return self._by_name.get(name)

    def decode(self, message: Message, *, family: str | None = None) -> Decoded:
        """
        Return what a message says; never raises for what a device sent.

        Parameters
        ----------
        message : Message
        family : str, optional
            The family's name, where the topic does not tell it.
        """
        found = self._by_name.get(family) if family else self._family_of(message)
        if found is None:
            reason = f"There is no family “{family}”." if family else UNKNOWN_TOPIC
            return Decoded(None, rejected=reason)
        size = len(message.payload)
        if size > LARGEST_PAYLOAD:
            reason = (
                f"The payload has {size} bytes; at most {LARGEST_PAYLOAD} are taken."
            )
            return Decoded(found.name, rejected=reason)
        if isinstance(found, ProfileFamily) and found.profile.family:
            return self._decode_by_built_in(message, found.profile.family)
        try:
            decoded = found.decode(message)
        except UnusableMessageError as error:
            return Decoded(found.name, rejected=str(error))
        for reading in decoded.readings:
            totals.fill(reading.quantities)
        return decoded

    def _decode_by_built_in(self, message: Message, name: str) -> Decoded:
        """Let a built-in family decode what a profile leaves to it."""
        if not any(family.name == name for family in self._built_in):
            return Decoded(None, rejected=f"There is no family “{name}”.")
        return self.decode(message, family=name)

    def _family_of(self, message: Message) -> Family | None:
        """Return the family that knows the topic, else the one that knows the look."""
        topic = message.topic
        try:
            return self._by_topic[topic]
        except KeyError:
            pass
        found = next((family for family in self.families if family.knows(topic)), None)
        if found is None and len(message.payload) <= LARGEST_PAYLOAD:
            # A topic may carry something else next time: this is not remembered.
            return next(
                (
                    family
                    for family in self.families
                    if isinstance(family, RecognisesContent)
                    and family.recognises(message)
                ),
                None,
            )
        if found is not None:
            if len(self._by_topic) >= _REMEMBERED_TOPICS:
                self._by_topic.clear()
            self._by_topic[topic] = found
        return found
