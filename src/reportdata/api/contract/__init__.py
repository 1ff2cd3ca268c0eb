"""The contract. `README.md` beside this says what is answered when."""
