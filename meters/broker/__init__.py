"""The connection to the MQTT broker: owns the socket, knows nothing of meters."""

from meters.broker.address import BrokerAddress, BrokerError
from meters.broker.connection import new_client, speaks_mqtt_5
from meters.broker.receiver import Incoming, slot_of
from meters.broker.subscription import Subscription

__all__ = [
    "BrokerAddress",
    "BrokerError",
    "Incoming",
    "Subscription",
    "new_client",
    "slot_of",
    "speaks_mqtt_5",
]
