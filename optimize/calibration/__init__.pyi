from .calibration import calibrate as calibrate
from .certification import (
    Certificate as Certificate,
    certify as certify,
    is_calibration as is_calibration,
    load_certificate as load_certificate,
)
from .result import Calibration as Calibration, CalibrationTarget as CalibrationTarget
