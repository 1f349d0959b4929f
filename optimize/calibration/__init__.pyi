from .calibration import Aim as Aim, Calibration as Calibration, calibrate as calibrate
from .certification import (
    Certificate as Certificate,
    certify as certify,
    is_calibration as is_calibration,
    load_certificate as load_certificate,
)
