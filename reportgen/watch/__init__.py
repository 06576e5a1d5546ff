"""The report in a browser, built again whenever one of its inputs changes."""
