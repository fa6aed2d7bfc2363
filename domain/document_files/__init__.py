"""Document files (uploaded PDFs): their records, passages and links to processes."""
