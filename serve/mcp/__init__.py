"""The Model Context Protocol: a cascade as tools of an assistant, over HTTP and over stdio."""
