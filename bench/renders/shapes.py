"""Product shapes as Blender objects, built from points: x to the right, y away, z up, the floor at 0, sizes near 1.

Places and turns are worked into the points, so object coordinates are world coordinates.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import bmesh
import bpy
import numpy as np
import numpy.typing as npt
from mathutils import Euler

Object = Any
Material = Any
Points = npt.NDArray[Any]
Triple = tuple[float, float, float]
ORIGIN: Triple = (0.0, 0.0, 0.0)


def place(points: npt.ArrayLike, at: npt.ArrayLike = ORIGIN, turn: npt.ArrayLike = ORIGIN) -> Points:
    """Points (... x 3) turned by Euler angles (degrees, x then y then z) and moved."""
    rotation = np.array(Euler(np.radians(turn).tolist()).to_matrix())
    placed: Points = np.asarray(points, float) @ rotation.T + np.asarray(at, float)
    return placed


def circle(radius: float, count: int = 48, z: float = 0.0, squareness: float = 2.0, flat: float = 1.0) -> Points:
    """`count` x 3 points of a circle, or of a superellipse (squareness above 2), `flat` times as deep as wide."""
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    c, s = np.cos(angle), np.sin(angle)
    reach = radius * (np.abs(c) ** squareness + np.abs(s) ** squareness) ** (-1 / squareness)
    return np.stack([reach * c, reach * s * flat, np.full(count, z)], 1)


def bend(points: npt.ArrayLike, count: int = 40, closed: bool = False) -> Points:
    """`count` points of a smooth curve (Catmull-Rom) through the given ones."""
    p = np.asarray(points, float)
    p = np.vstack([p[-1], p, p[:2]]) if closed else np.vstack([2 * p[0] - p[1], p, 2 * p[-1] - p[-2]])
    t = np.linspace(0, len(p) - 3, count, endpoint=not closed)
    i = np.minimum(t.astype(int), len(p) - 4)
    u = (t - i)[:, None]
    a, b, c, d = p[i], p[i + 1], p[i + 2], p[i + 3]
    curve: Points = 0.5 * (2 * b + (c - a) * u + (2 * a - 5 * b + 4 * c - d) * u**2 + (3 * b - a - 3 * c + d) * u**3)
    return curve


def arc(radius: float, start: float, end: float, count: int = 24) -> Points:
    """`count` points of an arc in the x-z plane, angles in degrees from x towards z."""
    angle = np.radians(np.linspace(start, end, count))
    return np.stack([radius * np.cos(angle), np.zeros(count), radius * np.sin(angle)], 1)


def mesh(points: npt.ArrayLike, faces: Iterable[Sequence[int]], material: Material, sharp: float = 40) -> Object:
    """A smooth mesh, with edges sharper than `sharp` degrees kept."""
    data = bpy.data.meshes.new("shape")
    data.from_pydata(np.asarray(points, float).tolist(), [], [tuple(map(int, face)) for face in faces])
    data.materials.append(material)
    data.shade_smooth()
    data.set_sharp_from_angle(angle=math.radians(sharp))
    return _add(data)


def wires(
    lines: Iterable[npt.ArrayLike],
    radius: float,
    material: Material,
    closed: bool = False,
    taper: npt.ArrayLike | None = None,
    round_: int = 3,
) -> Object:
    """Round wires along many lines of points, as one object; `taper` scales the radius along every line."""
    curve = bpy.data.curves.new("wires", "CURVE")
    curve.dimensions, curve.bevel_depth, curve.bevel_resolution, curve.use_fill_caps = "3D", radius, round_, True
    for line in lines:
        p = np.asarray(line, float)
        spline = curve.splines.new("POLY")
        spline.points.add(len(p) - 1)
        spline.points.foreach_set("co", np.c_[p, np.ones(len(p))].astype(np.float32).ravel())
        if taper is not None:
            t = np.asarray(taper, float)
            along = np.interp(np.linspace(0, 1, len(p)), np.linspace(0, 1, len(t)), t)
            spline.points.foreach_set("radius", along.astype(np.float32))
        spline.use_cyclic_u, spline.use_smooth = closed, True
    curve.materials.append(material)
    return _add(curve)


def loft(rings: Sequence[npt.ArrayLike], material: Material, caps: bool = True, sharp: float = 40) -> Object:
    """A skin over rings of equally many points, counter-clockwise from above where they rise."""
    points = np.concatenate([np.asarray(ring, float) for ring in rings])
    size, count = len(np.asarray(rings[0])), len(rings)
    faces: list[Sequence[int]] = []
    for i in range(count - 1):
        low, high = i * size, (i + 1) * size
        faces += [(low + j, low + (j + 1) % size, high + (j + 1) % size, high + j) for j in range(size)]
    if caps:
        faces += [range(size)[::-1], range((count - 1) * size, count * size)]
    return mesh(points, faces, material, sharp)


def lathe(
    profile: npt.ArrayLike,
    material: Material,
    at: npt.ArrayLike = ORIGIN,
    turn: npt.ArrayLike = ORIGIN,
    count: int = 72,
    smooth: int = 0,
    scale: npt.ArrayLike = (1.0, 1.0, 1.0),
    squareness: float = 2.0,
) -> Object:
    """A profile (radius, z) turned around z; from the bottom's middle outwards and up, and down inside if hollow."""
    p = rounded(profile, smooth)
    unit = circle(1, count, squareness=squareness)
    rings = [
        place((unit * [r, r, 0] + [0, 0, z]) * np.asarray(scale), at, turn) for r, z in np.maximum(p, [1e-5, -9e9])
    ]
    return loft(rings, material, caps=False)


