"""Numbers from arrays and models: no files, no printing, no plotting.

One module answers one question of the assignment; each public function takes arrays, a model and named
parameters and returns a :class:`~reportgen.analysis.computed.Computed` result.
"""
