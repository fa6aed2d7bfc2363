"""The stages of the pipeline (land, refine, publish, index, embed, erase), their runner and the sweep."""
