"""Materials by node: paint with patterns and bump, metals, glass. Colours are linear RGB, 0..1."""

from __future__ import annotations

from typing import Any

import bpy

Colour = tuple[float, ...]
PATTERNS = ("wood", "stripes", "rings", "checks", "dots", "print", "cells")


def paint(
    colour: Colour,
    rough: float = 0.45,
    metallic: float = 0.0,
    coat: float = 0.0,
    sheen: float = 0.0,
    bump: float = 0.0,
    bump_scale: float = 60.0,
    pattern: str | None = None,
    second: Colour = (0.1, 0.1, 0.1),
    scale: float = 8.0,
    vary: float = 0.15,
    weave: bool = False,
    through: float = 0.0,
) -> Any:
    """Anything opaque; `vary` mottles colour and roughness, `bump` is noise or a weave, `through` is translucency."""
    material, tree, shader = _fresh()
    shader.inputs["Roughness"].default_value = rough
    shader.inputs["Metallic"].default_value = metallic
    shader.inputs["Coat Weight"].default_value = coat
    shader.inputs["Sheen Weight"].default_value = sheen
    if through:
        shader.inputs["Subsurface Weight"].default_value = through
        shader.inputs["Subsurface Radius"].default_value = (0.05, 0.04, 0.03)
    where = tree.nodes.new("ShaderNodeTexCoord").outputs["Object"]
    tone: Any = None
    if pattern:
        mix = tree.nodes.new("ShaderNodeMixRGB")
        mix.inputs[1].default_value, mix.inputs[2].default_value = (*colour, 1), (*second, 1)
        tree.links.new(_pattern(tree, where, pattern, scale), mix.inputs[0])
        tone = mix.outputs[0]
    if vary:
        noise = _noise(tree, where, 7.0, 4.0)
        spread = _range(tree, noise, 1 - vary, 1 + vary)
        shade = tree.nodes.new("ShaderNodeHueSaturation")
        shade.inputs["Color"].default_value = (*colour, 1)
        tree.links.new(spread, shade.inputs["Value"])
        if tone is not None:
            tree.links.new(tone, shade.inputs["Color"])
        tone = shade.outputs[0]
        tree.links.new(_range(tree, noise, rough * (1 - vary), min(1, rough * (1 + vary))), shader.inputs["Roughness"])
    if tone is None:
        shader.inputs["Base Color"].default_value = (*colour, 1)
    else:
        tree.links.new(tone, shader.inputs["Base Color"])
    if bump:
        height = _weave(tree, where, bump_scale) if weave else _noise(tree, where, bump_scale, 2.0)
        relief = tree.nodes.new("ShaderNodeBump")
        relief.inputs["Strength"].default_value, relief.inputs["Distance"].default_value = bump, 0.01
        tree.links.new(height, relief.inputs["Height"])
        tree.links.new(relief.outputs[0], shader.inputs["Normal"])
    return material


def chrome(colour: Colour = (0.85, 0.85, 0.86), rough: float = 0.06) -> Any:
    """Polished steel or chrome, faintly uneven."""
    return paint(colour, rough, metallic=1, bump=0.015, bump_scale=30, vary=0.06)


def gold(rough: float = 0.14) -> Any:
    """Yellow gold or polished brass."""
    return paint((1.0, 0.68, 0.28), rough, metallic=1, vary=0.06)


def glass(colour: Colour = (0.98, 0.99, 0.98), rough: float = 0.0, index: float = 1.5) -> Any:
    """Glass whose shadow is thin: without it a path tracer without caustics throws a black one."""
    material, tree, shader = _fresh()
    shader.inputs["Base Color"].default_value = (*colour, 1)
    shader.inputs["Roughness"].default_value = rough
    shader.inputs["Transmission Weight"].default_value = 1
    shader.inputs["IOR"].default_value = index
    clear = tree.nodes.new("ShaderNodeBsdfTransparent")
    clear.inputs[0].default_value = (*(0.85 * part for part in colour), 1)
    mix, path = tree.nodes.new("ShaderNodeMixShader"), tree.nodes.new("ShaderNodeLightPath")
    tree.links.new(path.outputs["Is Shadow Ray"], mix.inputs[0])
    tree.links.new(shader.outputs[0], mix.inputs[1])
    tree.links.new(clear.outputs[0], mix.inputs[2])
    tree.links.new(mix.outputs[0], tree.nodes["Material Output"].inputs[0])
    return material


