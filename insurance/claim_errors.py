"""The one exception of claims."""


class ClaimError(Exception):
    """The step cannot be made; the text is for whoever tried."""
