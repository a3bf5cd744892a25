"""One review: published, moderated, at rest."""
