"""What is stuck is found and set going again; what cannot be mended safely is told to people, once."""

from packshot.reconcile.found import Finding, Reconciled, Round, State
from packshot.reconcile.mender import reconcile_drop
from packshot.reconcile.rounds import reconcile

__all__ = ["Finding", "Reconciled", "Round", "State", "reconcile", "reconcile_drop"]
