"""Check what the default models need: the machine, the weights, and the keys of APIs."""
