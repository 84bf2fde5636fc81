"""Pages and routes: each asks one service and shows what it says."""
