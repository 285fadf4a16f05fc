//! Configuration to wired services: the only room that knows all adapters.
