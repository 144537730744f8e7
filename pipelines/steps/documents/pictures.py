"""Pictures as pages: every frame of a TIFF, or the one picture of another file, upright, one to a page."""

import io
import warnings
from typing import Any

from pipelines.core.errors import UnreadableFileError
from pipelines.steps.pdf.library import load_pymupdf

FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "AVIF")
MOST_PIXELS = 150_000_000
"""More than any camera or scanner of a university makes; decoded it is 450 MB."""
PAGE_PX = 3200
"""Longest side of the picture on its page; recognition and rendering use less."""
PAGE_WIDTH_PT = 720.0
"""Width of a page, as of a slide; the picture's own resolution says nothing of its letters' size."""
MOST_HEIGHT_PT = 14_400.0
"""The longest page a PDF can have."""
JPEG_QUALITY = 92


def pictures_as_pdf(data: bytes, *, max_pages: int) -> bytes:
    """A PDF of one page a picture. Of animated pictures only the first frame is taken.

    Raises:
        UnreadableFileError: `damaged`, `too_large` (more pixels than are read), `too_many_pages`.
    """
    from PIL import Image

    pymupdf = load_pymupdf()
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    document = pymupdf.open()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            warnings.filterwarnings("ignore", category=UserWarning)  # odd tags in files of scanners
            with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
                frames = int(getattr(picture, "n_frames", 1)) if picture.format == "TIFF" else 1
                if frames > max_pages:
                    raise UnreadableFileError(
                        f"This picture has {frames} pages; at most {max_pages} are accepted. Please split it.",
                        code="too_many_pages",
                    )
                for frame in range(frames):
                    picture.seek(frame)
                    _add_page(document, picture)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise UnreadableFileError(
            f"This picture has more than {MOST_PIXELS // 10**6} million pixels. Please make it smaller.",
            code="too_large",
        ) from None
    except (UnreadableFileError, MemoryError):
        raise
    except Exception:  # Pillow raises many unrelated classes for damaged files
        raise UnreadableFileError(
            "This picture is damaged and cannot be opened. Please save it again as PNG or JPEG.", code="damaged"
        ) from None
    return bytes(document.tobytes())


def _add_page(document: Any, picture: Any) -> None:
    from PIL import Image, ImageOps

    pymupdf = load_pymupdf()
    if picture.format in ("JPEG", "MPO"):
        picture.draft("RGB", (PAGE_PX, PAGE_PX))  # decodes at a half or a quarter where that is still enough
    upright = _on_white(ImageOps.exif_transpose(picture))
    upright.thumbnail((PAGE_PX, PAGE_PX), Image.Resampling.LANCZOS)
    target = io.BytesIO()
    upright.save(target, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    height = min(MOST_HEIGHT_PT, PAGE_WIDTH_PT * upright.height / upright.width)
    page = document.new_page(width=PAGE_WIDTH_PT, height=height)
    page.insert_image(pymupdf.Rect(0, 0, PAGE_WIDTH_PT, height), stream=target.getvalue())


def _on_white(picture: Any) -> Any:
    """The picture in RGB; what is transparent is white, as paper is, not black."""
    from PIL import Image

    if picture.mode in ("I", "F") or picture.mode.startswith("I;16"):
        return _stretched(picture)
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    coloured = picture.convert("RGBA")
    white = Image.new("RGBA", coloured.size, "white")
    return Image.alpha_composite(white, coloured).convert("RGB")


def _stretched(picture: Any) -> Any:
    """Greys of more than 8 bits, from their darkest to their lightest."""
    grey = picture.convert("F")
    low, high = grey.getextrema()
    scale = 255.0 / ((high - low) or 1.0)
    return grey.point(lambda value: value * scale - low * scale).convert("L").convert("RGB")
