"""What came out: analyses, exports, reports, coverage, simulated readers."""
