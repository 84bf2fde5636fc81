"""What stands before the pages: gate, sessions, connections, events."""
