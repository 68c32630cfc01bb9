"""Administration for staff; readings are not here, their key is no single column."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from meters.models import (
    Membership,
    Meter,
    Organisation,
    Reading,
    RejectedMessage,
    Site,
    User,
)

admin.site.site_header = "Energy Site"
admin.site.site_title = "Energy Site"
admin.site.index_title = _("Administration")
# The admin's own login has no limit on tries; the portal's has.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
# Who may do what goes by memberships.
admin.site.unregister(Group)


class MembershipInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Membership
    extra = 0
    autocomplete_fields = ["organisation", "site", "branch"]


@admin.register(User)
class UserAdmin(DjangoUserAdmin):  # type: ignore[type-arg]
    """People; the e-mail address is the login."""

    ordering = ["email"]
    list_display = ["email", "first_name", "last_name", "is_staff", "is_active"]
    search_fields = ["email", "first_name", "last_name"]
    list_filter = ["is_staff", "is_superuser", "is_active"]
    filter_horizontal = ()
    inlines = [MembershipInline]
    form = UserChangeForm
    fieldsets = (
        (None, {"fields": ("email", "password")}),
        (
            _("Person"),
            {"fields": ("first_name", "last_name", "language", "time_zone")},
        ),
        (_("Rights"), {"fields": ("is_active", "is_staff", "is_superuser")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ["last_login", "date_joined"]
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": ("email", "usable_password", "password1", "password2"),
            },
        ),
    )


@admin.register(Organisation)
class OrganisationAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    search_fields = ["name"]


@admin.register(Site)
class SiteAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["name", "organisation", "time_zone", "topic_prefix"]
    list_filter = ["organisation"]
    search_fields = ["name", "slug"]
    autocomplete_fields = ["organisation"]
    prepopulated_fields = {"slug": ["name"]}


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["user", "role", "organisation", "site", "branch", "valid_to"]
    list_filter = ["role"]
    list_select_related = ["user", "organisation", "site", "branch"]
    search_fields = ["user__email"]
    autocomplete_fields = ["user", "organisation", "site", "branch"]


@admin.register(Meter)
class MeterAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Meters; one that has readings is retired, never deleted."""

    list_display = ["__str__", "family", "device_id", "state", "site", "parent"]
    list_filter = ["state", "family", "site"]
    list_select_related = ["site", "parent"]
    search_fields = ["name", "device_id"]
    autocomplete_fields = ["site", "parent"]
    # What a device calls itself is not ours to change.
    readonly_fields = ["family", "device_id", "first_topic", "discovered_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A meter begins with its first message."""
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: Meter | None = None
    ) -> bool:
        if obj is not None and Reading.objects.filter(meter=obj).exists():
            return False
        return super().has_delete_permission(request, obj)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Leave out deleting many at once: it would not ask each for its readings."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions


@admin.register(RejectedMessage)
class RejectedMessageAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Messages that could not be used, to read only."""

    list_display = ["received_at", "topic", "reason", "payload_size"]
    search_fields = ["topic", "reason"]
    date_hierarchy = "received_at"
    fields = ("received_at", "topic", "reason", "payload_size", "beginning")
    readonly_fields = ("received_at", "topic", "reason", "payload_size", "beginning")

    @admin.display(description=_("beginning of the payload"))
    def beginning(self, message: RejectedMessage) -> SafeString:
        text = bytes(message.payload).decode("utf-8", "backslashreplace")
        return format_html("<pre>{}</pre>", text)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: RejectedMessage | None = None
    ) -> bool:
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: RejectedMessage | None = None
    ) -> bool:
        return False
