"""What is measured of predictions, with intervals; calibration, sets, out-of-distribution."""
