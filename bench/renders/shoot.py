"""Blender's passes as arrays: backdrop with the product's shadow, the product's light, and what it covers."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import cv2
import numpy as np

from bench.renders import materials
from bench.renders.studio import View
from packshot.imaging.light import F32

# Light is smooth where coverage is not: backdrop and shading are rendered small, coverage at full size.
PLATE_SCALE, LIGHT_SCALE = 0.25, 0.5
COVER_SAMPLES, COVER_LEAST, COVER_NOISE = 40, 6, 0.005


@dataclass(frozen=True)
class Passes:
    """Float32: plate h x w x 3 in linear light, alpha h x w, 0..1; product (premultiplied) and its cover, smaller."""

    plate: F32
    product: F32
    covered: F32
    alpha: F32


def fresh(threads: int) -> None:
    """An empty scene for Cycles on the processor."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.render.threads_mode, scene.render.threads = "FIXED", threads
    scene.render.image_settings.file_format, scene.render.image_settings.color_depth = "OPEN_EXR", "32"
    scene.render.image_settings.color_mode = "RGBA"
    cycles = scene.cycles
    cycles.device, cycles.denoiser, cycles.denoising_prefilter = "CPU", "OPENIMAGEDENOISE", "FAST"
    cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces = 7, 1, 3
    cycles.transmission_bounces, cycles.transparent_max_bounces = 7, 6
    cycles.caustics_reflective = cycles.caustics_refractive = False
    cycles.sample_clamp_indirect, cycles.blur_glossy = 4, 0.5
    cycles.use_adaptive_sampling, cycles.adaptive_threshold, cycles.adaptive_min_samples = True, 0.06, 4
    cycles.use_light_tree = False


def everything() -> list[Any]:
    """All objects there are."""
    return list(bpy.context.scene.objects)


def passes(product: list[Any], view: View, samples: int, seed: int) -> Passes:
    """Three renders of the scene; everything that is not of the product is studio."""
    scene = bpy.context.scene
    studio = [one for one in scene.objects if one not in product and one.type == "MESH"]
    scene.cycles.seed = seed
    for one in product:
        one.visible_camera = False
    plate = _render(view, samples, PLATE_SCALE)[..., :3]
    for one in product:
        one.visible_camera = True
    for one in studio:
        one.visible_camera = False
    scene.render.film_transparent = True
    light = _render(view, samples, LIGHT_SCALE, crop=True)
    for one in studio:
        one.hide_render = True
    scene.world, scene.view_layers[0].material_override = None, materials.silhouette()
    scene.cycles.max_bounces = 0
    scene.cycles.adaptive_threshold, scene.cycles.adaptive_min_samples = COVER_NOISE, COVER_LEAST
    alpha = _render(view, COVER_SAMPLES, 1, crop=True, denoise=False)[..., 3]
    plate = cv2.resize(plate, (view.width, view.height), interpolation=cv2.INTER_CUBIC)
    return Passes(np.maximum(plate, 0), light[..., :3], np.clip(light[..., 3], 0, 1), np.clip(alpha, 0, 1))


def _render(view: View, samples: int, scale: float, crop: bool = False, denoise: bool = True) -> F32:
    """One render, h x w x 4 float32, in linear light, zero outside the crop."""
    scene = bpy.context.scene
    scene.cycles.samples, scene.cycles.use_denoising = samples, denoise
    scene.render.resolution_x, scene.render.resolution_y = view.width, view.height
    scene.render.resolution_percentage = round(100 * scale)
    scene.render.use_border = scene.render.use_crop_to_border = crop
    full_width, full_height = (int(full * round(100 * scale) / 100) for full in (view.width, view.height))
    left, top = int(view.box[0] * scale), int(view.box[1] * scale)
    right, bottom = min(full_width, int(view.box[2] * scale) + 1), min(full_height, int(view.box[3] * scale) + 1)
    # A hundredth of a pixel inside, so that Blender, which cuts fractions off, finds the same pixels.
    scene.render.border_min_x, scene.render.border_max_x = (left + 0.01) / full_width, (right + 0.01) / full_width
    scene.render.border_min_y = (full_height - bottom + 0.01) / full_height
    scene.render.border_max_y = (full_height - top + 0.01) / full_height
    with tempfile.TemporaryDirectory() as folder, _quiet():
        scene.render.filepath = str(Path(folder) / "pass.exr")
        bpy.ops.render.render(write_still=True)
        image = bpy.data.images.load(scene.render.filepath)
        width, height = image.size
        flat = np.empty(width * height * 4, np.float32)
        image.pixels.foreach_get(flat)
        bpy.data.images.remove(image)
    shot = flat.reshape(height, width, 4)[::-1]
    if not crop:
        return np.ascontiguousarray(shot)
    whole = np.zeros((full_height, full_width, 4), np.float32)
    if shot.shape[:2] != (bottom - top, right - left):
        raise ValueError(f"asked for {right - left}x{bottom - top} pixels, Blender made {width}x{height}")
    whole[top:bottom, left:right] = shot
    return whole


@contextmanager
def _quiet() -> Iterator[None]:
    """Blender tells every step on the standard output, past Python's own."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)
