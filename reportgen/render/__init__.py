"""Results and figures become HTML (Jinja2), and HTML becomes a PDF (WeasyPrint)."""
