"""Stage report: audit a drop and write its report, its manifest and its feeds."""

from packshot.report.audit import Audit, audit
from packshot.report.stage import report_drop

__all__ = ["Audit", "audit", "report_drop"]
