"""From tables to the arrays that the methods take."""
