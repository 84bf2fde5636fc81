"""What figures show, as numbers; nothing is drawn here."""
