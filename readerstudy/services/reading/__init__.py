"""A reader's way: joining, the next case, answers, and the reader's own data."""
