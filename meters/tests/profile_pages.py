"""What tests of the pages of profiles share: a message, and the form that is posted."""

import json

from django.utils import timezone

from meters.families import UNKNOWN_TOPIC
from meters.models import RejectedMessage

BODY = {"sn": "K1", "ts": 1_782_907_100, "P": {"power_kW": 2.5, "u_L1": "231.5 V"}}


def kept(topic="hall/K1/data", body=BODY, **fields):
    """Keep a message that no family knows."""
    payload = json.dumps(body).encode()
    return RejectedMessage.objects.create(
        **{
            "received_at": timezone.now(),
            "topic": topic,
            "payload": payload,
            "payload_size": len(payload),
            "reason": UNKNOWN_TOPIC,
            **fields,
        }
    )


def posted(**fields):
    """Return what the form posts."""
    return {
        "name": "mine",
        "topic": "hall/{}/data",
        "device": "sn",
        "time": "",
        "time_format": "",
        "path": ["P.power_kW", "P.u_L1"],
        "value": ["2.5", "231.5 V"],
        "quantity": ["active_power", ""],
        "unit": ["kW", ""],
        **fields,
    }
