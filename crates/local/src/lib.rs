//! What one machine needs instead of AWS services: SQLite journal, file secrets, console notices.
