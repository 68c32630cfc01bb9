from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from meters.queries.search import search_meters
from meters.views.requests import SignedInRequest


@login_required
def search(request: SignedInRequest) -> HttpResponse:
    """Meters by a part of their name."""
    text = request.GET.get("q", "").replace("\0", "").strip()[:100]
    found = search_meters(user=request.user, text=text, now=timezone.now())
    return render(request, "meters/search.html", {"text": text, "found": found})
