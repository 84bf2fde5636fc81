"""The methods of multi-reader studies."""
