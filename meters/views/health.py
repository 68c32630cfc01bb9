from pathlib import Path

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render

from meters.queries.disk_use import disk_use
from meters.views.requests import SignedInRequest


@login_required
def system_health(request: SignedInRequest) -> HttpResponse:
    """How much is stored, how much room is left, and when something last came."""
    if not request.user.is_staff:
        raise PermissionDenied
    return render(
        request,
        "meters/system_health.html",
        {
            "page": "health",
            "use": disk_use(folder=Path(settings.BASE_DIR)),
        },
    )
