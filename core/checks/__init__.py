"""Checks: pure rules with three outcomes, gathered in rule packs."""

from core.checks.pack import Finding, RulePack, failed, not_evaluated, passed
from core.checks.ruling import unwaived

__all__ = ["Finding", "RulePack", "failed", "not_evaluated", "passed", "unwaived"]