def shine(colour: Colour, strength: float) -> Any:
    """A surface that gives light."""
    material, _, shader = _fresh()
    shader.inputs["Base Color"].default_value = (*colour, 1)
    shader.inputs["Emission Color"].default_value = (*colour, 1)
    shader.inputs["Emission Strength"].default_value = strength
    return material


def silhouette() -> Any:
    """Plain light, no shading: for passes that only ask what is covered."""
    material, tree, shader = _fresh()
    tree.nodes.remove(shader)
    light = tree.nodes.new("ShaderNodeEmission")
    tree.links.new(light.outputs[0], tree.nodes["Material Output"].inputs[0])
    return material


def _fresh() -> tuple[Any, Any, Any]:
    material = bpy.data.materials.new("material")
    material.use_nodes = True
    return material, material.node_tree, material.node_tree.nodes["Principled BSDF"]


def _noise(tree: Any, where: Any, scale: float, detail: float) -> Any:
    noise = tree.nodes.new("ShaderNodeTexNoise")
    noise.inputs["Scale"].default_value, noise.inputs["Detail"].default_value = scale, detail
    tree.links.new(where, noise.inputs["Vector"])
    return noise.outputs["Fac"]


def _range(tree: Any, value: Any, low: float, high: float) -> Any:
    spread = tree.nodes.new("ShaderNodeMapRange")
    for name, number in zip(("From Min", "From Max", "To Min", "To Max"), (0.3, 0.7, low, high), strict=True):
        spread.inputs[name].default_value = number
    tree.links.new(value, spread.inputs["Value"])
    return spread.outputs[0]


def _wave(tree: Any, where: Any, scale: float, axis: str, distortion: float = 0.0) -> Any:
    wave = tree.nodes.new("ShaderNodeTexWave")
    wave.bands_direction = axis
    wave.inputs["Scale"].default_value, wave.inputs["Distortion"].default_value = scale, distortion
    wave.inputs["Detail"].default_value = 3
    tree.links.new(where, wave.inputs["Vector"])
    return wave.outputs["Fac"]


def _weave(tree: Any, where: Any, scale: float) -> Any:
    both = tree.nodes.new("ShaderNodeMath")
    both.operation = "MAXIMUM"
    tree.links.new(_wave(tree, where, scale, "X"), both.inputs[0])
    tree.links.new(_wave(tree, where, scale, "Z"), both.inputs[1])
    return both.outputs[0]


def _step(tree: Any, value: Any, at: float) -> Any:
    ramp = tree.nodes.new("ShaderNodeValToRGB")
    ramp.color_ramp.elements[0].position, ramp.color_ramp.elements[1].position = at - 0.02, at + 0.02
    tree.links.new(value, ramp.inputs[0])
    return ramp.outputs[0]


def _pattern(tree: Any, where: Any, name: str, scale: float) -> Any:
    if name == "wood":
        stretch = tree.nodes.new("ShaderNodeMapping")
        stretch.inputs["Scale"].default_value = (0.3, 1.5, 1.5)
        tree.links.new(where, stretch.inputs["Vector"])
        return _wave(tree, stretch.outputs[0], scale, "Y", 5.0)
    if name in ("stripes", "rings"):
        return _step(tree, _wave(tree, where, scale, "X" if name == "stripes" else "Z"), 0.5)
    if name == "checks":
        checks = tree.nodes.new("ShaderNodeTexChecker")
        checks.inputs["Scale"].default_value = scale
        tree.links.new(where, checks.inputs["Vector"])
        return checks.outputs["Fac"]
    cells = tree.nodes.new("ShaderNodeTexVoronoi")
    cells.inputs["Scale"].default_value = scale
    tree.links.new(where, cells.inputs["Vector"])
    if name == "print":
        return _step(tree, _noise(tree, where, scale, 3.0), 0.52)
    return _step(tree, cells.outputs["Distance"], 0.3) if name == "dots" else cells.outputs["Distance"]
