"""The addresses of the pages."""

from django.urls import path

from meters import views

urlpatterns = [
    path("", views.site_list, name="site_list"),
    path("sites/<slug:slug>/", views.site_dashboard, name="site_dashboard"),
    path("sites/<slug:slug>/meters/", views.site_meters, name="site_meters"),
    path("sites/<slug:slug>/health/", views.device_health, name="device_health"),
    path(
        "sites/<slug:slug>/health/decode-again/",
        views.decode_again,
        name="decode_again",
    ),
    path(
        "sites/<slug:slug>/health/clock/<int:meter_id>/",
        views.shift_clock,
        name="shift_clock",
    ),
    path("sites/<slug:slug>/wall/", views.site_wall, name="site_wall"),
    path("meters/<int:meter_id>/", views.meter_detail, name="meter_detail"),
    path("sites/<slug:slug>/commands/", views.site_commands, name="site_commands"),
    path("meters/<int:meter_id>/commands/", views.command_meter, name="command_meter"),
    path("meters/<int:meter_id>/outputs/", views.add_output, name="add_output"),
    path(
        "meters/<int:meter_id>/outputs/<int:number>/",
        views.output_detail,
        name="output_detail",
    ),
    path(
        "meters/<int:meter_id>/settings/", views.meter_settings, name="meter_settings"
    ),
    path("meters/<int:meter_id>/changes/", views.meter_changes, name="meter_changes"),
    path("changes/<int:change_id>/undo/", views.undo_change, name="undo_change"),
    path("sites/<slug:slug>/commissioning/", views.commissioning, name="commissioning"),
    path("sites/<slug:slug>/commissioning/scan/", views.scan_label, name="scan_label"),
    path(
        "meters/<int:meter_id>/commissioning/",
        views.commission_meter,
        name="commission_meter",
    ),
    path(
        "commissionings/<int:commissioning_id>/photo/",
        views.commissioning_photo,
        name="commissioning_photo",
    ),
    path("lockouts/<int:lockout_id>/lift/", views.lift_lockout, name="lift_lockout"),
    path(
        "commands/<int:command_id>/approve/",
        views.approve_command,
        name="approve_command",
    ),
    path(
        "commands/<int:command_id>/cancel/", views.cancel_command, name="cancel_command"
    ),
    path("command-templates/", views.command_templates, name="command_templates"),
    path("command-templates/new/", views.command_template, name="new_template"),
    path(
        "command-templates/<int:template_id>/",
        views.command_template,
        name="command_template",
    ),
    path(
        "command-templates/<int:template_id>/switch/",
        views.switch_template,
        name="switch_template",
    ),
    path("discovered/", views.discovered_meters, name="discovered_meters"),
    path("discovered/sort/", views.sort_discovered, name="sort_discovered"),
    path("discovered/claim/", views.claim_meters, name="claim_meters"),
    path("discovered/<int:meter_id>/claim/", views.claim_meter, name="claim_meter"),
    path("unknown/", views.unknown_topic_list, name="unknown_topics"),
    path("unknown/<int:message_id>/", views.profile_editor, name="profile_editor"),
    path(
        "unknown/<int:message_id>/preview/",
        views.profile_preview,
        name="profile_preview",
    ),
    path("profiles/<int:profile_id>/", views.change_profile, name="change_profile"),
    path(
        "profiles/<int:profile_id>/preview/",
        views.profile_preview,
        name="changed_profile_preview",
    ),
    path(
        "profiles/<int:profile_id>/switch/",
        views.profile_switch,
        name="profile_switch",
    ),
    path("search/", views.search, name="search"),
    path("health/", views.system_health, name="system_health"),
    path("setup/", views.first_administrator, name="first_administrator"),
]
