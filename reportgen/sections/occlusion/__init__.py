"""Whether the patches hold what their neurons respond to, measured by occlusion."""
