from .calibration import Aim as Aim, Calibration as Calibration, calibrate as calibrate
from .certificate import (
    Certificate as Certificate,
    is_calibration as is_calibration,
    load_certificate as load_certificate,
)
from .certification import certify as certify
