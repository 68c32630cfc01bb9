"""The pages: parse the request, make one call, render."""

from meters.views.discovered import claim_meter, discovered_meters
from meters.views.meters import meter_detail
from meters.views.setup import first_administrator
from meters.views.sites import site_dashboard, site_list

__all__ = [
    "claim_meter",
    "discovered_meters",
    "first_administrator",
    "meter_detail",
    "site_dashboard",
    "site_list",
]
