"""Input number ``n`` of a seed, always the same: what reaches packshot from outside, one thing of it hostile."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from pathlib import Path

from bench.hostile import seeds, texts
from bench.hostile.breaking import broken, talkative

BUCKET = "incoming"
SOUND_KEY = "incoming/d/MUG-01_front.jpg"
SOUND_CATALOG = b"sku,title,category\nMUG-01,Stoneware mug,Kitchen\n"
WEIGHTS = {
    "picture": 52,
    "collection": 20,
    "large": 0.35,
    "bulky": 0.05,
    "catalogue": 9,
    "key": 6,
    "headers": 5,
    "event": 5,
    "complaints": 2.6,
}
"""How often each kind comes, per hundred; without a collection its share goes to ``picture``."""


@dataclass(frozen=True)
class Input:
    """One object with all that comes with it, or a file of complaints."""

    kind: str
    how: str
    body: bytes = b""
    key: str = SOUND_KEY
    headers: dict[str, str] = field(default_factory=dict)
    catalog: bytes = SOUND_CATALOG
    message: str = ""
    complaints: bytes | None = None

    def __post_init__(self) -> None:
        if not self.message and self.complaints is None:
            thing = {"key": self.key, "size": len(self.body), "sequencer": "0A", "version-id": "v"}
            detail = {"bucket": {"name": BUCKET}, "object": thing}
            message = {"source": "aws.s3", "detail-type": "Object Created", "detail": detail}
            object.__setattr__(self, "message", json.dumps(message))


def make(seed: int, number: int, folder: Path | None = None) -> Input:
    """The input. The files of a collection come first as they are, one after the other, then broken."""
    rng = random.Random(f"{seed}/{number}")
    found = seeds.collection(folder)
    if number < len(found):
        name, data = found[number]
        return Input("collection", f"{name} as it is", data)
    weights = dict(WEIGHTS)
    if not found:
        weights["picture"] += weights.pop("collection")
    return _of_kind(rng, rng.choices(list(weights), list(weights.values()))[0], found)


def _of_kind(rng: random.Random, kind: str, found: tuple[tuple[str, bytes], ...]) -> Input:
    sound = seeds.small()
    match kind:
        case "picture":
            how, body = broken(rng, rng.choice(sound), sound)
        case "large":
            how, body = broken(rng, rng.choice(seeds.large()), sound)
        case "bulky":
            if rng.random() < 0.5:
                return Input(kind, "catalogue", seeds.plain(), catalog=texts.bulky_catalogue(rng))
            how, body = "metadata", talkative(rng)
        case "collection":
            known = tuple((name, data) for name, data in found if seeds.is_known(data))
            name, data = rng.choice(known if rng.random() < 0.95 else found)
            how, body = broken(rng, data, sound)
            how = f"{name} {how}"
        case "catalogue":
            return Input(kind, "", seeds.plain(), catalog=texts.catalogue(rng))
        case "key":
            return Input(kind, "", seeds.plain(), key=texts.key(rng))
        case "headers":
            return Input(kind, "", seeds.plain(), headers=texts.headers(rng))
        case "event":
            return Input(kind, "", seeds.plain(), message=texts.event(rng, BUCKET))
        case _:
            return Input(kind, "", complaints=texts.complaints(rng))
    return Input(kind, how, body)
