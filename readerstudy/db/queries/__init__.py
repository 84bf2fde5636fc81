"""All SQL, by what is asked for."""
