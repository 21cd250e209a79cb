"""The whole-program tests: one module per suite. Entry points: tests/run and tests/peers/record."""
