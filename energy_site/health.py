"""Says whether this process lives, and whether it can reach what it needs."""

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from redis import RedisError

from meters.broker import BrokerAddress, BrokerError, speaks_mqtt_5
from meters.live.newest import redis_client


def healthz(request: HttpRequest) -> HttpResponse:
    """Answer that the process is up."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 where database, Redis and broker are reachable, else 503."""
    checks = {"database": _database(), "redis": _redis(), "broker": _broker()}
    status = 200 if all(answer == "ok" for answer in checks.values()) else 503
    return JsonResponse(checks, status=status)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "not reachable"
    return "ok"


def _redis() -> str:
    try:
        redis_client().ping()
    except RedisError:
        return "not reachable"
    return "ok"


def _broker() -> str:
    try:
        speaks_mqtt_5(BrokerAddress.of(settings.MQTT_URL))
    except BrokerError:
        return "not reachable"
    return "ok"
