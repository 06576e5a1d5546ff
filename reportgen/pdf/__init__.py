"""Converts HTML to PDF (WeasyPrint): tagged, archivable, with attachments, or raises an error."""
