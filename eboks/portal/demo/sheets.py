"""Sheets that say what they stand for, in the place of papers and photographs of the demo."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw

from eboks.onboarding.scans import Scan as Picture


def sheet(text: str) -> Picture:
    """A PNG of 900 by 600 points with `text` on it, as `onboarding.scans` would give it."""
    image = Image.new("RGB", (900, 600), "white")
    drawing = ImageDraw.Draw(image)
    drawing.rectangle((20, 20, 880, 580), outline="gray", width=3)
    plain = text.encode("ascii", "ignore").decode()  # what Pillow's own font can write
    drawing.text((60, 260), f"{plain}\n(demo)", fill="black", font_size=40)
    written = io.BytesIO()
    image.save(written, "PNG")
    return Picture(written.getvalue(), "image/png", "png")
