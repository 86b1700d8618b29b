"""The bench of speed: photos of the size that cameras have."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from bench.speed import camera_sized


def test_photos_are_enlarged_with_their_metadata_and_what_the_door_rejects_stays(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    for name, size in (("large.jpg", (2000, 1500)), ("small.jpg", (900, 600))):
        Image.fromarray(np.full((size[1], size[0], 3), 120, np.uint8)).save(source / name, exif=exif)
    (source / "catalog.csv").write_text("sku\n")

    made = camera_sized(source, tmp_path / "out", 4)

    with Image.open(made / "large.jpg") as image:
        assert image.size == (2310, 1732)
        assert image.getexif()[0x010F] == "Maker"
        assert np.asarray(image).std() > 0.5, "a sensor has grain"
    assert (made / "small.jpg").read_bytes() == (source / "small.jpg").read_bytes()
    assert (made / "catalog.csv").read_text() == "sku\n"
