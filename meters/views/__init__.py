"""The pages: parse the request, make one call, render."""

from meters.views.claim_meters import claim_meters
from meters.views.command_templates import (
    command_template,
    command_templates,
    switch_template,
)
from meters.views.commands import (
    approve_command,
    cancel_command,
    command_meter,
    site_commands,
)
from meters.views.commissioning import (
    commission_meter,
    commissioning,
    commissioning_photo,
    scan_label,
)
from meters.views.device_health import decode_again, device_health
from meters.views.discovered import claim_meter, discovered_meters, sort_discovered
from meters.views.health import system_health
from meters.views.meter_changes import meter_changes, undo_change
from meters.views.meter_settings import meter_settings
from meters.views.meters import meter_detail
from meters.views.outputs import add_output, lift_lockout, output_detail
from meters.views.profile_editor import (
    change_profile,
    profile_editor,
    profile_preview,
)
from meters.views.profiles import profile_switch, unknown_topic_list
from meters.views.search import search
from meters.views.setup import first_administrator
from meters.views.shift_clock import shift_clock
from meters.views.sites import site_dashboard, site_list, site_meters
from meters.views.wall import site_wall

__all__ = [
    "add_output",
    "approve_command",
    "cancel_command",
    "change_profile",
    "claim_meter",
    "claim_meters",
    "command_meter",
    "command_template",
    "command_templates",
    "commission_meter",
    "commissioning",
    "commissioning_photo",
    "decode_again",
    "device_health",
    "discovered_meters",
    "first_administrator",
    "lift_lockout",
    "meter_changes",
    "meter_detail",
    "meter_settings",
    "output_detail",
    "profile_editor",
    "profile_preview",
    "profile_switch",
    "scan_label",
    "search",
    "shift_clock",
    "site_commands",
    "site_dashboard",
    "site_list",
    "site_meters",
    "site_wall",
    "sort_discovered",
    "switch_template",
    "system_health",
    "undo_change",
    "unknown_topic_list",
]
