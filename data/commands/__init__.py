"""`python -m data`: import, check, split and fetch tables of cases."""
