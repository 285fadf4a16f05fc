//! Conformance suites as library functions: one per port, run by every implementation of it.
