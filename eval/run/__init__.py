"""One evaluation run: it can be killed and resumed."""
