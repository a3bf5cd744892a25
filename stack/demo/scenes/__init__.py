"""What is played, one module per scene; each raises ``Unexpected`` for anything that is not as promised."""
