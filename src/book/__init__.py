"""The book's own drawing and wording: what its chapters share and no other book would use.

A drawing is made in three steps. `book.scales` says what an axis or a colour means.
`book.lines`, `book.rows`, `book.tiles` and `book.layers` draw layers with them, the lowest first.
`book.figures` lays the layers on top of each other and gives them their title. How a layer looks
stands in `book.look` alone. This file imports none of them, so that a chapter depends on those
that it uses and no others.
"""
