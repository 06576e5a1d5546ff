"""The names of the files of a build."""

RESULTS_FILE, HTML_FILE, PDF_FILE = "results.json", "report.html", "report.pdf"
