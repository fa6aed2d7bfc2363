"""The repositories of a unit of work: for each a reader, and a writer that can do what the reader can."""
