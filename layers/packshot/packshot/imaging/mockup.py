"""Mock-ups: a cut-out placed in a scene with its scale, light and colour matched. The product is not altered.

A scene is a folder of ``scenes/`` with a picture and a ``scene.yaml``: where the camera stood over the surface,
where the light comes from, what colour it has. From the camera follow the row that the product stands on and
the pixels per centimetre there.
"""

from __future__ import annotations

import math
import os
from functools import cache
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from packshot.documents import from_yaml
from packshot.imaging import shadow
from packshot.imaging.light import F32, U8, linear, srgb

_FIT = 0.80  # the product takes at most this share of the picture's height above its foot, and of its width
_FILL = 0.42  # a small product is come closer to, until it takes this share of the height,
_CLOSEST = 1.8  # but no closer than this: the scene's picture is enlarged by it
_FOOT = 0.74  # the row, as a share of the height, where the foot of such a product stands
_MATCH = 0.6  # how far the product's white follows the scene's: a shopper still has to see its colour

Gain = Annotated[float, Field(ge=0.5, le=2)]


class Ground(BaseModel):
    """The surface, by the camera over it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    camera_height_cm: float = Field(gt=0, le=500)
    pitch_deg: float = Field(ge=0, lt=60, description="how far the camera looks down")
    focal: float = Field(gt=0.3, le=10, description="focal length, in picture widths")
    stand_cm: float = Field(gt=0, le=2000, description="from the camera to the product, along the surface")
    stand_x: float = Field(default=0.5, ge=0.1, le=0.9, description="share of the picture's width")


class Light(BaseModel):
    """The main light, by the shadow that it makes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    azimuth_deg: float = Field(ge=0, lt=360, description="where shadows fall: 0 right, 90 towards the camera")
    elevation_deg: float = Field(ge=10, le=85)
    softness_cm: float = Field(ge=0, le=20, description="blur of the shadow 10 cm from what throws it")
    density: float = Field(ge=0, le=1)


class Scene(BaseModel):
    """One scene of ``scenes/``; `folder` is where it was read from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    folder: Path
    title: str
    image: str
    ground: Ground
    light: Light
    white_balance: tuple[Gain, Gain, Gain] = Field(description="linear gains that turn white into the scene's")
    exposure: float = Field(default=1.0, ge=0.5, le=2, description="light on the product against its studio")
    gloss: float = Field(default=0.0, ge=0, le=0.6, description="share of the product mirrored by the surface")
    default_height_cm: float = Field(gt=0, le=300)
    credits: str

    def picture(self) -> U8:
        """The scene's picture, uint8 HxWx3 sRGB. Raises FileNotFoundError if it is missing or no picture."""
        data = cv2.imread(str(self.folder / self.image), cv2.IMREAD_COLOR)
        if data is None:
            raise FileNotFoundError(f"no picture {self.folder / self.image} for the scene {self.name}")
        return np.asarray(cv2.cvtColor(data, cv2.COLOR_BGR2RGB), np.uint8)

    def stand(self, shape: tuple[int, ...]) -> tuple[float, float, float]:
        """x and y (px) of the middle of the product's foot in a picture of `shape`, and px per cm there."""
        h, w = shape[:2]
        focal = self.ground.focal * w
        pitch = math.radians(self.ground.pitch_deg)
        down = math.atan2(self.ground.camera_height_cm, self.ground.stand_cm) - pitch
        depth = math.hypot(self.ground.camera_height_cm, self.ground.stand_cm) * math.cos(down)
        return self.ground.stand_x * w, h / 2 + focal * math.tan(down), focal / depth

    def foreshortening(self) -> float:
        """Height in the picture of a length that runs away from the camera, against one across it."""
        return self.ground.camera_height_cm / math.hypot(self.ground.camera_height_cm, self.ground.stand_cm)


def scenes_dir() -> Path:
    """Where scenes lie: the environment's PACKSHOT_SCENES, else the project's ``scenes/``."""
    named = os.environ.get("PACKSHOT_SCENES")
    return Path(named) if named else Path(__file__).resolve().parents[4] / "scenes"


