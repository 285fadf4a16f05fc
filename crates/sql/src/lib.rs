//! What is done inside the restored database: users and verification.
