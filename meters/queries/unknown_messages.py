"""Messages of topics that no family knows, for those they concern."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Q, QuerySet

from meters.families import UNKNOWN_TOPIC
from meters.families.profiles import ProfileFamily
from meters.models import RejectedMessage, User
from meters.queries.access import managed_sites, under_prefixes

MOST_TOPICS = 100
_EXCERPT = 200
_MOST_ASKED = 1_000


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
    return _concerning(user, now).filter(reason=UNKNOWN_TOPIC)


def messages_meant_by(
    family: ProfileFamily, *, user: User, now: datetime
) -> QuerySet[RejectedMessage]:
    """Return those that a profile means, or has refused, and that concern the user."""
    refused = Q(family=family.name)
    kept = _concerning(user, now).filter(Q(reason=UNKNOWN_TOPIC) | refused)
    topics = kept.values_list("topic", flat=True).order_by("topic").distinct()
    meant = [topic for topic in topics[:_MOST_ASKED] if family.knows(topic)]
    return kept.filter(Q(topic__in=meant) | refused)


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


def _concerning(user: User, now: datetime) -> QuerySet[RejectedMessage]:
    if user.is_active and user.is_staff:
        return RejectedMessage.objects.all()
    sites = managed_sites(user=user, now=now)
    return RejectedMessage.objects.filter(under_prefixes("topic", sites))
