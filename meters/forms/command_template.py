from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from meters.domain.command_templates import (
    TemplateError,
    check_placeholders,
    check_topic,
    parse_conditions,
)
from meters.models import CommandTemplate, Meter, Profile
from meters.queries.commanding import registry

# What is published: a change of it turns the template off.
PUBLISHED = ("family", "meter", "action", "topic", "payload")


class CommandTemplateForm(forms.ModelForm):  # type: ignore[type-arg]
    """A command of devices whose document somebody holds."""

    class Meta:
        model = CommandTemplate
        fields = [
            "name",
            "family",
            "meter",
            "action",
            "topic",
            "payload",
            "reply_topic",
            "reply_match",
            "read_back",
            "timeout_s",
        ]
        widgets = {
            "payload": forms.Textarea(attrs={"rows": 5, "spellcheck": "false"}),
            "reply_match": forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        }

    def __init__(self, data: Any, *, instance: CommandTemplate | None) -> None:
        super().__init__(data, instance=instance)
        names = [family.name for family in registry().families]
        # Made in the portal: its registry is that of ingest only.
        names += Profile.objects.order_by("name").values_list("name", flat=True)
        families = [(name, name) for name in names]
        self.fields["family"] = forms.ChoiceField(
            label=_("Family or profile"),
            required=False,
            choices=[("", _("one meter only")), *families],
        )
        self.fields["meter"].queryset = Meter.objects.filter(  # type: ignore[attr-defined]
            state=Meter.State.ACTIVE
        )
        self.fields["timeout_s"].widget.attrs["min"] = 1
        self.initial["timeout_s"] = f"{self.instance.timeout_s:g}"

    def clean_topic(self) -> str:
        return self._checked("topic", is_topic=True)

    def clean_payload(self) -> str:
        return self._checked("payload")

    def clean_reply_topic(self) -> str:
        return self._checked("reply_topic", is_topic=True)

    def clean_reply_match(self) -> str:
        text = self._checked("reply_match")
        try:
            parse_conditions(text)
        except TemplateError as error:
            raise forms.ValidationError(str(error)) from error
        return text

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if bool(cleaned.get("family")) == bool(cleaned.get("meter")):
            self.add_error("meter", _("Choose a family, or else one meter."))
        return cleaned

    def _checked(self, name: str, *, is_topic: bool = False) -> str:
        text: str = self.cleaned_data[name]
        try:
            check_placeholders(text)
            if is_topic and text:
                check_topic(text)
        except TemplateError as error:
            raise forms.ValidationError(str(error)) from error
        return text

    def save(self, commit: bool = True) -> Any:
        if any(name in self.changed_data for name in PUBLISHED):
            self.instance.enabled = False
        return super().save(commit)


class DryRunForm(forms.Form):
    """For which meter and output to show what would be published."""

    dry_meter = forms.ModelChoiceField(
        label=_("Meter"), queryset=Meter.objects.none(), empty_label=None
    )
    dry_output = forms.IntegerField(label=_("Output"), min_value=1, initial=1)
    dry_interval_s = forms.FloatField(label=_("Interval, s"), initial=60)

    def __init__(self, data: Any, *, template: CommandTemplate) -> None:
        super().__init__(data)
        meters = Meter.objects.filter(state=Meter.State.ACTIVE).select_related("site")
        if template.meter_id:
            meters = meters.filter(pk=template.meter_id)
        else:
            meters = meters.filter(family=template.family)
        self.fields["dry_meter"].queryset = meters  # type: ignore[attr-defined]
