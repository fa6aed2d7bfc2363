"""How far both engines look."""

GROUPED = 2_000  # hits that grouping looks through
ENOUGH = 10  # documents with all words; fewer, and those with most of them come after
NEIGHBOURS_MOST = 100  # that a search by meaning finds
HITS_PER_SUGGESTION = 3  # hits read per suggestion: many documents share a title
FLOOR = 0.2  # cosine below which two texts have nothing to do with each other
TITLE_CHARACTERS = 200  # of a document without a vector that others are likened to
