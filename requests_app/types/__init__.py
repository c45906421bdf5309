"""One module a kind of request, each with `TYPE = RequestType(...)`; found by itself."""
