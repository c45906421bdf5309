"""The kit pages are built with: template tags, words for dates and numbers, charts, paging.

A plain package: no tables, no request handling. docs/frontend.md shows each component.
"""
