"""Whether gradient pictures depend on what the network has learnt."""
