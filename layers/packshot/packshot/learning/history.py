"""A profile's history as a person reads it: what changed, when, why, on what evidence."""

from __future__ import annotations

from collections.abc import Sequence

from packshot.learning.profiles import Moved, Profile


def history_text(versions: Sequence[Profile]) -> str:
    """The versions of one segment, newest first, with the settings now in force.

    Raises:
        ValueError: no version was given, or they are of several segments.
    """
    if len({p.segment for p in versions}) != 1:
        raise ValueError("a history is of exactly one segment")
    ordered = sorted(versions, key=lambda p: -p.version)
    newest = ordered[0]
    shadow = newest.shadow
    lines = [
        f"Segment {newest.segment}, version {newest.version} of {newest.created_at}",
        f"  edge shift {newest.edge_shift_px:+g} px, feather {newest.feather_px:g} px, fringe {newest.fringe:g}",
        f"  shadow {shadow.kind}, {shadow.direction_deg:g} degrees, length {shadow.length:g}, "
        f"softness {shadow.softness:g}, density {shadow.density:g}",
        f"  flagged from an error score of {newest.flag_threshold:g}, "
        f"looked at once from a certainty of {newest.fast_certainty:g}",
        "",
        "History",
    ]
    for profile in ordered:
        lines.append(f"  v{profile.version}  {profile.created_at}  {profile.cause}")
        lines += [f"        {_why(m)}" for m in profile.evidence.moved]
        if profile.evidence.lots:
            lines.append(f"        from {profile.evidence.decisions} decisions in {_some(profile.evidence.lots)}")
    return "\n".join(lines)


def _why(moved: Moved) -> str:
    wants = f", they want {moved.wanted}" if moved.wanted != "" else ""
    return f"{moved.field}: {moved.votes} decisions{wants}" + (f" ({moved.note})" if moved.note else "")


def _some(lots: Sequence[str]) -> str:
    shown = ", ".join(lots[:3])
    return f"lots {shown}" + (f" and {len(lots) - 3} more" if len(lots) > 3 else "")
