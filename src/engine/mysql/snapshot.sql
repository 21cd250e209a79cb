-- What is read from here on is the state of now.
start transaction with consistent snapshot, read only
