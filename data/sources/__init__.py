"""Adapters from public data sets, folders and tables to the manifest."""
