"""Random walker on the pixel grid: seeds and priors spread along, and stop at, the photo's edges.

Grady 2005, "Multilabel random walker image segmentation using prior models".
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from packshot.imaging.light import F32

Mask = npt.NDArray[np.bool_]


def edge_weights(lab: F32, inside: Mask) -> tuple[F32, F32]:
    """The walker's weights to the right and to the lower neighbour, 0..1, 0 across the outline."""
    steps = [np.square(np.diff(lab, axis=axis)).sum(2) for axis in (1, 0)]
    scale = 1.2 * float(np.median(np.concatenate([s[s > 0].ravel()[::7] for s in steps]) if lab.size else 1)) + 2.0
    across, down = np.zeros(inside.shape, np.float32), np.zeros(inside.shape, np.float32)
    across[:, :-1] = (np.exp(-steps[0] / scale) + 0.003) * (inside[:, :-1] & inside[:, 1:])
    down[:-1] = (np.exp(-steps[1] / scale) + 0.003) * (inside[:-1] & inside[1:])
    return across, down


def walk(across: F32, down: F32, pull: F32, target: F32, start: F32, turns: int = 70) -> F32:
    """Solve (L + pull) x = pull * target on the pixel grid, L the graph Laplacian of the weights.

    All float32 HxW; conjugate gradients with a diagonal preconditioner, begun from a half-size answer.
    """
    h, w = pull.shape
    if min(h, w) > 48:
        size = ((w + 1) // 2, (h + 1) // 2)
        a, d, p, t, s = (
            np.asarray(cv2.resize(f, size, interpolation=cv2.INTER_AREA), np.float32)
            for f in (across, down, pull * 4, target, start)
        )
        begun = cv2.resize(walk(a, d, p, t, s, turns), (w, h), interpolation=cv2.INTER_LINEAR)
        start = np.where(pull > 1, target, begun)
    diagonal = across + down + pull + 1e-6
    diagonal[:, 1:] += across[:, :-1]
    diagonal[1:] += down[:-1]

    right, lower = np.ascontiguousarray(across[:, :-1]), down[:-1]
    product, part, room = np.empty_like(diagonal), np.empty_like(right), np.empty_like(diagonal)

    def times(x: F32) -> F32:
        """The matrix times x, in an array that the next call writes over: fresh ones cost as much as the sums."""
        np.multiply(diagonal, x, out=product)
        for near, far in ((product[:, :-1], x[:, 1:]), (product[:, 1:], x[:, :-1])):
            near -= np.multiply(right, far, out=part)
        for near, far in ((product[:-1], x[1:]), (product[1:], x[:-1])):
            near -= np.multiply(lower, far, out=room[:-1])
        return product

    x = start.astype(np.float32)
    residual = np.asarray(pull * target - times(x), np.float32)
    inverse = 1 / diagonal
    scaled = residual * inverse
    way, energy = scaled.copy(), _dot(residual, scaled)
    for _ in range(turns):
        along = times(way)
        step = np.float32(energy / max(1e-12, _dot(way, along)))
        x += np.multiply(way, step, out=room)
        residual -= np.multiply(along, step, out=room)
        np.multiply(residual, inverse, out=scaled)
        fresh = _dot(residual, scaled)
        if fresh < 1e-10 * pull.size:
            break
        way *= np.float32(fresh / max(1e-12, energy))
        way += scaled
        energy = fresh
    return np.clip(x, 0, 1)


def _dot(one: F32, other: F32) -> float:
    """The scalar product of two pictures."""
    return float(np.vdot(one, other))
