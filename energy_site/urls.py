"""Every address of the site."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from energy_site import health
from energy_site.api import api
from meters import consumers

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("api/v1/", api.urls),
    path("accounts/", include("allauth.account.urls")),
    path("admin/", admin.site.urls),
    path("", include("meters.urls")),
]

websocket_urlpatterns: list[URLPattern] = [
    path("ws/sites/<slug:slug>/", consumers.SiteConsumer.as_asgi()),
    path("ws/meters/<int:meter_id>/", consumers.MeterConsumer.as_asgi()),
]
