"""What a number means: formulas that the model and the study share, from arrays alone."""
