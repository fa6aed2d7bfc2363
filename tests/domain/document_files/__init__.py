"""Tests of domain/document_files."""
