"""Tables and files that leave a study or come into an analysis: columns, codebook, bundle."""
