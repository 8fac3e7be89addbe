"""What calls cost and how long they took: the record, and the frames made of it."""
