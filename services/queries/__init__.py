"""What is asked: gold and search."""
