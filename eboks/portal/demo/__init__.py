"""The made-up portfolio: its words, its contracts, and the feed it is written as."""
