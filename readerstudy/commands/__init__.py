"""`python -m readerstudy`: arguments in, sentences and exit codes out."""
