"""Two stacked convolution layers with ReLU."""
