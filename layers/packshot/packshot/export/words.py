"""Title, alt text, description and keywords: from the catalogue and from what was measured, never invented.

Screen-reader conventions: no "image of", the thing first, the view last, one sentence with a full stop, at
most 125 characters where the title allows, 250 at the very most (IPTC advice on AltTextAccessibility).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field

from packshot.documents import from_yaml
from packshot.export import colours
from packshot.records import CatalogEntry

ALT_ADVISED = 125
ALT_MOST = 250
TITLE_MOST = 150
_DATA = Path(__file__).parent / "data"


class Locale(BaseModel):
    """The words of one language, from ``data/words.<language>.yaml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: str
    conjunction: str = Field(alias="and")
    colours: dict[str, str]
    multicoloured: str
    views: dict[str, str]
    made_of: str
    labels: dict[str, str]


class Words(BaseModel):
    """What is said about one photo, in one language; ``provider`` names who said it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    alt_text: str = Field(max_length=ALT_MOST)
    description: str
    keywords: list[str]
    colour: str = ""
    language: str = "en"
    provider: str = "catalogue"


class Subject(BaseModel):
    """What words are made of: the catalogue's entry, the view, and the colour names that were measured."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    entry: CatalogEntry
    view: str = ""
    n: int = 1
    measured_colours: list[str] = Field(default_factory=list)
    given_alt_text: str = ""


class Provider(Protocol):
    """Anything that finds words for a photo; ``picture`` is a small JPEG of it, or None."""

    def describe(self, subject: Subject, locale: str, picture: bytes | None) -> Words:
        """Words for the subject."""
        ...


@functools.cache
def locale_words(locale: str) -> Locale:
    """The words of a locale (``de-AT`` falls back to ``de``).

    Raises:
        ValueError: no such language; the message names those there are.
    """
    language = re.split(r"[-_]", locale.strip().lower())[0]
    path = _DATA / f"words.{language}.yaml"
    if not re.fullmatch(r"[a-z]{2,3}", language) or not path.is_file():
        there = sorted(p.name.split(".")[1] for p in _DATA.glob("words.*.yaml"))
        raise ValueError(f"no words for language {locale!r}; there are {', '.join(there)}")
    return Locale.model_validate(from_yaml(path.read_text("utf-8")))


def tidy(text: str) -> str:
    """One line, single spaces, no control characters."""
    return re.sub(r"\s+", " ", re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "", text)).strip()


def shorten(text: str, most: int) -> str:
    """At most ``most`` characters, cut between words, with an ellipsis when cut."""
    if len(text) <= most:
        return text
    head = text[: most - 1]
    cut = head.rfind(" ")
    return (head[:cut] if cut > most // 2 else head).rstrip(" ,;:.-–") + "…"


def _says(text: str, part: str) -> bool:
    """True when the text already has all words of the part, whatever their case."""
    said = set(re.findall(r"\w+", text.casefold()))
    return all(word in said for word in re.findall(r"\w+", part.casefold()))


def _colour(subject: Subject, words: Locale) -> str:
    """The catalogue's colour, else the measured names; in the locale's words where it has them."""
    given = tidy(subject.entry.colour)
    if given:
        return words.colours.get(given.casefold(), given)
    names = [_local(name, words) for name in subject.measured_colours]
    return f" {words.conjunction} ".join(names)


def _local(name: str, words: Locale) -> str:
    return words.multicoloured if name == colours.MULTICOLOURED else words.colours.get(name, name)


def _title(entry: CatalogEntry) -> str:
    made = " ".join(part for part in (tidy(entry.brand), tidy(entry.category)) if part)
    return shorten(tidy(entry.title) or made or entry.sku, TITLE_MOST)


def _view(subject: Subject, words: Locale) -> str:
    if not subject.view:
        return ""
    name = words.views.get(subject.view, subject.view)
    return f"{name} {subject.n}" if subject.n > 1 else name


def _alt(title: str, parts: list[str]) -> str:
    """Title and as many parts as fit, the last part (the view) before the others."""
    for kept in (parts, parts[-1:], []):
        text = ", ".join([title, *kept]) + ("" if title.endswith((".", "!", "?")) and not kept else ".")
        if len(text) <= ALT_ADVISED:
            return text
    return shorten(title, ALT_ADVISED - 1) + "."


def _description(subject: Subject, words: Locale, title: str, colour: str) -> str:
    entry = subject.entry
    given = tidy(entry.description)
    facts: Mapping[str, str] = {
        "colour": colour,
        "material": tidy(entry.material),
        "brand": tidy(entry.brand),
        "category": tidy(entry.category),
        "height": f"{entry.height_cm:g} cm" if entry.height_cm else "",
        "view": _view(subject, words),
    }
    told = [f"{words.labels[name]}: {value}." for name, value in facts.items() if value]
    return given or " ".join([title.rstrip(".") + ".", *told])


def _keywords(subject: Subject, colour: str) -> list[str]:
    entry = subject.entry
    wanted = [*entry.keywords, entry.category, entry.brand, entry.material, colour]
    seen: dict[str, str] = {}
    for word in map(tidy, wanted):
        if word:
            seen.setdefault(word.casefold(), word)
    return list(seen.values())


class Catalogue:
    """The provider that needs nobody: facts of the catalogue, the measured colour and the view."""

    def describe(self, subject: Subject, locale: str, picture: bytes | None = None) -> Words:  # noqa: ARG002
        """Words from the catalogue alone, no look at the picture; an alt text that a person wrote is kept."""
        words = locale_words(locale)
        entry, colour = subject.entry, _colour(subject, words)
        title = _title(entry)
        parts = [part for part in (colour, tidy(entry.material)) if part and not _says(title, part)]
        material = tidy(entry.material)
        parts = [words.made_of.format(material=part) if part == material else part for part in parts]
        view = _view(subject, words)
        given = tidy(entry.alt_text) or tidy(subject.given_alt_text)
        alt = shorten(given, ALT_MOST) if given else _alt(title, parts + ([view] if view else []))
        return Words(
            title=title,
            alt_text=alt,
            description=_description(subject, words, title, colour),
            keywords=_keywords(subject, colour),
            colour=colour,
            language=words.language,
        )
