"""Messages of topics that no family knows, for those they concern."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, QuerySet

from meters.families import UNKNOWN_TOPIC
from meters.models import RejectedMessage, User
from meters.queries.access import managed_sites, under_prefixes

MOST_TOPICS = 100
_EXCERPT = 200


@dataclass(frozen=True, slots=True)
class UnknownTopic:
    """A topic with its newest message."""

    topic: str
    count: int
    message: RejectedMessage

    @property
    def excerpt(self) -> str:
        return bytes(self.message.payload[:_EXCERPT]).decode("utf-8", "replace")


def unknown_messages(*, user: User, now: datetime) -> QuerySet[RejectedMessage]:
    """Return those that concern the user: staff all, managers those of their sites."""
    unknown = RejectedMessage.objects.filter(reason=UNKNOWN_TOPIC)
    if user.is_active and user.is_staff:
        return unknown
    return unknown.filter(under_prefixes("topic", managed_sites(user=user, now=now)))


def unknown_topics(*, user: User, now: datetime) -> list[UnknownTopic]:
    """Return the topics, those of the newest message first."""
    messages = unknown_messages(user=user, now=now)
    groups = list(
        messages.values("topic")
        .annotate(count=Count("pk"), last=Max("pk"))
        .order_by("-last")[:MOST_TOPICS]
    )
    newest = RejectedMessage.objects.in_bulk([group["last"] for group in groups])
    return [
        UnknownTopic(group["topic"], group["count"], newest[group["last"]])
        for group in groups
        if group["last"] in newest
    ]
