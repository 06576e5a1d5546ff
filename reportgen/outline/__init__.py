"""The definitions of a section and of a report.

This package is below everything that queries a section. The sections themselves use almost everything, so
they are above (:mod:`reportgen.sections`).
"""
