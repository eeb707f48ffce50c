"""Kill a writer at any of the steps by which it changes the disk."""

from __future__ import annotations

import os
from collections import Counter

import pytest

STEPS = ("rename", "replace", "fsync")


class Killed(BaseException):
    """What a kill is to a test: nothing catches it."""


def kill_at(patch: pytest.MonkeyPatch, moment: int, is_before: bool) -> Counter[str]:
    """Let the writing stop before or after its n-th step that changes the disk; count the steps."""
    count: Counter[str] = Counter()
    for name in STEPS:
        original = getattr(os, name)

        def step(*arguments: object, original=original) -> None:
            count["steps"] += 1
            if count["steps"] == moment and is_before:
                raise Killed
            original(*arguments)
            if count["steps"] == moment:
                raise Killed

        patch.setattr(os, name, step)
    return count
