"""Files for papers and other programs, made from plain values: no database, no clock."""
