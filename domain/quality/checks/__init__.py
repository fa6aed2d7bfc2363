"""The registry of checks.

The position of a check is its bit in the results that gold keeps of each process: add new ones at the end.
"""

from domain.quality.check import Check
from domain.quality.checks import amounts, dates, references

CHECKS: tuple[Check, ...] = (*dates.CHECKS, *amounts.CHECKS, *references.CHECKS)
