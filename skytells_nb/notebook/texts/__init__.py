"""Foreign text as HTML that is safe in a page that can drive a kernel."""