def load_scene(folder: Path) -> Scene:
    """The scene of a folder. Raises pydantic.ValidationError naming the field that is wrong."""
    data = from_yaml((folder / "scene.yaml").read_text(encoding="utf-8"))
    return Scene.model_validate({"name": folder.name, "folder": folder, **data})


@cache
def scenes() -> dict[str, Scene]:
    """All scenes by name, read once a process."""
    return {f.parent.name: load_scene(f.parent) for f in sorted(scenes_dir().glob("*/scene.yaml"))}


def place(master: U8, scene: Scene, *, product_height_cm: float | None = None) -> U8:
    """The product standing in the scene: uint8 HxWx3 sRGB of the scene's size.

    master uint8 HxWx4, straight alpha, sRGB. `product_height_cm` is the product's real height; without it the
    scene's usual one. A product too large for the picture is shown as large as fits. Raises ValueError for a
    master without a product.
    """
    picture = scene.picture()
    x, y, per_cm = scene.stand(picture.shape)
    height_cm = product_height_cm or scene.default_height_cm
    closer = float(np.clip(_FILL * picture.shape[0] / (height_cm * per_cm), 1, _CLOSEST))
    picture, x, y = _closer(picture, x, y, closer)
    per_cm *= closer
    h, w = picture.shape[:2]
    product = _product(master, height_cm * per_cm, (_FIT * w, _FIT * y))
    tall, broad = product.shape[:2]
    left, top = round(x - broad / 2), round(y - tall)
    layer = np.zeros((h, w, 4), np.float32)
    y0, x0, y1, x1 = max(0, top), max(0, left), min(h, top + tall), min(w, left + broad)
    layer[y0:y1, x0:x1] = product[y0 - top : y1 - top, x0 - left : x1 - left]
    foot = top + tall
    light = _mirrored(linear(picture), layer, foot, scene.gloss)
    light *= 1 - _shadow(layer[..., 3], foot, per_cm, scene)[..., None]
    gains = 1 + _MATCH * (np.asarray(scene.white_balance, np.float32) - 1)
    light *= 1 - layer[..., 3:]
    light += layer[..., :3] * (gains * scene.exposure)
    return srgb(light)


def _closer(picture: U8, x: float, y: float, closer: float) -> tuple[U8, float, float]:
    """The part of the picture around the stand, enlarged to its size, and where the stand (x, y) then is."""
    if closer <= 1:
        return picture, x, y
    h, w = picture.shape[:2]
    high, wide = h / closer, w / closer
    left = float(np.clip(x - x / w * wide, 0, w - wide))
    top = float(np.clip(y - _FOOT * high, 0, h - high))
    move = np.array([[closer, 0, -left * closer], [0, closer, -top * closer]])
    part = cv2.warpAffine(picture, move, (w, h), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(part, np.uint8), (x - left) * closer, (y - top) * closer


def _product(master: U8, height: float, room: tuple[float, float]) -> F32:
    """float32 premultiplied linear RGBA of the product alone, `height` px tall if there is room for it."""
    ys, xs = (np.nonzero((master[..., 3] >= 8).any(axis))[0] for axis in (1, 0))
    if not ys.size:
        raise ValueError("the master holds no product to place")
    part = master[ys[0] : ys[-1] + 1, xs[0] : xs[-1] + 1]
    scale = min(height / part.shape[0], room[0] / part.shape[1], room[1] / part.shape[0])
    while scale < 0.35 and min(part.shape[:2]) > 8:  # whole halvings first, cheap and exact enough in bytes
        part, scale = _halved(part), scale * 2
    size = max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale))
    rgba = np.dstack([linear(part[..., :3]), part[..., 3].astype(np.float32) / 255])
    rgba[..., :3] *= rgba[..., 3:]
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(np.clip(cv2.resize(rgba, size, interpolation=way), 0, 1), np.float32)


