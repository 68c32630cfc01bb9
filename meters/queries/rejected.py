"""Messages that could not be used, by reason and topic, for those they concern."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Q, QuerySet
from django.db.models.functions import Length

from meters.models import RejectedMessage, Site, User
from meters.queries.access import managed_sites, under_prefixes

MOST_GROUPS = 50
_EXCERPT = 300


@dataclass(frozen=True, slots=True)
class RejectedGroup:
    """Messages of one topic that were refused for one reason."""

    reason: str
    topic: str
    count: int
    # Of which only the beginning was kept: they cannot be decoded again.
    cut_short: int
    last_at: datetime
    # The newest one's payload, as far as it is text.
    excerpt: str
    size: int

    @property
    def may_be_decoded(self) -> bool:
        return self.count > self.cut_short


def rejected_messages(
    *, user: User, site: Site, now: datetime
) -> QuerySet[RejectedMessage]:
    """Return those that concern the user: staff all, managers those of the site."""
    if user.is_active and user.is_staff:
        return RejectedMessage.objects.all()
    managed = managed_sites(user=user, now=now).filter(pk=site.pk)
    return RejectedMessage.objects.filter(under_prefixes("topic", managed))


def rejected_groups(messages: QuerySet[RejectedMessage]) -> list[RejectedGroup]:
    """Return the groups, those of the newest message first."""
    groups = (
        messages.values("reason", "topic")
        .annotate(
            count=Count("pk"),
            cut_short=Count("pk", filter=Q(payload_size__gt=Length("payload"))),
            last=Max("pk"),
        )
        .order_by("-last")[:MOST_GROUPS]
    )
    found = list(groups)
    newest = RejectedMessage.objects.in_bulk([group["last"] for group in found])
    return [
        RejectedGroup(
            reason=group["reason"],
            topic=group["topic"],
            count=group["count"],
            cut_short=group["cut_short"],
            last_at=newest[group["last"]].received_at,
            excerpt=_text(bytes(newest[group["last"]].payload[:_EXCERPT])),
            size=newest[group["last"]].payload_size,
        )
        for group in found
        if group["last"] in newest
    ]


def _text(payload: bytes) -> str:
    """Return text as it is, anything else as numbers of two hexadecimal digits."""
    try:
        text = payload.decode()
    except UnicodeDecodeError as error:
        # The end may have been cut within a letter.
        if error.reason != "unexpected end of data":
            return payload[: _EXCERPT // 3].hex(" ")
        text = payload[: error.start].decode()
    return "".join(letter if letter.isprintable() else " " for letter in text)
