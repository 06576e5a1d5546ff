"""Inside the best network of one's own: feature maps, and what its most activated neurons see."""
