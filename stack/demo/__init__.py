"""``omotenashi demo``: bookings with and without trouble, over the public API of a stack of their own."""
