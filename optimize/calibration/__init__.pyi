from .calibrating import Aim as Aim, Calibration as Calibration, calibrate as calibrate
from .certificate import Certificate as Certificate, certify as certify, load_certificate as load_certificate
