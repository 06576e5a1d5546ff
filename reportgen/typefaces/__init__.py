"""Which font sets which word: the report's own, those that the settings name, those of the machine."""
