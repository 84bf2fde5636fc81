"""The report of a study: its page, figures, methods and checklists."""
