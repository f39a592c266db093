"""Where images come from: files, downloads, and digits drawn by arithmetic."""
