"""The sections that come with reportgen, a package each; none sees another but through its results."""
