"""The HTTP API: ``/api/v1/``, described by ``/api/v1/openapi.json``."""

from ninja import NinjaAPI
from ninja.security import SessionAuth

from meters.api import router as meters_router
from meters.api_commands import router as commands_router

api = NinjaAPI(title="Energy Site", version="1", auth=SessionAuth(), docs_url=None)
api.add_router("", meters_router)
api.add_router("", commands_router)
