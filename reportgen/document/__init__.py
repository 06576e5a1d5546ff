"""Results, figures and the author’s words become one HTML document (Jinja2)."""
