"""`python -m model`: arguments in, sentences and exit codes out."""
