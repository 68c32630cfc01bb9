"""The nouns of metering, one family of models a file."""

from meters.models.batch import RecentMessage, RejectedMessage, StoredBatch
from meters.models.command import Command, CommandStep
from meters.models.command_template import CommandTemplate
from meters.models.commissioning import Commissioning
from meters.models.device_event import DeviceEvent
from meters.models.ingest_session import IngestSession
from meters.models.lockout import Lockout
from meters.models.meter import Meter
from meters.models.meter_change import MeterChange
from meters.models.output import Output
from meters.models.profile import Profile
from meters.models.quality import DataQuality
from meters.models.reading import Reading
from meters.models.setup import SetupToken
from meters.models.site import Membership, Organisation, Site
from meters.models.user import User

__all__ = [
    "Command",
    "CommandStep",
    "CommandTemplate",
    "Commissioning",
    "DataQuality",
    "DeviceEvent",
    "IngestSession",
    "Lockout",
    "Membership",
    "Meter",
    "MeterChange",
    "Organisation",
    "Output",
    "Profile",
    "Reading",
    "RecentMessage",
    "RejectedMessage",
    "SetupToken",
    "Site",
    "StoredBatch",
    "User",
]
