"""Renders results, figures and the author's commentary to one HTML document (Jinja2)."""
