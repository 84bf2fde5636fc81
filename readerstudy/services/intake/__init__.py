"""What owners bring: cases, predictions and supports, checked and stored."""
