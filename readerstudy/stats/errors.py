"""What goes wrong with the tables given to an analysis."""

from data.errors import UserError


class StatsError(UserError):
    """The readings, the predictions or an option cannot be analysed as given."""
