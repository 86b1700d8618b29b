"""The studio around a product: backdrop, lamps, camera. All sizes go by the product's own."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix, Vector

from bench.renders import materials, shapes
from bench.renders.catalogue import Product
from bench.renders.shapes import Points

FILL = (0.66, 0.88)
ASPECT = (0.75, 1.34)
APERTURE = (0.03, 0.1)


@dataclass(frozen=True)
class View:
    """Width and height of the photo, and the box (left, top, right, bottom) that holds the product, in pixels."""

    width: int
    height: int
    box: tuple[int, int, int, int]


def outline(objects: list[Any]) -> Points:
    """Points (N x 3) that the objects do not reach beyond."""
    graph = bpy.context.evaluated_depsgraph_get()
    found = []
    for one in objects:
        if one.type == "CURVES":
            flat = np.empty(3 * len(one.data.points), np.float32)
            one.data.attributes["position"].data.foreach_get("vector", flat)
        else:
            data = one.evaluated_get(graph).to_mesh()
            flat = np.empty(3 * len(data.vertices), np.float32)
            data.vertices.foreach_get("co", flat)
            one.evaluated_get(graph).to_mesh_clear()
        found.append(flat.reshape(-1, 3).astype(float))
    return np.concatenate(found)


def aim(points: Points, product: Product, side: int, rng: np.random.Generator) -> View:
    """Place a camera so that the product fills most of a photo whose long side is `side`."""
    rise, turn = math.radians(rng.uniform(*product.rise)), math.radians(rng.uniform(*product.turn))
    away = np.array([math.sin(turn) * math.cos(rise), -math.cos(turn) * math.cos(rise), math.sin(rise)])
    right = np.array([math.cos(turn), math.sin(turn), 0.0])
    up = np.cross(away, right)
    centre = (points.min(0) + points.max(0)) / 2
    local = (points - centre) @ np.stack([right, up, away], 1)
    size = float(np.linalg.norm(local, axis=1).max())
    distance = size * rng.uniform(4.5, 9)
    flat = local[:, :2] / (distance - local[:, 2:]) * distance
    low, high = flat.min(0), flat.max(0)
    wide, tall = high - low
    shape = float(np.clip(wide / tall, *ASPECT))
    shape = 1.0 if 0.87 < shape < 1.15 else shape
    width, height = (side, round(side / shape)) if shape >= 1 else (round(side * shape), side)
    width, height = width // 2 * 2, height // 2 * 2
    frame = max(wide / width, tall / height) * side / rng.uniform(*FILL)
    camera = bpy.data.cameras.new("camera")
    camera.sensor_width, camera.sensor_fit, camera.clip_end = 36, "AUTO", 1000 * size
    camera.lens = 36 * distance / frame
    middle = (low + high) / 2 / frame
    camera.shift_x, camera.shift_y = float(middle[0]), float(middle[1] + rng.uniform(-0.01, 0.03))
    if product.background == "clutter":
        camera.dof.use_dof, camera.dof.focus_distance = True, distance - 0.25 * float(local[:, 2].max())
        camera.dof.aperture_fstop = camera.lens / 1000 / (size * rng.uniform(*APERTURE))
    scene = bpy.context.scene
    scene.camera = bpy.data.objects.new("camera", camera)
    scene.collection.objects.link(scene.camera)
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = np.stack([right, up, away], 1), centre + away * distance
    scene.camera.matrix_world = Matrix(pose.tolist())
    seen = flat / frame - [camera.shift_x, camera.shift_y]
    across, down = width / 2 + seen[:, 0] * side, height / 2 - seen[:, 1] * side
    margin = 12 if product.background != "clutter" else 28
    box = (
        max(0, int(across.min()) - margin),
        max(0, int(down.min()) - margin),
        min(width, int(across.max()) + margin),
        min(height, int(down.max()) + margin),
    )
    return View(width, height, box)


def dress(points: Points, product: Product, rng: np.random.Generator) -> None:
    """Backdrop and light around the product, as its catalogue row asks, turned to the camera."""
    size = float(np.linalg.norm(points - (points.min(0) + points.max(0)) / 2, axis=1).max())
    right = bpy.context.scene.camera.matrix_world.col[0]
    turn = math.degrees(math.atan2(right[1], right[0]))
    floor = float(points[:, 2].min())
    middle = (points.min(0) + points.max(0)) / 2
    foot = (float(middle[0]), float(middle[1]), floor)
    if product.background == "clutter":
        _clutter(size, foot, turn, rng)
    else:
        _sweep(size, foot, turn, _backdrop(product, rng), rng)
    _lamps(size, foot, turn, product.background, rng)


def _backdrop(product: Product, rng: np.random.Generator) -> Any:
    if product.backdrop is not None:
        tone = product.backdrop
    elif product.background == "white":
        tone = (0.87, 0.87, 0.86)
    elif product.background == "gradient":
        level = float(rng.choice([0.08, 0.2, 0.45, 0.65]))
        tone = (level, level * rng.uniform(0.96, 1.03), level * rng.uniform(0.93, 1.08))
    else:
        tone = tuple(0.04 + 0.75 * rng.random(3) ** 1.6)
    if product.background == "coloured" and rng.random() < 0.5:
        kind = str(rng.choice(["weave", "noise", "wood"]))
        darker = tuple(0.7 * part for part in tone)
        return materials.paint(
            tone,
            0.8,
            bump=0.3,
            bump_scale=90 if kind == "weave" else 25,
            weave=kind == "weave",
            pattern="wood" if kind == "wood" else None,
            second=darker,
            scale=2,
        )
    return materials.paint(tone, rng.uniform(0.5, 0.9), vary=0.0 if product.background == "white" else 0.02)


def _sweep(size: float, foot: tuple[float, float, float], turn: float, material: Any, rng: np.random.Generator) -> None:
    """Floor and wall in one, the floor 14 product sizes to the front, the bend behind the product."""
    back, radius, tall = size * rng.uniform(2.5, 6), size * rng.uniform(1.5, 3), 22 * size
    bow = np.linspace(-90, 0, 24)
    y = np.r_[-14 * size, np.linspace(-6, 1, 8) * size, back + radius * np.cos(np.radians(bow)), back + radius]
    z = np.r_[0, np.zeros(8), radius + radius * np.sin(np.radians(bow)), tall]
    grid = np.stack([np.stack([np.full(len(y), x), y, z], 1) for x in (25 * size, -25 * size)])
    shapes.sheet(shapes.place(grid, foot, (0, 0, turn)), material)


def _clutter(size: float, foot: tuple[float, float, float], turn: float, rng: np.random.Generator) -> None:
    """A table before a wall, with boxes, balls and pots behind and beside the product."""

    def at(x: float, y: float, z: float = 0) -> Points:
        return shapes.place(np.array([x, y, z]) * size, foot, (0, 0, turn))

    def some(rough: float = 0.5) -> Any:
        colour = tuple(0.03 + 0.8 * rng.random(3) ** 1.5)
        pattern = str(rng.choice([*materials.PATTERNS, "none", "none", "none"]))
        return materials.paint(
            colour,
            rough,
            pattern=None if pattern == "none" else pattern,
            second=tuple(rng.random(3) ** 1.5),
            scale=rng.uniform(2, 6) / size,
        )

    wood = (0.1 + 0.4 * rng.random(), 0.09 + 0.2 * rng.random(), 0.05 + 0.1 * rng.random())
    table = materials.paint(
        wood,
        0.5,
        pattern=str(rng.choice(["wood", "wood", "print", "checks"])),
        second=tuple(0.5 * part for part in wood),
        scale=rng.uniform(1.5, 4) / size,
        bump=0.1,
    )
    shapes.box((26 * size, 16 * size, 0.1 * size), at(0, -1.5, -0.05), table, (0, 0, turn), 0.02)
    shapes.box((40 * size, 0.1 * size, 30 * size), at(0, rng.uniform(7, 12)), some(0.8), (0, 0, turn), 0)
    for _ in range(int(rng.integers(9, 17))):
        depth = rng.uniform(1.6, 6)
        x, big = rng.uniform(-1, 1) * (1.2 + 0.5 * depth), rng.uniform(0.15, 0.6)
        shape = rng.integers(3)
        if shape == 0:
            tall = rng.uniform(0.3, 2.0)
            shapes.box(
                (big * size, big * size * 0.7, tall * size), at(x, depth, tall / 2), some(), (0, 0, rng.uniform(0, 90))
            )
        elif shape == 1:
            shapes.ball(big * size, at(x, depth, big), some())
        else:
            tall = rng.uniform(0.4, 1.8)
            shapes.rod(big * 0.6 * size, tall * size, at(x, depth), some(0.2), top=big * size * rng.uniform(0.2, 0.7))


def _lamps(
    size: float, foot: tuple[float, float, float], turn: float, background: str, rng: np.random.Generator
) -> None:
    """A key lamp from a side, a wide fill from the other, one from above or behind; a grey room to be mirrored."""
    side = rng.choice([-1.0, 1.0])
    key = (side * rng.uniform(20, 65), rng.uniform(30, 65), rng.uniform(0.5, 2.2), 1.0)
    fill = (-side * rng.uniform(30, 75), rng.uniform(15, 45), rng.uniform(2, 4), rng.uniform(0.12, 0.5))
    top = (rng.uniform(-30, 30), rng.uniform(70, 88), rng.uniform(1.5, 4), rng.uniform(0.1, 0.6))
    rim = (side * rng.uniform(-160, -130), rng.uniform(20, 50), rng.uniform(0.5, 1.5), rng.uniform(0.0, 0.7))
    for aside, rise, wide, strength in (key, fill, top, rim):
        a, r = math.radians(aside), math.radians(rise)
        way = shapes.place([math.sin(a) * math.cos(r), -math.cos(a) * math.cos(r), math.sin(r)], turn=(0, 0, turn))
        distance = 5.5 * size
        lamp = bpy.data.lights.new("lamp", "AREA")
        lamp.shape, lamp.size = str(rng.choice(["SQUARE", "DISK"])), wide * size
        lamp.energy = 10 * distance**2 * strength
        lamp.color = 1.0, float(rng.uniform(0.93, 1.0)), float(rng.uniform(0.85, 1.0))
        hung = bpy.data.objects.new("lamp", lamp)
        hung.location = np.array(foot) + [0, 0, 0.6 * size] + way * distance
        hung.rotation_euler = _towards(-way)
        hung.visible_camera = False
        bpy.context.scene.collection.objects.link(hung)
    _room(0.75 if background == "white" else float(rng.uniform(0.12, 0.5)))


def _towards(way: Points) -> Any:
    return Vector(way.tolist()).to_track_quat("-Z", "Y").to_euler()


def _room(strength: float) -> None:
    """Light from everywhere, darker below, with a bright band to be seen in mirrors."""
    world = bpy.data.worlds.new("room")
    world.use_nodes = True
    tree = world.node_tree
    split = tree.nodes.new("ShaderNodeSeparateXYZ")
    tree.links.new(tree.nodes.new("ShaderNodeTexCoord").outputs["Generated"], split.inputs[0])
    ramp = tree.nodes.new("ShaderNodeValToRGB")
    spread = tree.nodes.new("ShaderNodeMapRange")
    spread.inputs["From Min"].default_value = -1
    tree.links.new(split.outputs["Z"], spread.inputs["Value"])
    tree.links.new(spread.outputs[0], ramp.inputs[0])
    stops = ramp.color_ramp.elements
    stops[0].color, stops[1].color = (0.25, 0.25, 0.25, 1), (0.9, 0.9, 0.92, 1)
    for position, level in ((0.5, 0.3), (0.56, 1.1), (0.68, 0.9), (0.72, 0.4)):
        stops.new(position).color = (level, level, level, 1)
    tree.links.new(ramp.outputs[0], tree.nodes["Background"].inputs[0])
    tree.nodes["Background"].inputs[1].default_value = strength
    world.cycles.sampling_method = "NONE"
    bpy.context.scene.world = world
