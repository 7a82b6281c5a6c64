"""HTTP and pages. Checks a request, starts work, forwards events."""
