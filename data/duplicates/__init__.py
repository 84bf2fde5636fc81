"""The same picture twice: fingerprints, candidates, registration, and leaks between parts."""