def rounded(profile: npt.ArrayLike, times: int) -> Points:
    """A profile with its corners cut `times` times (Chaikin), ends kept."""
    p = np.asarray(profile, float)
    for _ in range(times):
        a, b = p[:-1], p[1:]
        p = np.vstack([p[:1], np.stack([0.75 * a + 0.25 * b, 0.25 * a + 0.75 * b], 1).reshape(-1, p.shape[1]), p[-1:]])
    return p


def ball(
    radius: float,
    at: npt.ArrayLike,
    material: Material,
    scale: npt.ArrayLike = (1.0, 1.0, 1.0),
    turn: npt.ArrayLike = ORIGIN,
    count: int = 48,
) -> Object:
    """A ball, or an ellipsoid, around `at`."""
    angle = np.linspace(-np.pi / 2, np.pi / 2, count // 2)
    profile = radius * np.stack([np.cos(angle), np.sin(angle)], 1)
    return lathe(profile, material, at, turn, count, scale=scale)


def rod(
    radius: float,
    height: float,
    at: npt.ArrayLike,
    material: Material,
    turn: npt.ArrayLike = ORIGIN,
    bevel: float = 0.01,
    top: float | None = None,
) -> Object:
    """A cylinder or cone standing on `at`, its rims bevelled."""
    upper = radius if top is None else top
    b = min(bevel, 0.4 * height, 0.4 * radius)
    u = min(b, 0.4 * upper)
    profile = [(0, 0), (radius - b, 0), (radius - 0.3 * b, 0.3 * b), (radius, b)]
    profile += [(upper, height - u), (upper - 0.3 * u, height - 0.3 * u), (upper - u, height), (0, height)]
    return lathe(profile, material, at, turn)


def box(
    size: Sequence[float],
    at: npt.ArrayLike,
    material: Material,
    turn: npt.ArrayLike = ORIGIN,
    bevel: float = 0.02,
) -> Object:
    """A box around `at` with rounded edges."""
    solid = bmesh.new()
    bmesh.ops.create_cube(solid, size=1)
    bmesh.ops.scale(solid, vec=list(size), verts=solid.verts)
    if bevel:
        width = min(bevel, 0.45 * min(size))
        bmesh.ops.bevel(solid, geom=solid.edges[:], offset=width, segments=4, profile=0.5, affect="EDGES")
    points = place([vertex.co[:] for vertex in solid.verts], at, turn)
    solid.verts.ensure_lookup_table()
    faces = [[vertex.index for vertex in face.verts] for face in solid.faces]
    solid.free()
    return mesh(points, faces, material)


def sheet(grid: npt.ArrayLike, material: Material, thickness: float = 0.0) -> Object:
    """A skin over a grid of points (rows x columns x 3), thickened to both sides if asked."""
    p = np.asarray(grid, float)
    rows, columns = p.shape[:2]
    faces = [
        (i * columns + j, i * columns + j + 1, (i + 1) * columns + j + 1, (i + 1) * columns + j)
        for i in range(rows - 1)
        for j in range(columns - 1)
    ]
    made = mesh(p.reshape(-1, 3), faces, material)
    if thickness:
        thicken(made, thickness)
    return made


def thicken(made: Object, thickness: float) -> None:
    """Give a skin a thickness, to both sides."""
    solid = made.modifiers.new("thick", "SOLIDIFY")
    solid.thickness, solid.offset = thickness, 0


def plate(
    outline: npt.ArrayLike,
    thickness: float,
    material: Material,
    at: npt.ArrayLike = ORIGIN,
    turn: npt.ArrayLike = ORIGIN,
) -> Object:
    """A flat plate of an outline (N x 2, counter-clockwise, in x-y), `thickness` high, standing on `at`."""
    flat = np.asarray(outline, float)
    rings = [place(np.c_[flat * 1.0, np.full(len(flat), z)], at, turn) for z in (0.0, thickness)]
    return loft(rings, material, sharp=30)


def leaf(
    base: npt.ArrayLike,
    along: npt.ArrayLike,
    length: float,
    width: float,
    droop: float,
    rows: int = 9,
    fold: float = 0.3,
) -> tuple[Points, list[tuple[int, ...]]]:
    """Points and faces of one leaf from `base`, drooping by its own weight; joined by `leaves`."""
    ahead = np.asarray(along, float) / np.linalg.norm(along)
    side = np.cross(ahead, [0.0, 0.0, 1.0])
    side /= np.linalg.norm(side) + 1e-9
    t = np.linspace(0, 1, rows)[:, None]
    middle = np.asarray(base, float) + ahead * length * t - np.array([0, 0, 1]) * droop * length * t**2
    half = width / 2 * np.sin(np.pi * np.clip(t * 0.96 + 0.04, 0, 1)) ** 0.8
    lift = np.array([0, 0, 1]) * half * fold
    points = np.stack([middle - side * half + lift, middle, middle + side * half + lift], 1).reshape(-1, 3)
    faces: list[tuple[int, ...]] = [
        (3 * i + j, 3 * i + j + 1, 3 * i + j + 4, 3 * i + j + 3) for i in range(rows - 1) for j in (0, 1)
    ]
    return points, faces


def leaves(many: Iterable[tuple[Points, list[tuple[int, ...]]]], material: Material) -> Object:
    """Many leaves (or other pieces) as one object."""
    points: list[Points] = []
    faces: list[Sequence[int]] = []
    start = 0
    for piece, its in many:
        faces += [[start + corner for corner in face] for face in its]
        points.append(piece)
        start += len(piece)
    return mesh(np.concatenate(points), faces, material, sharp=80)


def scatter(objects: Sequence[Object], count: int, rng: np.random.Generator) -> tuple[Points, Points]:
    """`count` places on the objects' surfaces, evenly by area, and the normals there (N x 3 each)."""
    graph = bpy.context.evaluated_depsgraph_get()
    corners = []
    for one in objects:
        data = one.evaluated_get(graph).to_mesh()
        data.calc_loop_triangles()
        points = np.array([vertex.co[:] for vertex in data.vertices])
        corners.append(points[np.array([triangle.vertices[:] for triangle in data.loop_triangles])])
        one.evaluated_get(graph).to_mesh_clear()
    a, b, c = np.moveaxis(np.concatenate(corners), 1, 0)
    normal = np.cross(b - a, c - a)
    area = np.linalg.norm(normal, axis=1)
    at = rng.choice(len(a), count, p=area / area.sum())
    u, v = rng.random((2, count, 1))
    u, v = np.where(u + v > 1, 1 - u, u), np.where(u + v > 1, 1 - v, v)
    return a[at] + u * (b - a)[at] + v * (c - a)[at], normal[at] / (area[at, None] + 1e-12)


def strands(lines: Points, radius: float, material: Material, tip: float = 0.2) -> Object:
    """Hairs along `lines` (hairs x points x 3), thinner towards the end."""
    count, points = lines.shape[:2]
    hair = bpy.data.hair_curves.new("hair")
    hair.add_curves([points] * count)
    hair.attributes["position"].data.foreach_set("vector", lines.astype(np.float32).ravel())
    thick = hair.attributes.get("radius") or hair.attributes.new("radius", "FLOAT", "POINT")
    along = radius * np.linspace(1, tip, points)
    thick.data.foreach_set("value", np.tile(along.astype(np.float32), count))
    hair.materials.append(material)
    return _add(hair)


def fur(
    objects: Sequence[Object],
    count: int,
    length: float,
    radius: float,
    material: Material,
    rng: np.random.Generator,
    droop: float = 0.4,
    mess: float = 0.35,
) -> Object:
    """Hair on the objects' surfaces, in tufts, hanging a little, never below the floor."""
    root, normal = scatter(objects, count, rng)
    tuft = np.sin(root @ rng.normal(size=(3, 3)) * 14 + rng.uniform(0, 6, 3))
    way = normal + mess * (0.7 * tuft + 0.5 * rng.normal(size=root.shape)) - [0, 0, droop]
    way /= np.linalg.norm(way, axis=1)[:, None]
    long = length * rng.uniform(0.55, 1.1, (count, 1))
    curl = long * (0.25 * rng.normal(size=root.shape) - [0, 0, 0.5 * droop])
    t = np.linspace(0, 1, 5)[:, None, None]
    lines = np.moveaxis(root + way * long * t + curl * t**2, 0, 1)
    lines[..., 2] = np.maximum(lines[..., 2], 0.002)
    return strands(lines, radius, material)


def _add(data: Any) -> Object:
    made = bpy.data.objects.new(data.name, data)
    bpy.context.scene.collection.objects.link(made)
    return made
