"""Finding a meter by its label, and signing it off."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from meters.models import Commissioning
from meters.photos import UnusablePhotoError, as_jpeg, codes_in

# Cameras of phones make up to ten; a larger one is no photo of a label.
_MOST_MB = 25
_CAMERA = {"accept": "image/jpeg,image/png,image/webp", "capture": "environment"}


class PhotoField(forms.FileField):
    """A photo; on a phone it opens the camera."""

    widget = forms.FileInput(attrs=_CAMERA)

    def clean(self, data: Any, initial: Any = None) -> Any:
        photo = super().clean(data, initial)
        if photo and photo.size and photo.size > _MOST_MB * 2**20:
            raise forms.ValidationError(
                _("The photo has more than %(most)d MB."), params={"most": _MOST_MB}
            )
        return photo


class LabelForm(forms.Form):
    """A photo of a meter's label; valid where a code can be read in it."""

    photo = PhotoField(label=_("Photo of the label"))

    def clean_photo(self) -> list[str]:
        try:
            codes = codes_in(self.cleaned_data["photo"].file)
        except UnusablePhotoError as error:
            raise forms.ValidationError(str(error)) from error
        if not codes:
            raise forms.ValidationError(
                _(
                    "No bar code or QR code can be read in this photo. Go nearer, avoid"
                    " reflections, or type the serial number."
                )
            )
        return codes


class SignOffForm(forms.ModelForm):  # type: ignore[type-arg]
    """Who signs, a photo of the installation, and what there is to say."""

    photo = PhotoField(
        label=_("Photo of the installation"),
        help_text=_("Meter and transformers as they are now."),
    )

    class Meta:
        model = Commissioning
        fields = ["name", "note"]
        widgets = {"note": forms.Textarea(attrs={"rows": 2})}

    def clean_photo(self) -> bytes:
        try:
            return as_jpeg(self.cleaned_data["photo"].file)
        except UnusablePhotoError as error:
            raise forms.ValidationError(str(error)) from error

    def _post_clean(self) -> None:
        # The service writes the row, with what the form does not know.
        pass
