"""Photos that people upload: made small and harmless, and read for their codes."""

import io
from typing import IO

import zxingcpp
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

# What is kept shows a terminal strip; what is read shows a label from arm's length.
_LONGEST_KEPT, _LONGEST_READ = 1600, 3000
_JPEG_QUALITY = 80
# A picture of a few kilobytes can claim to be enormous. Cameras write JPEG, of which
# only a fraction is decoded; others are decoded whole.
_MOST_PIXELS = {"JPEG": 60_000_000, "MPO": 60_000_000}
_MOST_PIXELS_WHOLE = 16_000_000
_FORMATS = ("JPEG", "PNG", "WEBP")
Image.MAX_IMAGE_PIXELS = max(_MOST_PIXELS.values())


class UnusablePhotoError(ValueError):
    """This is no photo; the text is one sentence that says why."""


def as_jpeg(file: IO[bytes]) -> bytes:
    """
    Return a photo upright, as JPEG of at most 1600 pixels.

    What the camera wrote beside it, the place among that, is left out.

    Raises
    ------
    UnusablePhotoError
    """
    photo = _opened(file, longest=_LONGEST_KEPT)
    kept = io.BytesIO()
    photo.convert("RGB").save(kept, "JPEG", quality=_JPEG_QUALITY, optimize=True)
    return kept.getvalue()


def codes_in(file: IO[bytes]) -> list[str]:
    """
    Return the texts of the bar codes and QR codes of a photo, without repetitions.

    Raises
    ------
    UnusablePhotoError
    """
    photo = _opened(file, longest=_LONGEST_READ)
    found = zxingcpp.read_barcodes(photo.convert("L"))
    texts = (code.text.replace("\0", "").strip() for code in found)
    return list(dict.fromkeys(text for text in texts if text))


def _opened(file: IO[bytes], *, longest: int) -> Image.Image:
    try:
        with Image.open(file, formats=_FORMATS) as photo:
            most = _MOST_PIXELS.get(photo.format or "", _MOST_PIXELS_WHOLE)
            if photo.width * photo.height > most:
                raise UnusablePhotoError(_("The photo is too large."))
            # JPEG is decoded at a fraction of its size where that will do.
            photo.draft("RGB", (longest, longest))
            # First small, then turned: turning makes a copy.
            photo.thumbnail((longest, longest))
            return ImageOps.exif_transpose(photo)
    except Image.DecompressionBombError as error:
        raise UnusablePhotoError(_("The photo is too large.")) from error
    except UnidentifiedImageError as error:
        raise UnusablePhotoError(
            _("This is no photo: a JPEG, PNG or WebP file is wanted.")
        ) from error
    except (OSError, SyntaxError, ValueError) as error:
        if isinstance(error, UnusablePhotoError):
            raise
        raise UnusablePhotoError(_("The photo is damaged.")) from error
