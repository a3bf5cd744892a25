"""The inspection of one picture or film, from the upload to the published variants."""
