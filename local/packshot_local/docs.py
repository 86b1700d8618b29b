"""Pages of the documentation that are made from the code's own tables: ``python -m packshot_local.docs``."""

from __future__ import annotations

from packshot.reasons import rules
from packshot.records import Status
from packshot_local.project import ROOT

REASONS = ROOT / "docs" / "reasons.md"
HEADINGS = {
    Status.REJECTED: "Rejected: the photo cannot be used as it is",
    Status.HELD: "Held: a person must act",
    Status.FAILED: "Failed: an error, recorded as a dead letter",
}
HEAD = """# Why a photo did not leave

Made from `layers/packshot/packshot/reasons.yaml` by `python -m packshot_local.docs`; change the table there.
Every photo that is not exported carries one of these codes, with what was measured and what is required, in
`reports/<drop>/report.json`, on the desk, and, if it was rejected, in `reports/<drop>/rejected.csv`.
"""


def reasons_page() -> str:
    """The page of all reason codes, by the end that they lead to, in the order of their table."""
    parts = [HEAD]
    for status, heading in HEADINGS.items():
        rows = [
            f"| `{code}` | {_cell(rule.message)} | {_cell(rule.cure)} |"
            for code, rule in rules().items()
            if rule.ends == status
        ]
        parts.append("\n".join([f"## {heading}\n", "| code | what | what to do |", "|---|---|---|", *rows]) + "\n")
    return "\n".join(parts)


def _cell(text: str) -> str:
    """Text that keeps its meaning inside a Markdown table."""
    return text.replace("|", "\\|").replace("<", "&lt;").replace(">", "&gt;")


if __name__ == "__main__":
    REASONS.write_text(reasons_page(), "utf-8")
    print(f"{REASONS.relative_to(ROOT)}: {len(rules())} reasons")
