from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _, ngettext
from django.views.decorators.http import require_POST

from meters.ingest.decode_again import DecodedAgain, decode_again as decode_them
from meters.queries import device_health as query
from meters.queries.access import may_manage
from meters.queries.rejected import rejected_groups, rejected_messages
from meters.views.opened_site import opened_site
from meters.views.requests import SignedInRequest

PER_PAGE = 100


@login_required
def device_health(request: SignedInRequest, slug: str) -> HttpResponse:
    """How well each meter of a site reports, and what could not be used."""
    site, now = opened_site(request, slug)
    order = request.GET.get("order", "")
    meters = query.device_health(user=request.user, site=site, now=now, order=order)
    page = Paginator(meters, PER_PAGE).get_page(request.GET.get("page", "1"))
    rejected = rejected_messages(user=request.user, site=site, now=now)
    manages = may_manage(user=request.user, site=site, now=now)
    return render(
        request,
        "meters/device_health.html",
        {
            "page": "devices",
            "site": site,
            "meters": page,
            "order": order if order in query.ORDERS else "",
            "warned": [m for m in meters if m.clock and m.clock.warns],
            "events": query.newest_events([health.meter for health in meters]),
            "may_manage": manages,
            "sees_rejected": manages or request.user.is_staff,
            "rejected": rejected_groups(rejected),
            "now": now,
        },
    )


@login_required
@require_POST
def decode_again(request: SignedInRequest, slug: str) -> HttpResponse:
    """Decode the kept messages of one topic and reason anew."""
    site, now = opened_site(request, slug)
    if not (request.user.is_staff or may_manage(user=request.user, site=site, now=now)):
        raise PermissionDenied
    kept = rejected_messages(user=request.user, site=site, now=now).filter(
        topic=request.POST.get("topic", ""), reason=request.POST.get("reason", "")
    )
    result = decode_them(kept, now=timezone.now())
    for sentence in _sentences(result):
        level = messages.SUCCESS if result.used else messages.WARNING
        messages.add_message(request, level, sentence)
    return redirect("device_health", slug=site.slug)


def _sentences(result: DecodedAgain) -> list[str]:
    """Return what became of the messages, a sentence for each kind."""
    sentences = []
    if result.used:
        sentences.append(
            ngettext(
                "%(count)d message is used now, %(readings)d readings came of it.",
                "%(count)d messages are used now, %(readings)d readings came of them.",
                result.used,
            )
            % {"count": result.used, "readings": result.readings}
        )
    sentences += [
        ngettext(
            "%(count)d message is still refused: %(reason)s",
            "%(count)d messages are still refused: %(reason)s",
            count,
        )
        % {"count": count, "reason": reason}
        for reason, count in list(result.reasons.items())[:5]
    ]
    if result.cut_short:
        sentences.append(
            ngettext(
                "Of %(count)d message only the beginning was kept: it cannot be"
                " decoded again.",
                "Of %(count)d messages only the beginning was kept: they cannot be"
                " decoded again.",
                result.cut_short,
            )
            % {"count": result.cut_short}
        )
    if result.left:
        sentences.append(
            _("%(count)d more wait: decode again once more.") % {"count": result.left}
        )
    return sentences or [_("These messages are gone already.")]
