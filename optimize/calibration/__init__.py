"""Calibrate: thresholds and numbers of samples chosen from a record, with a promise that holds."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .calibrating import Aim, Calibration, calibrate
    from .certificate import Certificate, certify, load_certificate

_HOMES = {
    "Aim": ".calibrating",
    "Calibration": ".calibrating",
    "Certificate": ".certificate",
    "calibrate": ".calibrating",
    "certify": ".certificate",
    "load_certificate": ".certificate",
}

__all__ = ["Aim", "Calibration", "Certificate", "calibrate", "certify", "load_certificate"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name], __name__), name)
    raise AttributeError(f"module 'cope.optimize.calibration' has no attribute {name!r}")
