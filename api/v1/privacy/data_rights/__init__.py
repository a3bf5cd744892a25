"""What a person may ask of what is held about them."""
