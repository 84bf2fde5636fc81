"""The demo page. Gradio is imported by `page` and `handlers` alone."""
