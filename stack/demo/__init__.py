"""``omotenashi demo``: bookings that go well and badly, lived through from outside on a stack of their own."""
