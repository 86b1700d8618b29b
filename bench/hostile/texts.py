"""Hostile texts: catalogues, names, headers, events, complaints."""

from __future__ import annotations

import json
import random

from bench.hostile.blocks import noised

_WORDS = ("MUG-01", "Mug", "", " ", "=1+1", "@SUM(A1)", "..", "../../etc/passwd", "\u202egpj", "\ufeff", "é", "e\u0301",
          "ß", "日本語", "\x00", "\x1b[31m", "<script>", "{{7*7}}", "%s%n", "a" * 300, "\u2028", "\r", "\n",
          '"', "'", "\U0001f9e6", "1e309", "-0", "NaN", "١٢", "null", "\ud7ff", "\ufffe", "I\u0307", "=?utf-8?b?4pyT?=",
          "%E2%9C%93", "%ZZ")  # fmt: skip
_HEADERS = ("sku", "title", "category", "SKU", "Titel", "Kategorie", "height_cm", "keywords", "price", "id", "", "sku ",
            "s.k.u", "extra", "view", "n", "gtin", "alt text", "ＳＫＵ")  # fmt: skip
_CODECS = ("utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1", "cp1252", "utf-7", "utf-32")


def word(rng: random.Random) -> str:
    """A cell, a part of a name, a header's text."""
    match rng.randrange(6):
        case 0 | 1 | 2:
            return rng.choice(_WORDS)
        case 3:
            return "".join(chr(rng.choice((rng.randrange(128), rng.randrange(0xD800), rng.randrange(0xE000, 0x110000))))
                           for _ in range(rng.choice((1, 5, 40))))  # fmt: skip
        case 4:
            return str(rng.choice((0, 1, -1, 1e300, 2**63, 0.1)))
        case _:
            return rng.choice(_WORDS) * rng.choice((1, 2, 50))


def table(rng: random.Random, columns: tuple[str, ...]) -> bytes:
    """A CSV: odd separators, quotes that do not close, ragged rows, other encodings, long cells, many columns."""
    mark = rng.choice(",,,;\t|")
    names = list(columns) + [rng.choice(_HEADERS) if rng.random() < 0.9 else word(rng) for _ in range(rng.randrange(4))]
    if rng.random() < 0.3:
        rng.shuffle(names)
    if rng.random() < 0.05:
        names += [f"c{i}" for i in range(rng.choice((50, 250, 3000)))]
    quote = rng.choice(("", "", '"'))
    rows = [mark.join(names)] if rng.random() < 0.95 else []
    for number in range(rng.choice((0, 1, 3, 10, 200))):
        cells = [rng.choice(("MUG-01", f"SKU-{number}", word(rng)))]
        cells += [f"{quote}{word(rng)}{quote}" for _ in range(len(names) - rng.choice((0, 1, 1, 1, 2)))]
        rows.append(mark.join(cells))
    if rng.random() < 0.05:
        rows.append(mark.join(["MUG-01", *["x" * rng.choice((6000, 6000, 140_000, 1_200_000))] * 3]))
    data = rng.choice(("\n", "\r\n", "\r", "\n\n")).join(rows).encode(rng.choice(_CODECS), "replace")
    return noised(rng, data) if rng.random() < 0.3 else data


def catalogue(rng: random.Random) -> bytes:
    """A catalog.csv."""
    return table(rng, rng.choice((("sku", "title", "category"), ("sku",), ("Artikel", "x"), ())))


def bulky_catalogue(rng: random.Random) -> bytes:
    """As many bytes as are read at all: rows by the hundred thousand, wide, wrong, or one line without an end."""
    head, size = "sku,title,category\n", 47_900_000
    count = rng.choice((1000, 300_000, 600_000))
    body = rng.choice((
        lambda: "".join(f"S{n},Stoneware mug {n},Kitchen\n" for n in range(count)),
        lambda: "".join(f"s{n},\U0001f9e6 \u00e9t\u00e9 {'x' * 30},Kitchen\n" for n in range(count)),
        lambda: "".join(f"S{n}{',1' * 200}\n" for n in range(count // 10)),
        lambda: "/,t,c\n" * (size // 6),
        lambda: "MUG-01," * (size // 7),
        lambda: '"' + "x\n" * (size // 2),
        lambda: "\n" * size,
        lambda: "MUG-01,Mug,Kitchen\n" + f"S,{'y' * 900_000},c\n" * 50,
    ))()  # fmt: skip
    return (head + body).encode()[:size]


def complaints(rng: random.Random) -> bytes:
    """A CSV of complaints."""
    return table(rng, ("sku", "view", "reason", "comment", "date"))


def key(rng: random.Random) -> str:
    """An object's key, mostly below ``incoming/``; S3 takes at most 1,024 bytes of UTF-8."""
    drop = rng.choice(("d", "spring", word(rng), f"{word(rng)}/{word(rng)}"))
    file = rng.choice(("MUG-01_front.jpg", f"{word(rng)}_{word(rng)}.{word(rng)}", word(rng), "_READY",
                       "catalog.csv", "a/b/MUG-01_front_999.png", "MUG-01_front_١.jpg", "_READY/",
                       f"{word(rng)}_front_0001.jpeg"))  # fmt: skip
    made = rng.choice((f"incoming/{drop}/{file}", f"incoming/{drop}/{file}", f"incoming//{file}", f"incoming/{file}",
                       f"/incoming/{drop}/{file}", f"complaints/{file}", word(rng)))  # fmt: skip
    return made.encode("utf-8", "replace")[:1024].decode("utf-8", "ignore")


def headers(rng: random.Random) -> dict[str, str]:
    """User metadata of an object, as S3 gives it back: at most 2 KB, names in lower case."""
    found = {}
    for _ in range(rng.choice((1, 2, 5, 20))):
        name = rng.choice((*_HEADERS, word(rng)[:40])).lower()
        text = rng.choice((word(rng), f"=?{rng.choice((*_CODECS, 'x', '', 'unknown-8bit', 'idna', 'punycode'))}?"
                           f"{rng.choice('bBqQz')}?{rng.choice(('4pyT', '=E2', 'a' * 99, '+2AA-', word(rng)))}?=",
                           "".join(f"%{rng.randrange(256):02X}" for _ in range(20))))  # fmt: skip
        found[name] = text[:500]
    return found


def event(rng: random.Random, bucket: str) -> str:
    """A message of intake's queue: EventBridge's, S3's own, a test message, or neither."""
    thing = {
        "key": key(rng),
        "size": rng.choice((1, 0, -1, 2**70, "9", None)),
        "sequencer": rng.choice(("0A", "", word(rng))),
    }
    thing |= rng.choice(({}, {"version-id": word(rng)}, {"versionId": None}, {"etag": 5}))
    where = {"bucket": {"name": rng.choice((bucket, bucket, bucket, "other", 7))}, "object": thing}
    message: object = rng.choice((
        {"source": "aws.s3", "detail-type": "Object Created", "detail": where},
        {"Records": [{"eventName": "ObjectCreated:Put", "s3": where}] * rng.choice((0, 1, 2))},
        {"Event": "s3:TestEvent"}, {"Records": word(rng)}, [where], word(rng), None, {"detail": None},
    ))  # fmt: skip
    text = json.dumps(message, ensure_ascii=rng.random() < 0.5)
    match rng.randrange(8):
        case 0:
            return noised(rng, text.encode()).decode("utf-8", "replace")
        case 1:
            return text.replace('"source"', '"source": "aws.s3", "source"').replace("1", "1e999")
        case 2:
            return "[" * rng.choice((10, 100_000)) + text
        case 3:
            return text.replace("MUG", "\\ud800")
        case _:
            return text
