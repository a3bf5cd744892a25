"""The scenes of the demo, one module each; a scene raises ``Unexpected`` for an expectation that is not met."""
