"""Bank statements: read, held against their balances, matched with clients and booked."""
