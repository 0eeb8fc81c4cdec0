"""How figures are shown."""

import os
import pathlib


def number(value):
    if value is None:
        return "-"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def machine():
    model = "unknown processor"
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    return f"{os.cpu_count()} cores, {model}"


def show_verdicts(verdicts):
    """Each wanted figure: what it is, what was measured, what is wanted, whether that holds."""
    print()
    for what, measured, wanted, holds in verdicts:
        print(f"{'PASS' if holds else 'MISS'}  {what:<56}{number(measured):>8}  wanted {wanted}")
