"""The report in a browser, built anew whenever something that it is made of changes."""
