"""The files of the page: no build step makes them, and they load nothing from elsewhere."""