def _halved(part: U8) -> U8:
    """uint8 RGBA at half the size, colours weighted by alpha."""
    size = max(1, part.shape[1] // 2), max(1, part.shape[0] // 2)
    share = part[..., 3:].astype(np.float32) / 255
    colour = cv2.resize(part[..., :3] * share, size, interpolation=cv2.INTER_AREA)
    alpha = cv2.resize(share[..., 0], size, interpolation=cv2.INTER_AREA)[..., None]
    half = np.dstack([colour / np.maximum(alpha, 1e-3), 255 * alpha])
    return np.asarray(np.clip(half + 0.5, 0, 255), np.uint8)


def _mirrored(picture: F32, layer: F32, foot: int, gloss: float) -> F32:
    """The picture with the product's mirror image in the surface, fading with the distance from its foot."""
    room = min(picture.shape[0] - foot, foot)
    if gloss <= 0 or room < 2:
        return picture
    image = layer[foot - room : foot][::-1]
    image = cv2.GaussianBlur(image, (0, 0), max(0.6, 0.002 * picture.shape[1]))
    fade = gloss * np.exp(-np.arange(room, dtype=np.float32) / (0.10 * picture.shape[0]))[:, None, None]
    below = picture[foot : foot + room]
    below *= 1 - fade * image[..., 3:]
    below += fade * image[..., :3]
    return picture


def _shadow(alpha: F32, foot: int, per_cm: float, scene: Scene) -> F32:
    """float32 HxW share of the light taken by contact and cast shadow (0..1)."""
    light = scene.light
    eight = np.round(alpha * 255).astype(np.uint8)
    rows = np.nonzero(alpha.max(1) > 0.02)[0]
    tall = max(1, foot - int(rows[0])) if rows.size else 1
    close = (
        shadow.cast(
            eight,
            "contact",
            direction_deg=light.azimuth_deg,
            length=0.04,
            softness=min(0.05, max(0.008, 0.9 * per_cm / tall)),
            density=min(1.0, light.density + 0.15),
        ).astype(np.float32)
        / 255
    )
    fallen = _fallen(alpha, foot, per_cm, scene)
    return np.asarray(1 - (1 - close) * (1 - light.density * fallen), np.float32)


def _fallen(alpha: F32, foot: int, per_cm: float, scene: Scene) -> F32:
    """The silhouette laid on the surface away from the light, softer and fainter the higher what throws it."""
    reach = 1 / math.tan(math.radians(scene.light.elevation_deg))
    turn = math.radians(scene.light.azimuth_deg)
    right = reach * math.cos(turn)
    # towards the camera is down in the picture; never quite edge-on, for the product has a depth
    down = reach * math.sin(turn) * scene.foreshortening()
    down = math.copysign(max(abs(down), 0.06), down)
    h, w = alpha.shape
    small = min(1.0, 700 / max(h, w))
    size = (round(w * small), round(h * small))
    thin = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA)
    # the foot is an ellipse seen from above: the shadow starts from its middle, not from its nearest point
    broad = int((alpha.max(0) > 0.5).sum())
    base = (foot - 0.06 * broad) * small
    # where a point z above the foot at column x falls: (x + right z, foot + down z)
    lay = np.array([[1, -right, right * base], [0, -down, base + down * base]], np.float64)
    laid = cv2.warpAffine(thin, lay, size, flags=cv2.INTER_LINEAR)
    height_cm = np.clip((np.arange(size[1], dtype=np.float32) - base) / down, 0, None) / (per_cm * small)
    soft = scene.light.softness_cm * per_cm * small / 10
    out = np.zeros_like(laid)
    steps = (1.5, 6.0, 14.0, 30.0)
    # the penumbra lies on the surface too: as foreshortened as all that does
    flat = scene.foreshortening()
    copies = [
        cv2.GaussianBlur(laid, (0, 0), sigmaX=max(0.6, soft * cm), sigmaY=max(0.5, soft * cm * flat)) for cm in steps
    ]
    level = np.interp(height_cm, steps, range(len(steps)))
    for k, copy in enumerate(copies):
        out += copy * np.clip(1 - np.abs(level - k), 0, 1).astype(np.float32)[:, None]
    out *= np.exp(-height_cm / 45)[:, None]
    return np.asarray(cv2.resize(out, (w, h), interpolation=cv2.INTER_LINEAR), np.float32)
