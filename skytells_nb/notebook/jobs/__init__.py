"""Running a model beside the cells: what goes on, how far it is, and what becomes of it."""
