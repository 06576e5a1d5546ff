"""HTML becomes a PDF (WeasyPrint): tagged, archivable, with its attachments, or not at all."""
