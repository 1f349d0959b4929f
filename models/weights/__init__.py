"""Weights of local models: the catalog, the download and its verification."""
