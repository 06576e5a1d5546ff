"""Font selection for each word: the report's fonts, those named in the settings, those installed."""
