"""Values that every part of the domain uses: errors, JSON, dates, keys."""
