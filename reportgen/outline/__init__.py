"""What a section and a report are. It stands below everything that asks a section something; the sections
themselves, which use almost everything, stand above (:mod:`reportgen.sections`).
"""
